"""Turns the model's probabilities into signals; weighing of patterns is left to context."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from safeguarding.assessment import Signal
from safeguarding.model import CUTS, Model, View
from safeguarding.signals import SignalKind

_SAID_TOO = 0.25  # a second signal is named from this share of the first's probability on
_INFORMATION = 0.5
_ALARM = 3


_SURE_OF_SERVICE = 0.9  # how sure the model must be of level 3 or 4 in what is said to a service

Quote = Callable[[int, int], str]


def judge(
    model: Model,
    views: Iterable[View],
    kinds: Mapping[str, SignalKind],
    quote: Quote,
    to_service: Callable[[View], bool] = lambda _: False,
) -> Iterator[Signal]:
    """The signals of every view; one kind may come several times.

    ``quote`` gives the young person's own words for words ``start`` to ``end``. ``to_service`` says
    whether a view speaks as to a bank or a shop, where an alarm takes more.
    """
    for view in views:
        least = _SURE_OF_SERVICE if to_service(view) else 0.0
        yield from _signals(model, view, kinds, quote(view.start, view.end), least)


def _signals(
    model: Model, view: View, kinds: Mapping[str, SignalKind], evidence: str, least: float
) -> Iterator[Signal]:
    level = _level(model, view, least)
    if level < min(CUTS):
        for name, sure in view.signals.items():
            if name in kinds and kinds[name].level == 1 and sure >= _INFORMATION:
                yield Signal(name, 1, round(sure, 2), evidence)
        return
    sure = view.reached[CUTS.index(level)]
    dangers = {n: p for n, p in view.signals.items() if n in kinds and kinds[n].level >= 2}
    best = max(dangers, key=lambda name: dangers[name])
    for name, share in dangers.items():
        if name == best or share >= max(_SAID_TOO, _SAID_TOO * dangers[best]):
            likely = level if name == best else min(level, kinds[name].level)
            like = model.index.nearest(name, view.vector)
            yield Signal(name, likely, round(sure, 2), evidence, like)


def _level(model: Model, view: View, least: float) -> int:
    reached = [
        cut
        for cut, sure, threshold in zip(CUTS, view.reached, model.thresholds, strict=True)
        if sure >= threshold and (cut < _ALARM or sure >= least)
    ]
    return max(reached, default=0)
