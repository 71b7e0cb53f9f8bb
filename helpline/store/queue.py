"""Queries on the queue: who waits for a helper, since when, and who took them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from helpline.store import tables


@dataclass(frozen=True)
class QueueEntry:
    """One row of `queue_entry`; times are seconds since 1970 (UTC).

    `promised_at` is when the young person was last told that a helper is being asked, `told_at`
    when they were told since that nobody could come. `wanted` is whom it was passed on to, if that
    is one person; `returned` marks what a worker gave back, which goes first within its level.
    `unanswered_since` is when the oldest message that the worker has not answered came,
    `away_told_at` when the young person was told that their helper is away, and `lead_told_at`
    when supervisors and the on-call lead were told that nobody came.
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
        .values(staff=staff, taken_at=taken_at)
    )
    return taken.rowcount == 1


def open_entries(connection: Connection) -> list[QueueEntry]:
    """Returns entries not closed: highest level first, then given back, then longest wait."""
    rows = connection.execute(
        select(*_ENTRY)
        .where(tables.queue_entry.c.closed.is_(False))
        .order_by(
            tables.queue_entry.c.level.desc(),
            tables.queue_entry.c.returned.desc(),
            tables.queue_entry.c.asked_at,
        )
    )
    return [QueueEntry(*row) for row in rows]
