"""Queries on legal holds: chats that two supervisors keep as evidence, past deletion and expiry."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Exists, delete, exists, insert, select, update

from helpline.store import tables
from helpline.store.erasing import CHAT_KEYS


@dataclass(frozen=True)
class HoldRow:
    """One row of `legal_hold`; times are seconds since 1970 (UTC).

    `asked_by` asked for it; it holds once `agreed_by`, somebody else, agreed. `ending_by` asked to
    end it; once somebody else agrees to that the row is gone.
    """

    conversation: bytes
    ground: str
    asked_by: int
    asked_at: float
    agreed_by: int | None = None
    agreed_at: float | None = None
    ending_by: int | None = None
    ending_at: float | None = None

    @property
    def holders(self) -> tuple[int, ...]:
        """The two who hold it; nobody while it is only asked for."""
        return () if self.agreed_by is None else (self.asked_by, self.agreed_by)


@dataclass(frozen=True)
class WaitingRow:
    """A chat that is hidden or that a hold is about: what may be known of it without a key.

    `hour` is that of the last activity, `hidden_hour` that of the deletion, both since 1970 (UTC).
    """

    conversation: bytes
    level: int
    hour: int
    hidden_hour: int | None
    hold: HoldRow | None


_HOLD, _CHAT = tables.legal_hold.c, tables.conversation.c
_COLUMNS = [_HOLD[name] for name in HoldRow.__dataclass_fields__]


def of(connection: Connection, conversation: bytes) -> HoldRow | None:
    """The hold of a chat, if one was asked for."""
    row = connection.execute(
        select(*_COLUMNS).where(_HOLD.conversation == conversation)
    ).one_or_none()
    return HoldRow(*row) if row else None


def put(connection: Connection, row: HoldRow) -> None:
    """Keeps a wish to hold a chat; an older one of the same chat is forgotten."""
    drop(connection, row.conversation)
    connection.execute(insert(tables.legal_hold).values(**vars(row)))


def change(connection: Connection, conversation: bytes, **values: Any) -> None:
    connection.execute(
        update(tables.legal_hold).where(_HOLD.conversation == conversation).values(values)
    )


def drop(connection: Connection, conversation: bytes) -> None:
    """Forgets the hold, or the wish for one."""
    connection.execute(delete(tables.legal_hold).where(_HOLD.conversation == conversation))


def is_held() -> Exists:
    """A condition on `conversation`: two people hold it, so that nothing may erase it."""
    return exists().where(_HOLD.conversation == _CHAT.id, _HOLD.agreed_by.is_not(None))


def listed(connection: Connection) -> list[WaitingRow]:
    """Every chat that was deleted and waits, and every chat that a hold is about, oldest first."""
    query = (
        select(_CHAT.id, tables.queue_entry.c.level, _CHAT.hour, _CHAT.hidden_hour)
        .outerjoin(tables.queue_entry, tables.queue_entry.c.conversation == _CHAT.id)
        .outerjoin(tables.legal_hold, _HOLD.conversation == _CHAT.id)
        .where(_CHAT.hidden_hour.is_not(None) | _HOLD.conversation.is_not(None))
        .order_by(_CHAT.hidden_hour, _CHAT.hour, _CHAT.id)
    )
    rows = connection.execute(query).all()
    holds = {row[0]: HoldRow(*row) for row in connection.execute(select(*_COLUMNS))}
    return [WaitingRow(row[0], row[1] or 0, row[2], row[3], holds.get(row[0])) for row in rows]


def keep_keys_for(connection: Connection, conversation: bytes, holders: Iterable[int]) -> None:
    """Forgets every key of a chat but those of these members of staff, and the team's.

    The team has none of a chat that has ended.
    """
    names = [f"staff:{holder}" for holder in holders]
    for table in CHAT_KEYS:
        connection.execute(
            delete(table).where(
                table.c.conversation == conversation,
                table.c.holder.not_in(names),
                table.c.holder.not_like("team:%"),
            )
        )
