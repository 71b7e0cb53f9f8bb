"""Who may open a broken confidentiality, and what they see of it: every step, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection

from helpline.broadcast import Signal
from helpline.conversation import lasting, saving
from helpline.conversation.answers import Answers
from helpline.conversation.asks import may_view
from helpline.conversation.errors import (
    Invalid,
    NotAllowed,
    NotYours,
    UnknownConversation,
    UnknownRecord,
)
from helpline.conversation.heart import Heart
from helpline.conversation.record_opening import Target
from helpline.conversation.sessions import Session
from helpline.store import breakings, conversations, queue, staff
from helpline.store.breakings import BreakingRow

LONGEST = 2000
"""The most characters of a note or a reason that stands by itself."""

Lines = tuple[tuple[str, tuple[str, ...]], ...]
"""Labels with the answers in words."""


@dataclass(frozen=True)
class Step:
    """One thing that was done: when (seconds, UTC), by whom (a staff name), what was written.

    `without` marks what was shared before any second person had answered; `verdict` is one of the
    form's views.
    """

    at: float
    kind: Literal["decided", "asked", "shared", "added", "view"]
    name: str = ""
    lines: Lines = field(default=(), repr=False)
    without: bool = False
    verdict: str = ""


@dataclass(frozen=True)
class Breaking:
    """A broken confidentiality as whoever may open it sees it; `id` is None before it was saved.

    `answers` are those of the form that its writer has open: of the decision while it is not
    `decided`, then of what is shared; `kept` the page and turn they were saved from (`saving`).
    `waits` while a second person is asked and has not answered.
    """

    id: int | None
    conversation: bytes | None
    by: str
    mine: bool
    decided: bool
    danger_now: bool | None
    saves: int
    saved_at: float | None
    asked_at: float | None
    waits: bool
    may_view: bool
    answers: Answers = field(repr=False)
    steps: tuple[Step, ...] = field(repr=False)
    kept: tuple[str, int] = ("", 0)


@dataclass(frozen=True)
class Earlier:
    """One that was decided in the same chat before, at a time (seconds, UTC)."""

    id: int
    by: str
    at: float


def holds(connection: Connection, session: Session, identity: bytes) -> None:
    """Raises UnknownConversation or NotYours unless this person holds or held the chat.

    A supervisor may break the confidentiality of every chat that came to the desk.
    """
    entry = queue.entry_of(connection, identity)
    if entry is None:
        raise UnknownConversation
    if entry.staff != session.staff and session.role != "supervisor":
        raise NotYours


def draft_of(connection: Connection, session: Session, identity: bytes) -> BreakingRow | None:
    """What this person has begun in a chat and not yet decided, the newest."""
    rows = breakings.of_conversation(connection, identity)
    own = [row for row in rows if row.staff == session.staff and row.asked_at is None]
    return own[-1] if own else None


def opened_to(
    connection: Connection, session: Session, row: BreakingRow | None, now: float
) -> BreakingRow:
    """The row, for its writer, supervisors and the second person.

    A draft is its writer's alone. Raises UnknownRecord or NotAllowed.
    """
    if row is None:
        raise UnknownRecord
    if row.staff == session.staff:
        return row
    if row.asked_at is None:
        raise UnknownRecord
    second = row.second == session.staff or may_view(connection, session, row, now)
    if not second and session.role != "supervisor":
        raise NotAllowed
    return row


def to_write(connection: Connection, session: Session, target: Target, now: float) -> BreakingRow:
    """The one that this person may write in, locked; begun now if there was none.

    A chat that is gone altogether gets one that belongs to no chat. Raises what `holds` and
    `opened_to` raise.
    """
    row: BreakingRow | None = None
    if target.record is not None:
        row = breakings.by_id(connection, target.record, lock=True)
    elif target.conversation is not None:
        chat = conversations.by_id(connection, target.conversation, lock=True)
        if chat is None:
            return _begin(connection, session, None, now)
        holds(connection, session, target.conversation)
        row = draft_of(connection, session, target.conversation)
        if row is None:
            return _begin(connection, session, target.conversation, now)
    if row is None or (row.staff != session.staff and row.asked_at is None):
        raise UnknownRecord
    if row.staff != session.staff:
        raise NotAllowed
    return row


def _begin(
    connection: Connection, session: Session, conversation: bytes | None, now: float
) -> BreakingRow:
    row = breakings.add(connection, conversation, session.staff, now)
    key, holder, wrapped = lasting.key_for_team(connection, "breaking", row.id)
    breakings.add_key(connection, row.id, holder, wrapped)
    sealed = lasting.seal_body(key, "breaking", row.id, {"answers": {}, "steps": []})
    breakings.change(connection, row.id, sealed=sealed)
    staff.note(connection, now, "breaking begun", session.staff, conversation, detail=str(row.id))
    return replace(row, sealed=sealed)


def key_of(connection: Connection, session: Session, row: BreakingRow) -> bytes:
    """Its key; raises NotAllowed for who has no team key that opens it."""
    key = lasting.open_key(session, "breaking", row.id, breakings.keys(connection, row.id))
    if key is None:
        raise NotAllowed("A supervisor must give you access first.")
    return key


def open_both(
    connection: Connection, session: Session, row: BreakingRow
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What its writer wrote, and the views of second persons."""
    key = key_of(connection, session, row)
    body, views = lasting.open_body(key, "breaking", row.id, row.sealed), list[dict[str, Any]]()
    if row.second_sealed is not None:
        views = lasting.open_body(key, "view", row.id, row.second_sealed)["steps"]
    return body, views


