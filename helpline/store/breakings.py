"""Queries on broken confidentialities; what was shared and why is sealed before it comes here."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from helpline.store import tables
from helpline.vault import Holder


@dataclass(frozen=True)
class BreakingRow:
    """One row of `broken_confidentiality`; times in seconds since 1970 (UTC).

    `at` is when it was decided, or begun while `asked_at` is None: a draft. From `asked_at` on a
    second person is asked; `second` is who answered last and when, in `second_at`.
    """

    id: int
    conversation: bytes | None
    staff: int
    at: float
    danger_now: bool
    asked_at: float | None
    sealed: bytes
    second: int | None
    second_at: float | None
    second_sealed: bytes | None


_BREAKING = tables.broken_confidentiality.c
_COLUMNS = [_BREAKING[name] for name in BreakingRow.__dataclass_fields__]


def add(connection: Connection, conversation: bytes | None, staff: int, at: float) -> BreakingRow:
    """Adds an empty draft, not yet sealed: seal it in the same transaction."""
    values = {
        "conversation": conversation,
        "staff": staff,
        "at": at,
        "danger_now": False,
        "asked_at": None,
        "sealed": b"",
        "second": None,
        "second_at": None,
        "second_sealed": None,
    }
    query = insert(tables.broken_confidentiality).values(values).returning(_BREAKING.id)
    return BreakingRow(id=connection.execute(query).scalar_one(), **values)  # type: ignore[arg-type]


def by_id(connection: Connection, breaking: int, *, lock: bool = False) -> BreakingRow | None:
    """Returns the row; with `lock`, nobody else can change it until the transaction ends."""
    query = select(*_COLUMNS).where(_BREAKING.id == breaking)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return BreakingRow(*row) if row else None


def of_conversation(connection: Connection, conversation: bytes) -> list[BreakingRow]:
    """Returns those of a chat, drafts too, oldest first."""
    query = select(*_COLUMNS).where(_BREAKING.conversation == conversation)
    return [BreakingRow(*row) for row in connection.execute(query.order_by(_BREAKING.id))]


def change(connection: Connection, breaking: int, **values: Any) -> None:
    table = tables.broken_confidentiality
    connection.execute(update(table).where(table.c.id == breaking).values(values))


def add_key(connection: Connection, breaking: int, holder: Holder, wrapped: bytes) -> None:
    connection.execute(
        insert(tables.broken_confidentiality_key).values(
            id=breaking, holder=holder, wrapped=wrapped
        )
    )


def keys(connection: Connection, breaking: int) -> dict[Holder, bytes]:
    """Returns the key as wrapped for each holder."""
    key = tables.broken_confidentiality_key.c
    rows = connection.execute(select(key.holder, key.wrapped).where(key.id == breaking))
    return {row[0]: row[1] for row in rows}


def without_a_second_view(connection: Connection, now: float) -> list[BreakingRow]:
    """Returns where a second person is asked and has not answered, longest wait first."""
    query = select(*_COLUMNS).where(_BREAKING.asked_at <= now, _BREAKING.second.is_(None))
    return [BreakingRow(*row) for row in connection.execute(query.order_by(_BREAKING.asked_at))]


def listed(connection: Connection, staff: int | None, count: int) -> list[BreakingRow]:
    """Returns the newest, drafts too: of one member of staff, or of everybody."""
    query = select(*_COLUMNS).order_by(_BREAKING.id.desc()).limit(count)
    if staff is not None:
        query = query.where(_BREAKING.staff == staff)
    return [BreakingRow(*row) for row in connection.execute(query)]


def forget_keys_before(connection: Connection, at: float) -> None:
    """Nothing opens those from before a time (seconds, UTC) from now on."""
    key, old = tables.broken_confidentiality_key, select(_BREAKING.id).where(_BREAKING.at < at)
    connection.execute(delete(key).where(key.c.id.in_(old)))


def remove_before(connection: Connection, at: float) -> int:
    """Deletes those from before a time (seconds, UTC); returns how many there were."""
    forget_keys_before(connection, at)
    table = tables.broken_confidentiality
    return connection.execute(delete(table).where(table.c.at < at)).rowcount


def answered_since(connection: Connection, staff: int, since: float) -> list[BreakingRow]:
    """Returns those of one member of staff to which a second person answered after `since`."""
    query = select(*_COLUMNS).where(
        _BREAKING.staff == staff, _BREAKING.second.is_not(None), _BREAKING.second_at > since
    )
    return [BreakingRow(*row) for row in connection.execute(query.order_by(_BREAKING.second_at))]
