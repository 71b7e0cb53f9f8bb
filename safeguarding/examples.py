"""The labelled messages of data/safeguarding as values; what they are used for is elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safeguarding.before import CONTEXT
from safeguarding.errors import SafeguardingError

KINDS = frozenset(
    {
        *("clean", "typos", "textspeak", "vowels", "disguised", "imperfect", "emoji", "buried"),
        *("implied", "negated", "past", "third", "hypothetical", "quoted"),
    }
)
NOTHING = "N"
MESSAGES = "messages*.jsonl"
PLAIN = "plain.jsonl"  # danger said outright in a few words, and as short a talk of ordinary life
# Of all kinds, each by two writers blind to each other and to all examples.
FRESH = {"Fresh writers": "fresh.jsonl", "Fresh writers, second set": "fresh-2.jsonl"}
SERVICE = "service.jsonl"  # what is asked of banks, shops and voice assistants; all harmless
TURN = "turn"  # the kind of writing of what is said in a conversation, which is not told apart


@dataclass(frozen=True)
class Example:
    """One labelled message.

    ``signal`` is an id of signals.yml or ``N`` for none, ``level`` 0-4 as a careful worker would
    give it, ``kind`` the kind of writing. ``pair`` is shared by the two halves of a minimal pair.
    ``second`` is what a blind second reader gave, in the sets that measure: (level, signal).
    ``before`` are the messages before it, oldest first, in whose light the level was given.
    """

    text: str
    signal: str
    level: int
    kind: str
    pair: str | None = None
    scene: str | None = None
    second: tuple[int, str] | None = None
    before: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dialogue:
    """What one young person wrote, turn by turn, with the level of the conversation so far."""

    id: str
    turns: tuple[str, ...]
    levels: tuple[int, ...]


def load_examples(folder: Path, names: str = MESSAGES) -> list[Example]:
    """Every line of the folder's files of those ``names`` (a pattern), in the order of the names.

    Raises ``SafeguardingError`` naming file and line.
    """
    examples = []
    for file, number, row in _rows(folder, names):
        second = row.get("second")
        try:
            example = Example(
                text=str(row["text"]),
                signal=str(row["signal"]),
                level=int(row["level"]),
                kind=str(row["kind"]),
                pair=row.get("pair"),
                scene=row.get("scene"),
                second=(int(second[0]), str(second[1])) if second else None,
            )
        except (KeyError, TypeError, ValueError):
            raise SafeguardingError.at(file, number, "is not a labelled message") from None
        if example.kind not in KINDS or not 0 <= example.level <= 4:
            raise SafeguardingError.at(file, number, "has an unknown kind or level")
        examples.append(example)
    return examples


def load_turns(folder: Path) -> list[Example]:
    """Every turn of the folder's ``conversations*.jsonl``, each with a level and signal of its own.

    Raises ``SafeguardingError`` naming file and line.
    """
    examples = []
    for file, number, row in _rows(folder, "conversations*.jsonl"):
        try:
            turns = [str(turn) for turn in row["turns"]]
            labels = zip(turns, row["levels"], row["signals"], strict=True)
            for place, (text, level, signal) in enumerate(labels):
                before = tuple(turns[max(0, place - CONTEXT.turns) : place])
                examples.append(Example(text, str(signal), int(level), TURN, before=before))
        except (KeyError, TypeError, ValueError):
            raise SafeguardingError.at(file, number, "is not a labelled conversation") from None
    return examples


def load_dialogues(folder: Path) -> list[Dialogue]:
    """Every conversation of the folder's ``conversations*.jsonl``. Raises ``SafeguardingError``."""
    dialogues = []
    for file, number, row in _rows(folder, "conversations*.jsonl"):
        try:
            turns = tuple(str(turn) for turn in row["turns"])
            levels = tuple(int(level) for level in row["levels"])
            dialogue = Dialogue(str(row["id"]), turns, levels)
        except (KeyError, TypeError, ValueError):
            raise SafeguardingError.at(file, number, "is not a conversation") from None
        if len(turns) != len(levels) or not turns or list(levels) != sorted(levels):
            problem = "one level for each turn was expected, never falling"
            raise SafeguardingError.at(file, number, problem)
        dialogues.append(dialogue)
    return dialogues


def _rows(folder: Path, names: str) -> Iterator[tuple[Path, int, dict[str, Any]]]:
    for file in sorted(folder.glob(names)):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
            try:
                row = json.loads(line)
            except ValueError:
                raise SafeguardingError.at(file, number, "is not JSON") from None
            if not isinstance(row, dict):
                raise SafeguardingError.at(file, number, "an object was expected")
            yield file, number, row
