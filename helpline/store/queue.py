"""Queries on the queue: who waits for a helper, since when, and who took them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, update

from helpline.store import tables


@dataclass(frozen=True)
class QueueEntry:
    """One row of `queue_entry`; times are seconds since 1970 (UTC).

    `promised_at` is when the young person was last told that a helper is being asked, `told_at`
    when they were told since that nobody could come. `wanted` is whom it was passed on to, if that
    is one person; `returned` marks what a worker gave back, which goes first within its level.
    `unanswered_since` is when the oldest message that the worker has not answered came,
    `away_told_at` when the young person was told that their helper is away, and `lead_told_at`
    when supervisors and the on-call lead were told that nobody came. `alert` is how that went
    outside the desk ("sending", "sent", "part", "failed"; None: nobody is reached outside).
    `owed` is what the young person has still to be told of their helper: "left", "silent" or
    "passed" (on).
    """

    conversation: bytes
    level: int
    reason: str
    agreed: str
    asked_at: float
    promised_at: float
    staff: int | None = None
    taken_at: float | None = None
    told_at: float | None = None
    position: int | None = None
    closed: bool = False
    wanted: int | None = None
    returned: bool = False
    unanswered_since: float | None = None
    away_told_at: float | None = None
    lead_told_at: float | None = None
    alert: str | None = None
    owed: str | None = None


_ORDER = (
    tables.queue_entry.c.level.desc(),
    tables.queue_entry.c.returned.desc(),
    tables.queue_entry.c.asked_at,
)
_LAST_NUMBER = (
    update(tables.conversation)
    .where(tables.conversation.c.id == bindparam("of"))
    .values(last_number=bindparam("last"))
)
_POSITION = (
    update(tables.queue_entry)
    .where(tables.queue_entry.c.conversation == bindparam("of"))
    .values(position=bindparam("to"))
)
_ENTRY = [tables.queue_entry.c[name] for name in QueueEntry.__dataclass_fields__]


def lock(connection: Connection) -> None:
    """Makes changes of the queue wait for each other; call it before any row is locked.

    On SQLite there is one writer in any case.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(1)))


def entry_of(connection: Connection, conversation: bytes) -> QueueEntry | None:
    row = (
        connection.execute(select(*_ENTRY).where(tables.queue_entry.c.conversation == conversation))
    ).one_or_none()
    return QueueEntry(*row) if row else None


def put(connection: Connection, entry: QueueEntry) -> None:
    """Adds the entry, or replaces the one this conversation has."""
    if entry_of(connection, entry.conversation) is None:
        connection.execute(insert(tables.queue_entry).values(**vars(entry)))
    else:
        change(connection, entry.conversation, **vars(entry))


def change(connection: Connection, conversation: bytes, /, **values: Any) -> None:
    connection.execute(
        update(tables.queue_entry)
        .where(tables.queue_entry.c.conversation == conversation)
        .values(values)
    )


def claim(connection: Connection, conversation: bytes, staff: int, taken_at: float) -> bool:
    """Gives an untaken entry to one member of staff; False if somebody else was first."""
    taken = connection.execute(
        update(tables.queue_entry)
        .where(
            tables.queue_entry.c.conversation == conversation,
            tables.queue_entry.c.staff.is_(None),
            tables.queue_entry.c.closed.is_(False),
        )
        .values(
            staff=staff,
            taken_at=taken_at,
            unanswered_since=None,
            away_told_at=None,
            owed=None,
        )
    )
    return taken.rowcount == 1


def owe(connection: Connection, conversation: bytes, at: float) -> None:
    """The young person wrote to their worker, who owes them an answer since the first of these."""
    connection.execute(
        update(tables.queue_entry)
        .where(
            tables.queue_entry.c.conversation == conversation,
            tables.queue_entry.c.staff.is_not(None),
            tables.queue_entry.c.unanswered_since.is_(None),
        )
        .values(unanswered_since=at)
    )


def put_off(connection: Connection, conversation: bytes, staff: int, at: float) -> None:
    """The worker is writing their answer: it is owed since `at`, if it is still owed."""
    connection.execute(
        update(tables.queue_entry)
        .where(
            tables.queue_entry.c.conversation == conversation,
            tables.queue_entry.c.staff == staff,
            tables.queue_entry.c.unanswered_since.is_not(None),
        )
        .values(unanswered_since=at)
    )


def open_entries(connection: Connection) -> list[QueueEntry]:
    """Returns entries not closed: highest level first, then given back, then longest wait."""
    return _open(connection)


def _open(
    connection: Connection, *only: ColumnElement[bool], most: int | None = None
) -> list[QueueEntry]:
    entries = tables.queue_entry.c
    rows = connection.execute(
        select(*_ENTRY).where(entries.closed.is_(False), *only).order_by(*_ORDER).limit(most)
    )
    return [QueueEntry(*row) for row in rows]


def held_by(connection: Connection, staff: int) -> list[QueueEntry]:
    """Returns the open entries that one member of staff took, in the order of the queue."""
    return _open(connection, tables.queue_entry.c.staff == staff)


def untaken(connection: Connection, most: int) -> tuple[list[QueueEntry], int, int, float | None]:
    """Returns the first `most` that nobody has taken; how many there are, how many at level 4, and
    when the first of them asked.
    """
    entries = tables.queue_entry.c
    nobody = (entries.closed.is_(False), entries.staff.is_(None))
    four, oldest = func.count().filter(entries.level >= 4), func.min(entries.asked_at)
    counted = select(func.count(), four, oldest).where(*nobody)
    waiting, danger, since = connection.execute(counted).one()
    return _open(connection, entries.staff.is_(None), most=most), waiting, danger, since


@dataclass(frozen=True)
class InLine:
    """Somebody in the queue: their place as they were last told it, and their last event's number.

    Place 0 is that of who has not said yes.
    """

    conversation: bytes
    agreed: str
    position: int | None
    last_number: int


def in_line(connection: Connection) -> list[InLine]:
    """Everybody in the queue who said no "no", in its order; nobody can change them meanwhile."""
    entries, chats = tables.queue_entry.c, tables.conversation.c
    query = (
        select(entries.conversation, entries.agreed, entries.position, chats.last_number)
        .join(tables.conversation, chats.id == entries.conversation)
        .where(entries.closed.is_(False), entries.agreed != "no", chats.owner == "queue")
        .order_by(*_ORDER)
        .with_for_update(of=tables.conversation)
    )
    return [InLine(*row) for row in connection.execute(query)]


def move(connection: Connection, moved: list[InLine]) -> None:
    """Tells each their new place, as the event `last_number`."""
    if not moved:
        return
    states = [
        {
            "conversation": each.conversation,
            "number": each.last_number,
            "kind": "state",
            "owner": "queue",
            "position": each.position or None,
        }
        for each in moved
    ]
    connection.execute(insert(tables.event), states)
    values = [{"of": e.conversation, "to": e.position, "last": e.last_number} for e in moved]
    connection.execute(_LAST_NUMBER, values)
    connection.execute(_POSITION, values)


def unwant(connection: Connection, staff: int) -> None:
    """Lets anybody take what was passed on to a member of staff who is not coming."""
    entries = tables.queue_entry
    connection.execute(update(entries).where(entries.c.wanted == staff).values(wanted=None))
