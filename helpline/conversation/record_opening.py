"""Which record a helper means, whether they may open it, and what they then see of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from helpline.conversation import lasting, saving
from helpline.conversation.answers import Answers, Written
from helpline.conversation.errors import (
    NotAllowed,
    NotYours,
    RecordFinished,
    UnknownConversation,
    UnknownRecord,
)
from helpline.conversation.events import Message
from helpline.conversation.opening import open_excerpts, ring_of
from helpline.conversation.sealing import open_event
from helpline.conversation.sessions import Session
from helpline.store import breakings, conversations, queue, records, staff
from helpline.store.queue import QueueEntry
from helpline.store.records import RecordRow

DAY_S = 86_400


@dataclass(frozen=True)
class Target:
    """Which record is meant: that of a chat, or one by its own number, which goes first."""

    conversation: bytes | None = None
    record: int | None = None


@dataclass(frozen=True)
class Saved:
    """That it is on disk: the record's number, how often it was saved and when (seconds, UTC)."""

    record: int
    saves: int
    at: float


@dataclass(frozen=True)
class Record:
    """A record as whoever may open it sees it; `id` is None before anything was saved.

    `by` is the name of who writes it, `hands` all who did with the times (seconds, UTC);
    `noticed` what the danger screen noticed in the chat; `written` stands once it is finished.
    `kept` is the page and the turn that it was last saved from (`saving`).
    `may_write` is False for a supervisor who reads, and once it is finished.
    """

    id: int | None
    conversation: bytes | None
    by: str
    day: int
    finished: bool
    may_write: bool
    saves: int
    saved_at: float | None
    hands: tuple[tuple[str, float], ...]
    noticed: tuple[str, ...] = field(repr=False)
    answers: Answers = field(repr=False)
    written: Written = field(repr=False)
    breakings: tuple[int, ...] = ()
    talk_asked: bool = False
    kept: tuple[str, int] = ("", 0)


def find(
    connection: Connection, session: Session, identity: bytes
) -> tuple[RecordRow | None, QueueEntry | None]:
    """The record that this person means by a chat, None if it is yet to be begun; the chat's entry.

    It goes with the chat to its next helper while it is not finished; one who took the chat after
    it was finished begins another. Raises UnknownConversation or NotYours.
    """
    row = records.of_conversation(connection, identity)
    entry = queue.entry_of(connection, identity)
    if row is None and entry is None:
        raise UnknownConversation
    held = entry is not None and entry.staff == session.staff
    if row is not None and row.staff == session.staff:
        return (row if not row.finished or not held or covers(row, entry) else None), entry
    if held:
        return (row if row is not None and not row.finished else None), entry
    if row is not None and session.role == "supervisor":
        return row, entry
    raise NotYours


