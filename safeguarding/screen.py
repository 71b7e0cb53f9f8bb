"""The one entry to reading danger: a message and its course in, an assessment out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Self

from language.normalise import Reading, read
from safeguarding.assessment import Assessment, Course, Signal
from safeguarding.context import Marks, Weighed, weigh
from safeguarding.course import Turn, advance
from safeguarding.patterns import Patterns
from safeguarding.readable import Readable
from safeguarding.signals import SignalKind, load_signals
from safeguarding.spelling import Spelling

_LONGEST_EVIDENCE = 160
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Screener:
    """Reads messages for danger. Loaded once; safe to use from several threads at a time."""

    kinds: dict[str, SignalKind]
    patterns: Patterns
    readable: Readable
    spelling: Spelling

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Loads data/safeguarding. Raises ``SafeguardingError`` naming file and line."""
        kinds = load_signals(folder / "signals.yml")
        levels = {signal: kind.level for signal, kind in kinds.items()}
        patterns = Patterns.load(folder, levels)
        readable = Readable.load(folder / "languages.yml")
        known = patterns.words | readable.english
        return cls(kinds, patterns, readable, Spelling.load(folder / "spelling.yml", known))

    def screen(self, text: str, course: Course = Course()) -> Assessment:  # noqa: B008 - frozen
        """Assesses any string. Never raises: a failure inside counts as level 3, ``failed``."""
        try:
            return self._screen(text, course)
        except Exception as error:
            _LOG.error("screening failed: %s", type(error).__name__)
            _, after = advance(course, Turn({}, at_least=3))
            return Assessment(3, (), read=True, failed=True, course=after)

    def _screen(self, text: str, course: Course) -> Assessment:
        reading = read(text)
        words = reading.text.split()
        finds = self.patterns.find(self.spelling.mend(words))
        weighed = weigh(finds, self.kinds, course)
        signals = _strongest(weighed, reading, words)
        marks = Marks(find for find in finds if find.name not in self.kinds)
        can_read = self.readable.can_read(text, words)
        turn = Turn(
            {signal.id: signal.level for signal in signals},
            concerns=frozenset(s.id for s in signals if self._is_concern(s)),
            lowered=frozenset(each.find.name for each in weighed if each.lowered),
            distress=marks.has("distress"),
            minimising=marks.has("minimising"),
            at_least=0 if can_read else 3,
        )
        level, after = advance(course, turn)
        return Assessment(level, signals, read=can_read, failed=False, course=after)

    def _is_concern(self, signal: Signal) -> bool:
        return signal.level >= 2 and self.kinds[signal.id].level == 2


def _strongest(weighed: list[Weighed], reading: Reading, words: list[str]) -> tuple[Signal, ...]:
    """One signal per kind, its strongest find quoted, highest level first."""
    begins = [0, *accumulate(len(word) + 1 for word in words)]
    best: dict[str, Weighed] = {}
    for each in weighed:
        known = best.get(each.find.name)
        if known is None or (each.level, each.score) > (known.level, known.score):
            best[each.find.name] = each
    signals = []
    for name, each in best.items():
        quoted = reading.quote(begins[each.find.start], begins[each.find.end] - 1)
        evidence = quoted[:_LONGEST_EVIDENCE]
        signals.append(Signal(name, each.level, round(max(each.score, 0.1), 2), evidence))
    return tuple(sorted(signals, key=lambda signal: (-signal.level, signal.id)))