def shown(connection: Connection, session: Session, row: BreakingRow, now: float) -> Breaking:
    """All of it, in the order in which it was done."""
    body, views = open_both(connection, session, row)
    writer = staff.by_id(connection, row.staff)
    steps = [_shown_step(one) for one in [*body["steps"], *views]]
    asked = row.asked_at if row.asked_at is not None and row.asked_at <= now else None
    if asked is not None and not any(step.kind == "asked" for step in steps):
        steps.append(Step(asked, "asked"))
    return Breaking(
        id=row.id,
        conversation=row.conversation,
        by=writer.name if writer else "",
        mine=row.staff == session.staff,
        decided=row.asked_at is not None,
        danger_now=row.danger_now if row.asked_at is not None else body.get("danger_now"),
        saves=int(body.get("saves", 0)),
        saved_at=body.get("saved_at"),
        asked_at=row.asked_at,
        waits=asked is not None and row.second is None,
        may_view=may_view(connection, session, row, now),
        answers=body["answers"] if row.staff == session.staff else {},
        steps=tuple(sorted(steps, key=lambda step: step.at)),
        kept=saving.last(body),
    )


def empty(session: Session, identity: bytes) -> Breaking:
    """One that nothing was written of yet."""
    return Breaking(
        id=None,
        conversation=identity,
        by=session.name,
        mine=True,
        decided=False,
        danger_now=None,
        saves=0,
        saved_at=None,
        asked_at=None,
        waits=False,
        may_view=False,
        answers={},
        steps=(),
    )


def _shown_step(kept: Mapping[str, Any]) -> Step:
    return Step(
        at=kept["at"],
        kind=kept["kind"],
        name=kept.get("name", ""),
        lines=tuple((label, tuple(values)) for label, values in kept.get("lines", ())),
        without=kept.get("without", False),
        verdict=kept.get("verdict", ""),
    )


def step(session: Session, at: float, kind: str, **more: Any) -> dict[str, Any]:
    """One step as it is kept; `more` are the fields of `Step`."""
    return {"at": at, "kind": kind, "staff": session.staff, "name": session.name, **more}


def text_of(text: str) -> str:
    """What somebody wrote, tidied; raises Invalid for nothing and for too much."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid("Write something first.")
    if len(text) > LONGEST:
        raise Invalid(f"At most {LONGEST} characters.")
    return text


def note(
    connection: Connection, heart: Heart, session: Session, action: str, row: BreakingRow
) -> None:
    """Writes a step into the audit log: who, when and which, never a word of it."""
    staff.note(
        connection,
        heart.now(),
        action,
        session.staff,
        row.conversation,
        about=row.staff,
        detail=str(row.id),
    )


def tell(heart: Heart) -> None:
    """Wakes every desk: somebody is asked, or was answered."""
    heart.broadcast.send(Signal("queue"))
