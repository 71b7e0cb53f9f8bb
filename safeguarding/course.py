"""Carries danger through a conversation (rule 7 of the taxonomy): a level only rises."""

from __future__ import annotations

from dataclasses import dataclass

from safeguarding.assessment import Course

WITHIN_TURNS = 20


@dataclass(frozen=True)
class Turn:
    """What one message adds: signal levels by id, the signals that are concerns (level 2 by kind),
    those lowered as quote or joke, and marks."""

    levels: dict[str, int]
    concerns: frozenset[str] = frozenset()
    lowered: frozenset[str] = frozenset()
    distress: bool = False
    minimising: bool = False
    at_least: int = 0


def advance(course: Course, turn: Turn) -> tuple[int, Course]:
    """The level of this message in its course, and the course after it.

    Two different concerns (level 2) within ``WITHIN_TURNS`` messages make 3. The course's level
    never falls; "jk" and "nvm" are only counted.
    """
    now = course.turns + 1
    level = max([turn.at_least, *turn.levels.values()])
    seen = {signal: at for signal, at in course.seen if now - at <= WITHIN_TURNS}
    if turn.concerns and len(seen.keys() | turn.concerns) >= 2:
        level = max(level, 3)
    seen |= dict.fromkeys(turn.concerns, now)
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
