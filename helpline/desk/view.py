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
from helpline.conversation.board import Waiting
from helpline.conversation.first_words import Safe
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

    `heard` is the number of a helper's last message, 0 if none has written; `count` how many
    messages the young person has written, `unheard` how many of them since then.
    """

    number: int = 0
    signals: tuple[str, ...] = ()
    heard: int = 0
    count: int = 0
    unheard: int = 0


@dataclass(frozen=True)
class Queue:
    """The lists on the desk's left side; `newcomers` only for a supervisor.

    `dangers` are those of `mine`, by conversation. `offered` counts who was offered a helper at
    level 3 and has not answered: nothing else is told of them.
    """

    waiting: Waiting
    mine: tuple[QueueRow, ...]
    newcomers: tuple[Newcomer, ...]
    dangers: Mapping[str, Danger]
    offered: int

    @property
    def further(self) -> int:
        """How many wait behind those that are shown."""
        return max(0, self.waiting.count - len(self.waiting.rows))

    @property
    def version(self) -> str:
        """Changes when a list should be drawn again; a clock in the page counts the seconds."""
        lasting = [replace(row, waiting_s=0) for row in self.mine]
        dangers = sorted((held, each.number, each.count) for held, each in self.dangers.items())
        text = repr((self.waiting.version, self.offered, lasting, self.newcomers, dangers))
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
    safe: Safe = "unanswered"
    looking: bool = False
    lookers: tuple[str, ...] = ()
    asked_to_open: bool = False

    @property
    def state(self) -> str:
        """When this changes the whole chat is drawn again: more, or less, may be seen and done."""
        seen = (self.owner, self.agreed, self.opened, self.left_quickly, self.over)
        parts = (*seen, self.later, self.looking, self.asked_to_open)
        return ".".join(map(str, parts))

    @property
    def about(self) -> str:
        """When this changes the heading and the banner are drawn again, and the box is left be."""
        level = self.row.level if self.row else 0
        danger = self.danger.number
        told = (self.unread, self.connected, self.safe, *self.noticed, *self.lookers)
        parts = (level, danger, *told)
        return ".".join(map(str, parts))

    @property
    def unread(self) -> str | None:
        """The language of the newest message in danger, if it could not be read."""
        return self.row.unread if self.row else None

    @property
    def may_write(self) -> bool:
        """Whether the message box is open: only after the young person's yes."""
        let_in = self.opened and self.agreed == "yes" and self.owner == "worker"
        return let_in and not (self.left_quickly or self.looking or self.later)

    @property
    def later(self) -> bool:
        """Whether they want no words now: "Not now", or "Just numbers"."""
        return self.owner == "worker" and self.safe in ("no", "numbers")

    @property
    def may_ask_again(self) -> bool:
        """Whether they want no words now, and can be asked once more."""
        return self.later and not self.looking

    @property
    def may_hand_back(self) -> bool:
        """Whether the chat is this worker's to give back to the assistant."""
        return self.owner == "worker" and not (self.over or self.looking)

    @property
    def may_open(self) -> bool:
        """Whether this worker may ask a second person to have the whole chat opened."""
        watches = not (self.opened or self.over or self.looking)
        return watches and self.connected and not self.asked_to_open

    @property
    def over(self) -> bool:
        """Whether this worker holds it no longer: it has ended, or its alert is closed."""
        return self.owner == "ended" or (self.row is None and not self.looking)

    @property
    def waits(self) -> bool:
        """Whether the worker must still wait for an answer before they write."""
        waits = self.agreed != "no" and self.owner != "worker"
        return waits and not (self.over or self.left_quickly or self.looking)

    @property
    def box(self) -> str:
        """What the message box says while it is empty."""
        if self.left_quickly:
            return "They have left."
        if self.looking:
            return "You are looking. Take over to write."
        if self.may_write:
            return "Write here. Enter sends."
        if self.later:
            return "They said not now: wait, or ask again."
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
        if self.looking:
            held = {"worker": " Another helper has it.", "queue": " Nobody has it yet."}
            return "wait", f"You are looking at this chat.{held.get(self.owner, '')}"
        if self.may_ask_again:
            return "no", "They said not now. Do not write until they say yes."
        if self.may_write:
            reached = "You can see the whole chat and write."
            later = "They see what you write if they come back."
            return "yes", f"They let you in. {reached if self.connected else later}"
        waits = {"no": "They said no: do not write.", "yes": "They said yes; the rest is opening."}
        said = waits.get(self.agreed, "They have not tapped Talk yet.")
        return "no" if self.agreed == "no" else "wait", f"{said} {self._seen}"

    @property
    def _seen(self) -> str:
        if self.messages >= EXCERPT_MESSAGES:
            return f"You can see {self.messages} messages, up to the sign of danger."
        count = "1 message" if self.messages == 1 else f"{self.messages} messages"
        return f"You can see {count}: all they wrote up to the sign of danger."


def queue(
    waiting: Waiting,
    mine: Sequence[QueueRow],
    newcomers: Sequence[Newcomer],
    dangers: Mapping[str, Danger],
    offered: int,
) -> Queue:
    """The left side."""
    return Queue(waiting, tuple(mine), tuple(newcomers), dangers, offered)


def rows(
    waiting: Waiting,
    signals: Mapping[str, words.SignalWords],
    languages: Mapping[str, str],
) -> str:
    """The rows of the queue as HTML, escaped by their template; drawn once for all desks."""
    if "rows" not in waiting.drawn:
        template = _PAGES.get_template("_rows.html")
        html = template.render(rows=waiting.rows, signals=signals, languages=languages)
        waiting.drawn["rows"] = html
    return waiting.drawn["rows"]


_PAGES.globals["queue_rows"] = rows


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
        safe=told.safe,
        looking=told.looking,
        lookers=told.lookers,
        asked_to_open=told.asked_to_open,
    )


def newest_danger(told: Transcript) -> Danger:
    """The newest danger in all that the conversation tells."""
    newest = Danger()
    for event in told.events:
        if not isinstance(event, Message):
            continue
        if event.sender == "worker":
            newest = replace(newest, heard=event.number, unheard=0)
        elif event.sender == "young_person":
            newest = replace(newest, count=newest.count + 1, unheard=newest.unheard + 1)
        if event.level >= GRAVE:
            signals = tuple(notice.id for notice in event.noticed)
            newest = replace(newest, number=event.number, signals=signals)
    return newest


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
