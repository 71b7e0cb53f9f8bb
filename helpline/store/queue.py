"""Queries on the queue: who waits for a helper, since when, and who took them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from helpline.store import tables


@dataclass(frozen=True)
class QueueEntry:
    """One row of `queue_entry`; times are seconds since 1970 (UTC)."""

    conversation: bytes
    level: int
    reason: str
    agreed: str
    asked_at: float
    staff: int | None = None
    taken_at: float | None = None
    told_at: float | None = None
    position: int | None = None
    closed: bool = False


_ENTRY = [tables.queue_entry.c[name] for name in QueueEntry.__dataclass_fields__]


async def entry_of(connection: AsyncConnection, conversation: bytes) -> QueueEntry | None:
    row = (
        await connection.execute(
            select(*_ENTRY).where(tables.queue_entry.c.conversation == conversation)
        )
    ).one_or_none()
    return QueueEntry(*row) if row else None


async def put(connection: AsyncConnection, entry: QueueEntry) -> None:
    """Adds the entry, or replaces the one this conversation has."""
    if await entry_of(connection, entry.conversation) is None:
        await connection.execute(insert(tables.queue_entry).values(**vars(entry)))
    else:
        await change(connection, entry.conversation, **vars(entry))


async def change(connection: AsyncConnection, conversation: bytes, /, **values: Any) -> None:
    await connection.execute(
        update(tables.queue_entry)
        .where(tables.queue_entry.c.conversation == conversation)
        .values(values)
    )


async def claim(
    connection: AsyncConnection, conversation: bytes, staff: int, taken_at: float
) -> bool:
    """Gives an untaken entry to one member of staff; False if somebody else was first."""
    taken = await connection.execute(
        update(tables.queue_entry)
        .where(
            tables.queue_entry.c.conversation == conversation,
            tables.queue_entry.c.staff.is_(None),
            tables.queue_entry.c.closed.is_(False),
        )
        .values(staff=staff, taken_at=taken_at)
    )
    return taken.rowcount == 1


async def open_entries(connection: AsyncConnection) -> list[QueueEntry]:
    """Returns entries that are not closed: highest level first, then longest wait."""
    rows = await connection.execute(
        select(*_ENTRY)
        .where(tables.queue_entry.c.closed.is_(False))
        .order_by(tables.queue_entry.c.level.desc(), tables.queue_entry.c.asked_at)
    )
    return [QueueEntry(*row) for row in rows]
