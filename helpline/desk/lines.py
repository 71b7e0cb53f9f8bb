"""The lines of a transcript as a worker reads them; leaves what stands around them to `view`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from helpline.conversation import Broken, Message, State
from helpline.desk import words


@dataclass(frozen=True)
class Line:
    """One line of a transcript: a message, or a change of owner told in a sentence.

    `unread` is the language of a message that could not be read, `noticed` are the ids of the
    signals for which words in it are marked.
    """

    number: int
    sender: str
    text: tuple[tuple[str, bool], ...]
    at: datetime | None
    clock: str
    card: str | None
    buttons: tuple[str, ...]
    unread: str | None = None
    noticed: tuple[str, ...] = ()


def line_of(event: Message | State | Broken, zone: ZoneInfo) -> Line:
    """An event as a worker reads it, with the words that raised danger marked."""
    if isinstance(event, State):
        return Line(event.number, "state", ((_owner(event), False),), None, "", None, ())
    if isinstance(event, Broken):
        return Line(event.number, "state", ((words.DOES_NOT_OPEN, False),), None, "", None, ())
    return Line(
        event.number,
        event.sender,
        _marked(event.text, tuple(signal.evidence for signal in event.noticed)),
        event.at,
        event.at.astimezone(zone).strftime("%H:%M"),
        words.CARDS.get(event.card, event.card) if event.card else None,
        tuple(button.title for button in event.buttons),
        None if event.read else event.language,
        tuple(dict.fromkeys(signal.id for signal in event.noticed)),
    )


def without_repeats(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Leaves out a change of owner that only moved the young person's place in the queue."""
    kept: list[Line] = []
    state = None
    for line in lines:
        if line.sender == "state" and line.text == state:
            continue
        state = line.text if line.sender == "state" else state
        kept.append(line)
    return tuple(kept)


def _owner(event: State) -> str:
    if event.came_back:
        return "They came back with a code: ask for the code word first"
    if event.owner == "worker":
        return f"{event.worker or 'A helper'} is in the chat"
    return {
        "queue": "Waiting for a helper",
        "assistant": "Back with the assistant",
        "ended": "The chat has ended",
    }[event.owner]


def _marked(text: str, quotes: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """The text in parts, each with whether it is quoted by a signal; the longest quote wins."""
    wanted = sorted({quote for quote in quotes if quote.strip()}, key=len, reverse=True)
    if not wanted:
        return ((text, False),)
    parts = re.split(f"({'|'.join(map(re.escape, wanted))})", text)
    return tuple((part, index % 2 == 1) for index, part in enumerate(parts) if part)
