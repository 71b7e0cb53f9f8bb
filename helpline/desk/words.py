"""What the desk calls levels, signals and answers; leaves what they mean to safeguarding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safeguarding.signals import load_signals


@dataclass(frozen=True)
class LevelWords:
    """A level as a worker reads it: words and a shape, so that colour never stands alone."""

    words: str
    shape: str


@dataclass(frozen=True)
class SignalWords:
    """A signal as a worker reads it: its name in the queue, a sentence beside the open chat.

    `unasked` is the sentence without what asks the worker to write, for when they may not.
    """

    name: str
    sentence: str
    unasked: str


LEVELS: Final = {
    4: LevelWords("Immediate danger", "octagon"),
    3: LevelWords("High risk", "triangle"),
    2: LevelWords("Concern", "diamond"),
    1: LevelWords("Asked for a person", "circle"),
    0: LevelWords("Asked for a person", "circle"),
}
ASKED_ONLY: Final = 1
"""Up to this level nothing but the young person's wish brought the chat here."""

REASONS: Final = {
    "danger": "Raised by the danger screen",
    "asked": "They asked for a person",
}

ANSWERS: Final = {
    "yes": "They said yes",
    "no": "They said no: do not write",
    "unanswered": "Not answered yet",
}

SENDERS: Final = {
    "young_person": "Young person",
    "assistant": "Assistant",
    "worker": "Helper",
    "service": "Automatic",
}

WAIT: Final = "Wait: you may not write yet."
AWAY: Final = "Not connected now"
LEFT: Final = "Left quickly"
DOES_NOT_OPEN: Final = "A message here does not open: it was changed or moved. Tell a supervisor."

LOST: Final = {
    "waiting": ("You no longer hold this chat.", "It is back in the queue, for anybody to take."),
    "not_yours": ("You no longer hold this chat.", "Another helper has taken it."),
    "unknown_conversation": (
        "This chat is not on the desk.",
        "They deleted it, or it was closed. Nothing more can be read or written.",
    ),
}
"""What is said where a chat was that this worker may not open any more, and what became of it."""

CARDS: Final = {
    "hurt": "being hurt",
    "medical": "medical",
    "suicide": "suicide",
    "missing": "missing and unsafe",
}


def signals(file: Path) -> dict[str, SignalWords]:
    """The signals of `data/safeguarding/signals.yml` as a worker reads them, by id.

    Raises SafeguardingError, which names the file and the line.
    """
    return {
        name: SignalWords(kind.name[:1].upper() + kind.name[1:], kind.desk, _unasked(kind.desk))
        for name, kind in load_signals(file).items()
    }


def _unasked(sentences: str) -> str:
    parts = re.split(r"(?<=[.!?])\s+", sentences)
    return " ".join(part for part in parts if not part.startswith("Ask "))


def offered(count: int) -> str:
    """How many have not answered an offer of a helper; never who, nor why."""
    people = "1 young person has" if count == 1 else f"{count} young people have"
    return f"{people} been offered a helper."


def unread(language: str, names: Mapping[str, str]) -> str:
    """What is said of a message that could not be read, with its language where it is known."""
    name = names.get(language)
    return f"Could not read this: {name}" if name else "Could not read this"


def waited(seconds: int) -> str:
    """A wait of whole seconds in words: "45 s", "1 min 20 s", "2 h 5 min", as in queue.js."""
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


SAFE: Final = {
    "yes": "Yes, it is OK to talk",
    "no": "No: not now",
    "numbers": "Just the numbers",
    "unanswered": "Not answered",
}
"""Is it safe to talk? As they answered the worker's first words."""

PRESENCES: Final = {"here": "Here", "busy": "Busy", "break": "On a break"}

NATIONS: Final = {
    "england": "England",
    "wales": "Wales",
    "scotland": "Scotland",
    "northern_ireland": "Northern Ireland",
}
