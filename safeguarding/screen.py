"""The one entry to reading danger: a message and its course in, an assessment out."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Self

from language.normalise import read
from safeguarding import built
from safeguarding.assessment import Assessment, Course, Signal
from safeguarding.context import Marks, Weighed, weigh
from safeguarding.course import Turn, advance
from safeguarding.judging import Quote, judge
from safeguarding.languages import Languages
from safeguarding.model import Model, View
from safeguarding.patterns import Find, Patterns
from safeguarding.signals import SignalKind, load_signals

MODEL = Path(__file__).resolve().parent.parent / "models" / "danger"
_LONGEST_EVIDENCE = 160
_SERVICE_WORDS = 2
_UNSEEN = dict.fromkeys({*range(32), *range(127, 160)} - {*range(9, 14), 28, 29, 30, 31, 133})
"""Control letters that show as nothing: within a word they hide it, between words they part them,
so a text that has any is read both ways."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Screener:
    """Reads messages for danger. Loaded once; safe to use from several threads at a time."""

    kinds: dict[str, SignalKind]
    patterns: Patterns
    model: Model
    languages: Languages

    @classmethod
    def load(cls, folder: Path, model: Path = MODEL) -> Self:
        """Loads data/safeguarding and the model that set-up built and listed.

        Raises ``SafeguardingError`` naming file and line.
        """
        kinds = load_signals(folder / "signals.yml")
        levels = {signal: kind.level for signal, kind in kinds.items()}
        patterns = Patterns.load(folder, levels)
        languages = Languages.load(folder / "languages", levels, patterns.words)
        return cls(kinds, patterns, Model.load(built.check(model)), languages)

    def screen(
        self,
        text: str,
        course: Course = Course(),  # noqa: B008 - frozen
        before: Sequence[str] = (),
    ) -> Assessment:
        """Assesses any string, in the light of the young person's messages before it.

        ``before``: their texts, oldest first; the last three are enough. Never raises: a failure
        inside counts as level 3, ``failed``.
        """
        try:
            readings = dict.fromkeys((text, text.translate(_UNSEEN)))
            verdicts = [self._screen(each, course, before) for each in readings]
            return max(verdicts, key=lambda verdict: verdict.level)
        except Exception as error:
            _LOG.error("screening failed: %s", type(error).__name__)
            _, after = advance(course, Turn({}, at_least=3), frozenset())
            return Assessment(3, (), read=True, failed=True, course=after)

    def _screen(self, text: str, course: Course, before: Sequence[str]) -> Assessment:
        reading = read(text)
        words = reading.text.split()
        mended = self.model.spelling.mend(words)
        begins = [0, *accumulate(len(word) + 1 for word in words)]

        def quote(start: int, end: int) -> str:
            return reading.quote(begins[start], begins[end] - 1)

        def danger(find: Find) -> tuple[float, float]:
            around = [v.reached for v in views if v.start < find.end and find.start < v.end]
            _, high, immediate = map(max, zip(*around, strict=True)) if around else (1.0, 1.0, 1.0)
            return high, immediate

        finds = self.patterns.find(mended)
        views = self.model.views(words, mended, before)
        weighed = weigh(finds, self.kinds, course, danger)
        heard = self.languages.hear(reading)
        marks = Marks(find for find in finds if find.name not in self.kinds)

        def to_service(view: View) -> bool:
            """Whether it speaks as to a bank or a shop, and no phrase finds danger in it."""
            if any(each.find.start < view.end and view.start < each.find.end for each in weighed):
                return False
            return marks.count("service", view.start, view.end) >= _SERVICE_WORDS

        judged = judge(self.model, views, self.kinds, quote, to_service)
        found = [*_quoted(weighed, quote), *judged]
        signals = _strongest([*heard.signals, *found])
        turn = Turn(
            {signal.id: signal.level for signal in signals},
            lowered=frozenset(each.find.name for each in weighed if each.lowered),
            distress=marks.has("distress"),
            minimising=marks.has("minimising"),
            at_least=0 if heard.read else 3,
        )
        level, after = advance(course, turn, self._concerns)
        return Assessment(level, signals, heard.read, False, after, heard.language)

    @cached_property
    def _concerns(self) -> frozenset[str]:
        return frozenset(signal for signal, kind in self.kinds.items() if kind.level == 2)


def _quoted(weighed: list[Weighed], quote: Quote) -> Iterator[Signal]:
    """The finds of the patterns as signals, with the young person's words."""
    for each in weighed:
        evidence = quote(each.find.start, each.find.end)
        yield Signal(each.find.name, each.level, round(max(each.score, 0.1), 2), evidence)


def _strongest(found: Iterable[Signal]) -> tuple[Signal, ...]:
    """One signal per kind, highest level first; of equals the one that came first is quoted."""
    best: dict[str, Signal] = {}
    for signal in found:
        known = best.get(signal.id)
        if known is None:
            best[signal.id] = signal
            continue
        higher, lower = (signal, known) if signal.level > known.level else (known, signal)
        best[signal.id] = replace(
            higher,
            score=max(known.score, signal.score) if known.level == signal.level else higher.score,
            like=higher.like or lower.like,
        )
    shortened = (
        replace(each, evidence=each.evidence[:_LONGEST_EVIDENCE]) for each in best.values()
    )
    return tuple(sorted(shortened, key=lambda signal: (-signal.level, signal.id)))
