"""What the desk calls levels, signals and answers; leaves what they mean to safeguarding."""

from __future__ import annotations

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
    """A signal as a worker reads it: its name in the queue, a sentence beside the open chat."""

    name: str
    sentence: str


LEVELS: Final = {
    4: LevelWords("Immediate danger", "octagon"),
    3: LevelWords("High risk", "triangle"),
    2: LevelWords("Concern", "diamond"),
    1: LevelWords("No danger noticed", "circle"),
    0: LevelWords("No danger noticed", "circle"),
}

REASONS: Final = {
    "danger": "Raised by the danger screen",
    "asked": "They asked for a person",
    "assistant_failed": "The assistant could not help",
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
        name: SignalWords(kind.name[:1].upper() + kind.name[1:], kind.desk)
        for name, kind in load_signals(file).items()
    }


def waited(seconds: int) -> str:
    """A wait of whole seconds in words: "45 s", "1 min 20 s", "2 h 5 min", as in desk.js."""
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
