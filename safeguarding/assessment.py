"""The values that screening hands out: signals, an assessment, and the course of a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Signal:
    """One sign of danger in a message.

    ``id`` is one of signals.yml, ``level`` 0-4 after the modifier rules, ``score`` 0-1,
    ``evidence`` the young person's own words, quoted from the original. ``like`` are labelled
    examples of the signal that the model found nearest; never anything a young person wrote.
    """

    id: str
    level: int
    score: float
    evidence: str
    like: tuple[str, ...] = ()


@dataclass(frozen=True)
class Course:
    """What a conversation carries between messages: numbers and signal ids, never text.

    ``level`` is the highest so far; ``turns`` counts messages; ``seen`` holds the turn at which
    each signal was last seen at level 2 or more; ``lowered`` the signals once lowered as quote or
    joke;
    ``distress`` the turn of the last words of distress; ``minimised`` counts "jk" and "nvm".
    ``answered`` counts the messages at level 2, 3 and 4, this one included: what was said at the
    first is said shorter at the next.
    """

    level: int = 0
    turns: int = 0
    seen: tuple[tuple[str, int], ...] = ()
    lowered: tuple[str, ...] = ()
    distress: int | None = None
    minimised: int = 0
    answered: tuple[int, int, int] = (0, 0, 0)

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values."""
        return {
            "level": self.level,
            "turns": self.turns,
            "seen": [list(pair) for pair in self.seen],
            "lowered": list(self.lowered),
            "distress": self.distress,
            "minimised": self.minimised,
            "answered": list(self.answered),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The course ``to_json`` gave; one kept before ``answered`` was counted begins at 0.

        Raises ``KeyError``, ``TypeError`` or ``ValueError``.
        """
        at_2, at_3, at_4 = value.get("answered", (0, 0, 0))
        return cls(
            level=int(value["level"]),
            turns=int(value["turns"]),
            seen=tuple((str(signal), int(turn)) for signal, turn in value["seen"]),
            lowered=tuple(str(signal) for signal in value["lowered"]),
            distress=None if value["distress"] is None else int(value["distress"]),
            minimised=int(value["minimised"]),
            answered=(int(at_2), int(at_3), int(at_4)),
        )


@dataclass(frozen=True)
class Assessment:
    """The verdict on one message.

    ``level`` is this message in its context, ``course.level`` the highest of the conversation.
    ``read`` is False where the language could not be read; ``failed`` is True where screening
    itself failed. Both count as level 3, never as safe. ``language`` is "en", the code of one of
    the ten that data/safeguarding/languages has words for, or "other".
    """

    level: int
    signals: tuple[Signal, ...]
    read: bool
    failed: bool
    course: Course
    language: str = "en"
