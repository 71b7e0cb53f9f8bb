"""Carries danger through a conversation (rule 7 of the taxonomy): a level only rises."""

from __future__ import annotations

from dataclasses import dataclass

from safeguarding.assessment import Course

WITHIN_TURNS = 20
# Signals that mean immediate danger together: missing, an older adult, being moved.
_TOGETHER = (frozenset({"A10", "C1"}), frozenset({"A9", "B4", "C2"}), frozenset({"A8", "C3"}))


@dataclass(frozen=True)
class Turn:
    """What one message adds: signal levels by id, those lowered as quote or joke, and marks."""

    levels: dict[str, int]
    lowered: frozenset[str] = frozenset()
    distress: bool = False
    minimising: bool = False
    at_least: int = 0


def advance(course: Course, turn: Turn, concerns: frozenset[str]) -> tuple[int, Course]:
    """The level of this message in its course, and the course after it.

    Two different ``concerns`` (signals of level 2 by kind) within ``WITHIN_TURNS`` messages make
    3; going missing, an older adult and being moved make 4. The course's level never falls; "jk"
    and "nvm" are only counted.
    """
    now = course.turns + 1
    level = max([turn.at_least, *turn.levels.values()])
    seen = {signal: at for signal, at in course.seen if now - at <= WITHIN_TURNS}
    signs = {signal for signal, reached in turn.levels.items() if reached >= 2}
    together = seen.keys() | signs
    if signs & concerns and len(together & concerns) >= 2:
        level = max(level, 3)
    if signs and all(part & together for part in _TOGETHER):
        level = 4
    seen |= dict.fromkeys(signs, now)
    at_2, at_3, at_4 = course.answered
    after = Course(
        level=max(course.level, level),
        turns=now,
        seen=tuple(sorted(seen.items())),
        lowered=tuple(sorted({*course.lowered, *turn.lowered})),
        distress=now if turn.distress else course.distress,
        minimised=course.minimised + turn.minimising,
        answered=(at_2 + (level == 2), at_3 + (level == 3), at_4 + (level >= 4)),
    )
    return level, after
