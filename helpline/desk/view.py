"""Turns what the conversation tells into pages; leaves who may see them to the guard."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sanic import HTTPResponse

from helpline.conversation import Message, QueueRow, Transcript
from helpline.conversation.staffing import Newcomer
from helpline.desk import words
from helpline.desk.lines import Line, line_of, without_repeats

_PAGES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.globals["words"] = words
GRAVE: Final = 3
EXCERPT_MESSAGES: Final = 3


@dataclass(frozen=True)
class Danger:
    """The newest message at level 3 or 4: its number (0: there is none), and what it showed.

    `heard` is the number of a helper's last message, 0 if none has written.
    """

    number: int = 0
    signals: tuple[str, ...] = ()
    heard: int = 0


@dataclass(frozen=True)
class Queue:
    """The lists on the desk's left side; `newcomers` only for a supervisor.

    `dangers` are those of `mine`, by conversation. `offered` counts who was offered a helper at
    level 3 and has not answered: nothing else is told of them.
    """

    rows: tuple[QueueRow, ...]
    mine: tuple[QueueRow, ...]
    newcomers: tuple[Newcomer, ...]
    dangers: Mapping[str, Danger]
    offered: int

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
        dangers = sorted((held, danger.number) for held, danger in self.dangers.items())
        text = repr((len(self.rows), lasting, self.newcomers, dangers, self.offered))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True)
class Chat:
    """The open chat, as far as this worker may see it.

    `lines` are those after what the page has, `messages` counts all that can be seen. `noticed`
    are the signals of the whole chat, gravest first.
    """

    conversation: str
    lines: tuple[Line, ...]
    messages: int
    opened: bool
    agreed: str
    owner: str
    left_quickly: bool
    connected: bool
    row: QueueRow | None
    after: int
    noticed: tuple[str, ...]
    danger: Danger

    @property
    def state(self) -> str:
        """When this changes the whole chat is drawn again: more, or less, may be seen and done."""
        parts = (self.owner, self.agreed, self.opened, self.left_quickly, self.over)
        return ".".join(map(str, parts))

    @property
    def about(self) -> str:
        """When this changes the heading and the banner are drawn again, and the box is left be."""
        level = self.row.level if self.row else 0
        parts = (level, self.unread, self.danger.number, self.connected, *self.noticed)
        return ".".join(map(str, parts))

    @property
    def unread(self) -> str | None:
        """The language of the newest message in danger, if it could not be read."""
        return self.row.unread if self.row else None

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
    def waits(self) -> bool:
        """Whether the worker must still wait for an answer before they write."""
        return self.agreed != "no" and not (self.may_write or self.over or self.left_quickly)

    @property
    def box(self) -> str:
        """What the message box says while it is empty."""
        if self.left_quickly:
            return "They have left."
        if self.may_write:
            return "Write here. Enter sends."
        return "They said no: do not write." if self.agreed == "no" else words.WAIT

    @property
    def banner(self) -> tuple[str, str]:
        """What may be seen and done now: a tone for the style sheet and a sentence."""
        if self.over:
            closed = "This alert is closed. The assistant goes on with the chat."
            ended = "This chat has ended. Nothing more can be written."
            return "ended", ended if self.owner == "ended" else closed
        if self.left_quickly:
            return "no", "They left quickly. Nothing you write can reach them."
        tone, sentence = self._answer
        if self.connected:
            return tone, sentence
        return "away" if tone == "yes" else tone, f"{words.AWAY}. {sentence}"

    @property
    def _answer(self) -> tuple[str, str]:
        if self.may_write and self.connected:
            return "yes", "They let you in. You can see the whole chat and write."
        if self.may_write:
            return "yes", "They let you in. They see what you write if they come back."
        if self.agreed == "no":
            return "no", f"They said no: do not write. {self._seen}"
        if self.agreed == "yes":
            return "wait", f"They said yes; the rest is opening. {self._seen}"
        return "wait", f"They have not tapped Talk yet. {self._seen}"

    @property
    def _seen(self) -> str:
        if self.messages >= EXCERPT_MESSAGES:
            return f"You can see {self.messages} messages, up to the sign of danger."
        count = "1 message" if self.messages == 1 else f"{self.messages} messages"
        return f"You can see {count}: all they wrote up to the sign of danger."


def queue(
    rows: Sequence[QueueRow],
    mine: Sequence[QueueRow],
    newcomers: Sequence[Newcomer],
    dangers: Mapping[str, Danger],
    offered: int,
) -> Queue:
    """The left side. What this worker already holds stands under "Mine" only."""
    held = {row.conversation for row in mine}
    waiting = [row for row in rows if row.conversation not in held]
    return Queue(_live_first(waiting), _live_first(mine), tuple(newcomers), dangers, offered)


def gone(row: QueueRow) -> bool:
    """Whether the young person is away: they left, or their page is not open now."""
    return row.left_quickly or not row.connected


def _live_first(rows: Sequence[QueueRow]) -> tuple[QueueRow, ...]:
    """Within a level, who is there stands before who has gone; else the order stays."""
    return tuple(sorted(rows, key=lambda row: (-row.level, gone(row))))


def chat(
    conversation: str, told: Transcript, row: QueueRow | None, after: int, zone: ZoneInfo
) -> Chat:
    """The open chat from all that the conversation tells, with the words that raised it marked.

    Only the lines after number `after` are in it; what is said about the chat heeds all of it.
    """
    messages = [event for event in told.events if isinstance(event, Message)]
    theirs = [message for message in messages if message.sender == "young_person"]
    lines = without_repeats([line_of(event, zone) for event in told.events])
    return Chat(
        conversation=conversation,
        lines=tuple(line for line in lines if line.number > after),
        messages=len(messages),
        opened=told.opened,
        agreed=told.agreed,
        owner=told.owner,
        left_quickly=told.left_quickly,
        connected=told.connected,
        row=row,
        after=max((event.number for event in told.events), default=after),
        noticed=_gravest_first(theirs, row.signals if row else ()),
        danger=newest_danger(told),
    )


def newest_danger(told: Transcript) -> Danger:
    """The newest danger in all that the conversation tells."""
    newest = Danger()
    for event in told.events:
        if isinstance(event, Message) and event.sender == "worker":
            newest = replace(newest, heard=event.number)
        elif isinstance(event, Message) and event.level >= GRAVE:
            signals = tuple(notice.id for notice in event.noticed)
            newest = replace(newest, number=event.number, signals=signals)
    return newest


_PAGES.globals["gone"] = gone


def page(template: str, status: int = 200, /, **values: Any) -> HTTPResponse:
    """A template as a response. What UTF-8 cannot hold (a lone surrogate) is shown as "?"."""
    text = _PAGES.get_template(template).render(**values)
    return HTTPResponse(
        text.encode("utf-8", "replace"), status=status, content_type="text/html; charset=utf-8"
    )


def _gravest_first(theirs: Sequence[Message], others: Sequence[str]) -> tuple[str, ...]:
    noticed = [notice for message in theirs for notice in message.noticed]
    noticed.sort(key=lambda notice: -notice.level)
    return tuple(dict.fromkeys([*(notice.id for notice in noticed), *others]))