def covers(row: RecordRow, entry: QueueEntry | None) -> bool:
    """Whether a finished record is of this time that the chat was held, not of an earlier one."""
    taken = entry.taken_at if entry else None
    return taken is None or row.day >= int(taken // DAY_S)


def opened_to(session: Session, row: RecordRow | None) -> RecordRow:
    """The row, for who wrote it and for supervisors; raises UnknownRecord or NotAllowed."""
    if row is None:
        raise UnknownRecord
    if row.staff != session.staff and session.role != "supervisor":
        raise NotAllowed
    return row


def to_write(connection: Connection, session: Session, target: Target, now: float) -> RecordRow:
    """The record that this person may write in, locked; begun now if there was none.

    A chat that is gone altogether gets one that belongs to no chat. Raises RecordFinished, and
    what `find` and `opened_to` raise.
    """
    row: RecordRow | None = None
    entry: QueueEntry | None = None
    if target.record is not None:
        row = records.by_id(connection, target.record, lock=True)
        if row is None:
            raise UnknownRecord
    elif target.conversation is not None:
        chat = conversations.by_id(connection, target.conversation, lock=True)
        if chat is None and records.of_conversation(connection, target.conversation) is None:
            return begin(connection, session, None, None, now)
        row, entry = find(connection, session, target.conversation)
    if row is None:
        return begin(connection, session, target.conversation, entry, now)
    if row.staff != session.staff and not _holds(connection, session, row.conversation):
        raise NotAllowed
    if row.finished:
        raise RecordFinished
    return row


def begin(
    connection: Connection,
    session: Session,
    conversation: bytes | None,
    entry: QueueEntry | None,
    now: float,
) -> RecordRow:
    """Adds a record with a key of its own, and nothing in it."""
    day = int((entry.taken_at if entry and entry.taken_at else now) // DAY_S)
    row = records.add(connection, conversation, session.staff, day)
    key, holder, wrapped = lasting.key_for_team(connection, "record", row.id)
    records.add_key(connection, row.id, holder, wrapped)
    body = {"answers": {}, "hands": [[session.name, now]]}
    sealed = lasting.seal_body(key, "record", row.id, body)
    records.change(connection, row.id, sealed=sealed)
    staff.note(connection, now, "record begun", session.staff, conversation, detail=str(row.id))
    return replace(row, sealed=sealed)


def open_record(connection: Connection, session: Session, row: RecordRow) -> dict[str, Any]:
    """What is sealed of a record."""
    return lasting.open_body(_key(connection, session, row), "record", row.id, row.sealed)


def seal_record(
    connection: Connection, session: Session, row: RecordRow, body: Mapping[str, Any]
) -> None:
    """Keeps the body; who takes a record over from another is named in it."""
    hands = list(body["hands"])
    if hands[-1][0] != session.name:
        hands.append([session.name, body["saved_at"]])
    key = _key(connection, session, row)
    sealed = lasting.seal_body(key, "record", row.id, {**body, "hands": hands})
    records.change(connection, row.id, sealed=sealed)


def shown(connection: Connection, session: Session, row: RecordRow) -> Record:
    """The record as this person sees it; what the screen noticed since is ticked as well."""
    body = open_record(connection, session, row)
    given: Answers = dict(body["answers"])
    mine = row.staff == session.staff or _holds(connection, session, row.conversation)
    may_write = mine and not row.finished
    before = list(body.get("noticed", ()))
    noticed = _noticed(connection, session, row.conversation) if may_write else []
    if fresh := [one for one in noticed if one not in before]:
        given["indicators"] = [*given.get("indicators", ()), *fresh]
    writer = staff.by_id(connection, row.staff)
    return Record(
        id=row.id,
        conversation=row.conversation,
        by=writer.name if writer else "",
        day=row.day,
        finished=row.finished,
        may_write=may_write,
        saves=int(body.get("saves", 0)),
        saved_at=body.get("saved_at"),
        hands=tuple((name, at) for name, at in body["hands"]),
        noticed=tuple(dict.fromkeys([*before, *noticed])),
        answers=given,
        written=body["written"] if row.finished else [],
        breakings=tuple(body["breakings"] if row.finished else broken(connection, row)),
        talk_asked=row.talk_asked_at is not None,
        kept=saving.last(body),
    )


def empty(
    connection: Connection,
    session: Session,
    identity: bytes,
    entry: QueueEntry | None,
    now: float,
) -> Record:
    """The record before anything is in it but what the screen noticed."""
    noticed = _noticed(connection, session, identity)
    return Record(
        id=None,
        conversation=identity,
        by=session.name,
        day=int((entry.taken_at if entry and entry.taken_at else now) // DAY_S),
        finished=False,
        may_write=True,
        saves=0,
        saved_at=None,
        hands=(),
        noticed=tuple(noticed),
        answers={"indicators": list(noticed)} if noticed else {},
        written=[],
        breakings=tuple(_decided(connection, identity)),
    )


def broken(connection: Connection, row: RecordRow) -> list[int]:
    """The numbers of the broken confidentialities of this record's chat that were decided."""
    return _decided(connection, row.conversation) if row.conversation else []


def _decided(connection: Connection, conversation: bytes) -> list[int]:
    rows = breakings.of_conversation(connection, conversation)
    return [row.id for row in rows if row.asked_at is not None]


def _holds(connection: Connection, session: Session, conversation: bytes | None) -> bool:
    entry = queue.entry_of(connection, conversation) if conversation else None
    return entry is not None and entry.staff == session.staff


def _key(connection: Connection, session: Session, row: RecordRow) -> bytes:
    key = lasting.open_key(session, "record", row.id, records.keys(connection, row.id))
    if key is None:
        raise NotAllowed("A supervisor must give you access first.")
    return key


def _noticed(connection: Connection, session: Session, conversation: bytes | None) -> list[str]:
    """The signals that the screen noticed in what this person may read of the chat they hold."""
    row = conversations.by_id(connection, conversation) if conversation else None
    if row is None or row.hidden_hour is not None or not _holds(connection, session, row.id):
        return []
    seen = open_excerpts(connection, session, row.id)
    ring = ring_of(connection, session, row)
    theirs = conversations.events_after(connection, row.id, 0, sender="young_person")
    opened = (open_event(ring, sealed) for sealed in theirs)
    seen += [message for message in opened if isinstance(message, Message)]
    return list(dict.fromkeys(notice.id for message in seen for notice in message.noticed))
