"""The audit log: who did what when, never a word of a chat; each entry is chained to the last."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import Connection, func, insert, or_, select, update

from helpline.store import tables
from helpline.store.database import at_end

BEGINNING = bytes(32)
READ_AT_ONCE = 1000
LOCK = 2
"""The advisory lock under which entries are chained; `queue.lock` is 1."""


@dataclass(frozen=True)
class AuditRow:
    """One row of `audit_entry`; `at` in seconds since 1970 (UTC), `chain` 32 bytes.

    `staff` did it, `about` is the member of staff it was done to, `detail` is one of a few
    fixed words.
    """

    number: int
    at: float
    staff: int | None
    action: str
    conversation: bytes | None
    about: int | None
    detail: str | None
    chain: bytes | None


_ENTRY = tables.audit_entry.c
_ENTRIES = select(*(_ENTRY[name] for name in AuditRow.__dataclass_fields__))


def chain(before: bytes, row: AuditRow) -> bytes:
    """SHA-256 over the chain of the entry before and this entry: JSON of its columns, in order."""
    columns = [
        row.number,
        float(row.at),
        row.staff,
        row.action,
        row.conversation.hex() if row.conversation is not None else None,
        row.about,
        row.detail,
    ]
    text = json.dumps(columns, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(before + text.encode("utf-8", "replace")).digest()


def note(
    connection: Connection,
    at: float,
    action: str,
    staff: int | None = None,
    conversation: bytes | None = None,
    *,
    about: int | None = None,
    detail: str | None = None,
) -> None:
    """Has one line written into the audit log at the end of this transaction.

    `staff` did it, `about` is the member of staff it was done to; `detail` one of a few fixed
    words. It stands there if, and only if, what else the transaction does is kept.
    """
    row = AuditRow(0, at, staff, action, conversation, about, detail, None)
    at_end(connection, partial(_write, row=row))


def _write(connection: Connection, row: AuditRow) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    newest = _ENTRIES.with_only_columns(_ENTRY.chain).order_by(_ENTRY.number.desc()).limit(1)
    before = connection.execute(newest).scalar_one_or_none() or BEGINNING
    values = {name: value for name, value in vars(row).items() if name not in {"number", "chain"}}
    written = insert(tables.audit_entry).values(values).returning(_ENTRY.number)
    row = replace(row, number=connection.execute(written).scalar_one())
    connection.execute(
        update(tables.audit_entry)
        .where(_ENTRY.number == row.number)
        .values(chain=chain(before, row))
    )


def every(connection: Connection) -> Iterator[AuditRow]:
    """Yields every entry, oldest first."""
    number = 0
    while rows := connection.execute(
        _ENTRIES.where(_ENTRY.number > number).order_by(_ENTRY.number).limit(READ_AT_ONCE)
    ).all():
        yield from (AuditRow(*row) for row in rows)
        number = rows[-1].number


def newest(
    connection: Connection,
    *,
    limit: int,
    before: int | None = None,
    since: float | None = None,
    until: float | None = None,
    person: int | None = None,
) -> list[AuditRow]:
    """Returns up to `limit` entries, newest first.

    `before` is a number, `since` and `until` are seconds (UTC); `person` did it or had it done.
    """
    query = _ENTRIES
    if before is not None:
        query = query.where(_ENTRY.number < before)
    if since is not None:
        query = query.where(_ENTRY.at >= since)
    if until is not None:
        query = query.where(_ENTRY.at < until)
    if person is not None:
        query = query.where(or_(_ENTRY.staff == person, _ENTRY.about == person))
    rows = connection.execute(query.order_by(_ENTRY.number.desc()).limit(limit))
    return [AuditRow(*row) for row in rows]


def times_of(connection: Connection, action: str) -> dict[int, float]:
    """Returns when this was last done to each member of staff (seconds, UTC)."""
    rows = connection.execute(
        select(_ENTRY.about, func.max(_ENTRY.at))
        .where(_ENTRY.action == action, _ENTRY.about.is_not(None))
        .group_by(_ENTRY.about)
    )
    return {row[0]: row[1] for row in rows}
