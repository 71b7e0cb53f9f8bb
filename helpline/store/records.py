"""Queries on the records of chats; the words in them are sealed before they come here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from helpline.store import tables
from helpline.vault import Holder


@dataclass(frozen=True)
class RecordRow:
    """One row of `record`; `day` in days since 1970, `talk_asked_at` in seconds (UTC).

    `conversation` is None once the chat was wiped. `talk_asked_at` is set while whoever wrote it
    would like to talk the chat through and no supervisor has seen that.
    """

    id: int
    conversation: bytes | None
    staff: int
    day: int
    contact: str | None
    finished: bool
    talk_asked_at: float | None
    sealed: bytes


@dataclass(frozen=True)
class Sought:
    """What records are searched by; None leaves it open. Days since 1970, both within.

    `category` is of the upper level or of both ("home.hurt"), `staff` who wrote it.
    """

    category: str | None = None
    contact: str | None = None
    first_day: int | None = None
    last_day: int | None = None
    staff: int | None = None


_RECORD = tables.record.c
_COLUMNS = [_RECORD[name] for name in RecordRow.__dataclass_fields__]


def add(connection: Connection, conversation: bytes | None, staff: int, day: int) -> RecordRow:
    """Adds an empty record, not yet sealed: seal it in the same transaction."""
    values = {
        "conversation": conversation,
        "staff": staff,
        "day": day,
        "contact": None,
        "finished": False,
        "talk_asked_at": None,
        "sealed": b"",
    }
    result = connection.execute(insert(tables.record).values(values).returning(_RECORD.id))
    return RecordRow(id=result.scalar_one(), **values)  # type: ignore[arg-type]


def by_id(connection: Connection, record: int, *, lock: bool = False) -> RecordRow | None:
    """Returns the row; with `lock`, nobody else can change it until the transaction ends."""
    query = select(*_COLUMNS).where(_RECORD.id == record)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return RecordRow(*row) if row else None


def of_conversation(connection: Connection, conversation: bytes) -> RecordRow | None:
    """Returns the newest record of a chat: each time a young person comes back has its own."""
    query = select(*_COLUMNS).where(_RECORD.conversation == conversation)
    row = connection.execute(query.order_by(_RECORD.id.desc()).limit(1)).one_or_none()
    return RecordRow(*row) if row else None


def change(connection: Connection, record: int, **values: Any) -> None:
    connection.execute(update(tables.record).where(_RECORD.id == record).values(values))


def add_key(connection: Connection, record: int, holder: Holder, wrapped: bytes) -> None:
    connection.execute(
        insert(tables.record_key).values(record=record, holder=holder, wrapped=wrapped)
    )


def keys(connection: Connection, record: int) -> dict[Holder, bytes]:
    """Returns the record's key as wrapped for each holder."""
    key = tables.record_key.c
    rows = connection.execute(select(key.holder, key.wrapped).where(key.record == record))
    return {row[0]: row[1] for row in rows}


def set_categories(connection: Connection, record: int, categories: Iterable[str]) -> None:
    """Replaces the categories by which the record is found."""
    table = tables.record_category
    connection.execute(delete(table).where(table.c.record == record))
    rows = [{"record": record, "category": category} for category in categories]
    if rows:
        connection.execute(insert(table), rows)


def categories(connection: Connection, found: Iterable[int]) -> dict[int, list[str]]:
    """Returns the categories of records, by record."""
    category = tables.record_category.c
    query = select(category.record, category.category).where(category.record.in_(list(found)))
    by_record: dict[int, list[str]] = {}
    for row in connection.execute(query.order_by(category.category)):
        by_record.setdefault(row[0], []).append(row[1])
    return by_record


def search(
    connection: Connection, sought: Sought, *, before: int | None, count: int
) -> list[RecordRow]:
    """Returns records as sought, newest first; `before` is the last id of the page before."""
    query = select(*_COLUMNS).order_by(_RECORD.id.desc()).limit(count)
    if before is not None:
        query = query.where(_RECORD.id < before)
    if sought.staff is not None:
        query = query.where(_RECORD.staff == sought.staff)
    if sought.contact is not None:
        query = query.where(_RECORD.contact == sought.contact)
    if sought.first_day is not None:
        query = query.where(_RECORD.day >= sought.first_day)
    if sought.last_day is not None:
        query = query.where(_RECORD.day <= sought.last_day)
    if sought.category is not None:
        category = tables.record_category.c
        within = category.category.startswith(f"{sought.category}.", autoescape=True)
        named = select(category.record).where(or_(category.category == sought.category, within))
        query = query.where(_RECORD.id.in_(named))
    return [RecordRow(*row) for row in connection.execute(query)]


def wants_to_talk(connection: Connection) -> list[RecordRow]:
    """Returns records whose writer would like to talk, longest wait first."""
    query = select(*_COLUMNS).where(_RECORD.talk_asked_at.is_not(None))
    return [RecordRow(*row) for row in connection.execute(query.order_by(_RECORD.talk_asked_at))]


def unfinished(connection: Connection, staff: int) -> list[RecordRow]:
    """Returns what one member of staff began and has not finished, oldest first."""
    query = select(*_COLUMNS).where(_RECORD.staff == staff, _RECORD.finished.is_(False))
    return [RecordRow(*row) for row in connection.execute(query.order_by(_RECORD.id))]


def forget_conversations(connection: Connection, gone: Sequence[bytes]) -> None:
    """Takes the ids of chats out of what outlives them: records and broken confidentialities."""
    for table in (tables.record, tables.broken_confidentiality):
        connection.execute(
            update(table).where(table.c.conversation.in_(gone)).values(conversation=None)
        )


def forget_keys_before(connection: Connection, day: int) -> None:
    """Nothing opens the records of days before `day` from now on."""
    key, old = tables.record_key, select(_RECORD.id).where(_RECORD.day < day)
    connection.execute(delete(key).where(key.c.record.in_(old)))


def remove_before(connection: Connection, day: int) -> int:
    """Deletes the records of days before `day`; returns how many there were."""
    forget_keys_before(connection, day)
    named, old = tables.record_category, select(_RECORD.id).where(_RECORD.day < day)
    connection.execute(delete(named).where(named.c.record.in_(old)))
    return connection.execute(delete(tables.record).where(_RECORD.day < day)).rowcount


@dataclass(frozen=True)
class HeldChat:
    """A chat that somebody held to its end, with its newest record if it has one."""

    conversation: bytes
    taken_at: float
    record: int | None
    staff: int | None
    finished: bool
    day: int


def held_to_the_end(connection: Connection, staff: int) -> list[HeldChat]:
    """Returns the closed chats that one member of staff held last, oldest first."""
    entry = tables.queue_entry.c
    query = (
        select(
            entry.conversation,
            entry.taken_at,
            _RECORD.id,
            _RECORD.staff,
            _RECORD.finished,
            _RECORD.day,
        )
        .join(tables.record, _RECORD.conversation == entry.conversation, isouter=True)
        .where(entry.staff == staff, entry.closed.is_(True), entry.taken_at.is_not(None))
        .order_by(entry.taken_at, _RECORD.id)
    )
    newest = {row[0]: row for row in connection.execute(query)}
    return [
        HeldChat(row[0], row[1], row[2], row[3], bool(row[4]), row[5] or 0)
        for row in newest.values()
    ]
