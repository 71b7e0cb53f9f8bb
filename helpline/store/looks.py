"""Queries on who looks at a chat that another holds, and on openings that two people decide."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from helpline.store import tables

_LOOK = tables.look.c
_ASKED = tables.unsealing.c


@dataclass(frozen=True)
class UnsealingRow:
    """One row of `unsealing`: who asked to open a whole chat without a yes, why, and when."""

    conversation: bytes
    asked_by: int
    reason: str
    asked_at: float


def look(connection: Connection, conversation: bytes, staff: int, at: float) -> None:
    """Notes that somebody looks at a chat now."""
    known = connection.execute(
        update(tables.look)
        .where(_LOOK.conversation == conversation, _LOOK.staff == staff)
        .values(at=at)
    )
    if not known.rowcount:
        values = {"conversation": conversation, "staff": staff, "at": at}
        connection.execute(insert(tables.look).values(values))


def looks(connection: Connection, conversation: bytes, staff: int) -> bool:
    """Whether this person has the chat open to look at it."""
    return since(connection, conversation, staff) is not None


def since(connection: Connection, conversation: bytes, staff: int) -> float | None:
    """When this person last looked at the chat (seconds, UTC); None if they do not."""
    row = connection.execute(
        select(_LOOK.at).where(_LOOK.conversation == conversation, _LOOK.staff == staff)
    ).one_or_none()
    return row[0] if row else None


def lookers(connection: Connection, conversation: bytes, after: float) -> list[str]:
    """The aliases of those who looked at the chat after a time, by name."""
    people = tables.staff.c
    rows = connection.execute(
        select(people.alias)
        .join(tables.look, _LOOK.staff == people.id)
        .where(_LOOK.conversation == conversation, _LOOK.at > after)
        .order_by(people.alias)
    )
    return [row[0] for row in rows]


def end(connection: Connection, conversation: bytes, staff: int) -> None:
    """They do not look at it any more."""
    connection.execute(
        delete(tables.look).where(_LOOK.conversation == conversation, _LOOK.staff == staff)
    )


def unsealing(connection: Connection, conversation: bytes) -> UnsealingRow | None:
    row = connection.execute(
        select(tables.unsealing).where(_ASKED.conversation == conversation)
    ).one_or_none()
    return UnsealingRow(*row) if row else None


def unsealings(connection: Connection) -> list[UnsealingRow]:
    """Every opening that waits for a second person, oldest first."""
    rows = connection.execute(select(tables.unsealing).order_by(_ASKED.asked_at))
    return [UnsealingRow(*row) for row in rows]


def ask_unsealing(connection: Connection, row: UnsealingRow) -> None:
    """Keeps the wish; a newer one of the same chat takes its place."""
    drop_unsealing(connection, row.conversation)
    connection.execute(insert(tables.unsealing).values(**vars(row)))


def drop_unsealing(connection: Connection, conversation: bytes) -> None:
    connection.execute(delete(tables.unsealing).where(_ASKED.conversation == conversation))
