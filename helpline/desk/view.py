"""Turns what the conversation tells into pages; leaves who may see them to the guard."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sanic import HTTPResponse

from helpline.conversation import Message, QueueRow, State, Transcript
from helpline.conversation.staffing import Newcomer
from helpline.desk import words

_PAGES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.globals["words"] = words


@dataclass(frozen=True)
class Queue:
    """The lists on the desk's left side; `newcomers` only for a supervisor."""

    rows: tuple[QueueRow, ...]
    mine: tuple[QueueRow, ...]
    newcomers: tuple[Newcomer, ...]

    @property
    def waiting(self) -> int:
        """How many chats nobody has taken."""
        return sum(row.worker is None for row in self.rows)

    @property
    def danger(self) -> int:
        """How many of those are at level 4."""
        return sum(row.worker is None and row.level == 4 for row in self.rows)

    @property
    def version(self) -> str:
        """Changes when a list should be drawn again; a clock in the page counts the seconds."""
        lasting = [replace(row, waiting_s=0) for row in (*self.rows, *self.mine)]
        text = repr((len(self.rows), lasting, self.newcomers))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True)
class Line:
    """One line of a transcript: a message, or a change of owner told in a sentence."""

    number: int
    sender: str
    text: tuple[tuple[str, bool], ...]
    at: datetime | None
    clock: str
    card: str | None
    buttons: tuple[str, ...]


@dataclass(frozen=True)
class Chat:
    """The open chat, as far as this worker may see it."""

    conversation: str
    lines: tuple[Line, ...]
    opened: bool
    agreed: str
    owner: str
    left_quickly: bool
    row: QueueRow | None
    after: int

    @property
    def state(self) -> str:
        """When this changes the whole chat is drawn again: more, or less, may be seen and done."""
        parts = (self.owner, self.agreed, self.opened, self.left_quickly, self.over)
        return ".".join(map(str, parts))

    @property
    def may_write(self) -> bool:
        """Whether the message box is open: only after the young person's yes."""
        let_in = self.opened and self.agreed == "yes" and self.owner == "worker"
        return let_in and not self.left_quickly

    @property
    def over(self) -> bool:
        """Whether this worker holds it no longer: it has ended, or its alert is closed."""
        return self.owner == "ended" or self.row is None

    @property
    def messages(self) -> int:
        """How many messages can be seen."""
        return sum(line.sender != "state" for line in self.lines)

    @property
    def spoken(self) -> bool:
        """Whether a helper has written yet."""
        return any(line.sender == "worker" for line in self.lines)

    @property
    def banner(self) -> tuple[str, str]:
        """What may be seen and done now: a tone for the style sheet and a sentence."""
        if self.over:
            closed = "This alert is closed. The assistant goes on with the chat."
            ended = "This chat has ended. Nothing more can be written."
            return "ended", ended if self.owner == "ended" else closed
        if self.left_quickly:
            return "no", "They left quickly. They cannot read what you write."
        if self.may_write:
            return "yes", "They let you in. You can see the whole chat and write."
        count = "1 message" if self.messages == 1 else f"{self.messages} messages"
        if self.agreed == "no":
            return "no", f"They said no: do not write. You can see {count}."
        opening = "They said yes; the rest is opening."
        unanswered = "They have not tapped Talk yet."
        return "wait", f"You can see {count}. {opening if self.agreed == 'yes' else unanswered}"


def queue(
    rows: Sequence[QueueRow], mine: Sequence[QueueRow], newcomers: Sequence[Newcomer]
) -> Queue:
    """The left side. What this worker already holds stands under "Mine" only."""
    held = {row.conversation for row in mine}
    waiting = tuple(row for row in rows if row.conversation not in held)
    return Queue(waiting, tuple(mine), tuple(newcomers))


def chat(
    conversation: str, told: Transcript, row: QueueRow | None, after: int, zone: ZoneInfo
) -> Chat:
    """The open chat from what the conversation tells, with the words that raised it marked."""
    lines = _without_repeats([_line(event, zone) for event in told.events])
    last = max((event.number for event in told.events), default=after)
    return Chat(
        conversation,
        lines,
        told.opened,
        told.agreed,
        told.owner,
        told.left_quickly,
        row,
        last,
    )


def page(template: str, status: int = 200, /, **values: Any) -> HTTPResponse:
    """A template as a response. What UTF-8 cannot hold (a lone surrogate) is shown as "?"."""
    text = _PAGES.get_template(template).render(**values)
    return HTTPResponse(
        text.encode("utf-8", "replace"), status=status, content_type="text/html; charset=utf-8"
    )


def _line(event: Message | State, zone: ZoneInfo) -> Line:
    if isinstance(event, State):
        return Line(event.number, "state", ((_owner(event), False),), None, "", None, ())
    return Line(
        event.number,
        event.sender,
        _marked(event.text, tuple(signal.evidence for signal in event.noticed)),
        event.at,
        event.at.astimezone(zone).strftime("%H:%M"),
        words.CARDS.get(event.card, event.card) if event.card else None,
        tuple(button.title for button in event.buttons),
    )


def _without_repeats(lines: Sequence[Line]) -> tuple[Line, ...]:
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
