"""Turns the model's probabilities into signals; weighing of patterns is left to context."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from safeguarding.assessment import Signal
from safeguarding.model import CUTS, Model, View
from safeguarding.signals import SignalKind

_SAID_TOO = 0.25  # a second signal is named from this share of the first's probability on
_INFORMATION = 0.5


Quote = Callable[[int, int], str]


def judge(
    model: Model, views: Iterable[View], kinds: Mapping[str, SignalKind], quote: Quote
) -> Iterator[Signal]:
    """The signals of every view; one kind may come several times.

    ``quote`` gives the young person's own words for words ``start`` to ``end``.
    """
    for view in views:
        yield from _signals(model, view, kinds, quote(view.start, view.end))


def _signals(
    model: Model, view: View, kinds: Mapping[str, SignalKind], evidence: str
) -> Iterator[Signal]:
    level = _level(model, view)
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


def _level(model: Model, view: View) -> int:
    reached = [
        cut
        for cut, sure, threshold in zip(CUTS, view.reached, model.thresholds, strict=True)
        if sure >= threshold
    ]
    return max(reached, default=0)
