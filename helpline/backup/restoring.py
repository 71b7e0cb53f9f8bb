"""Restores a backup: rows of any age with the newest keys, into an empty state folder and database.

What was deleted or erased since the rows were written has no key any more: it is erased again
before anything is committed, so that no service ever starts on it.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, exists, func, inspect, select, update

from helpline.backup.files import HIDDEN, BackupRefused, Header, found_in, reading
from helpline.backup.making import AT_ONCE, sqlite_file
from helpline.backup.sides import KEYS, ROWS
from helpline.conversation import retention
from helpline.home import make_home
from helpline.settings import SETTINGS_FILE, Settings
from helpline.store import audit, erasing, tables
from helpline.store.database import Database, known_revisions, migrate

RESTORED: Final = "restored from a backup"


@dataclass(frozen=True)
class Restored:
    """How much came back, and what did not: counts only.

    `without_keys` are chats that were deleted or erased since the rows were written, `without_rows`
    those begun since; `expired` what had passed its retention meanwhile.
    """

    chats: int
    records: int
    without_keys: int
    without_rows: int
    expired: int

    def __str__(self) -> str:
        return (
            f"Restored {self.chats} chats and {self.records} records. Left out: "
            f"{self.without_keys} chats deleted since, {self.without_rows} chats begun since, "
            f"{self.expired} past their retention. Everybody signs in anew."
        )


async def restore(
    settings: Settings, folder: Path, now: datetime, rows: Path | None = None
) -> Restored:
    """Restores into the state folder and the database of the settings, both still empty.

    `rows` is the file of rows (default: the newest). Raises BackupRefused and HomeUnusable.
    """
    chosen, keys = choose(settings, folder, now.timestamp(), rows)
    _check_empty(settings)
    make_home(settings.home)
    database, pepper = Database.open(settings.database_url), settings.home / "pepper"
    try:
        with reading(chosen) as (_, from_rows), reading(keys) as (header, from_keys):
            if header.pepper is not None:
                _keep_secret(pepper, header.pepper)
            work = partial(_restore, rows=from_rows, keys=from_keys, settings=settings, now=now)
            done = await database.write(work)
        await database.forget()
        await database.compact()
    except BaseException:
        await database.close()
        _remove_what_was_made(settings, pepper)
        raise
    await database.close()
    return done


def choose(settings: Settings, folder: Path, now: float, rows: Path | None) -> tuple[Path, Path]:
    """The file of rows and the newest of keys; an older one would bring back what was deleted.

    Raises BackupRefused for keys that have expired, and for rows that are newer than they are.
    """
    headers, unread = found_in(folder)
    if unread:
        raise BackupRefused(f"{unread} files in {folder} cannot be read: move them away first.")
    keys = next((file for file, each in headers.items() if each.kind == "keys"), None)
    if keys is None:
        raise BackupRefused(f"There is no file of keys in {folder}.")
    if headers[keys].expired(now, settings.key_backups_kept_days):
        raise BackupRefused("The newest keys have expired: what they open was to be gone by now.")
    if rows is None:
        made = headers[keys].made_at
        fit = (f for f, each in headers.items() if each.kind == "rows" and each.made_at <= made)
        rows = next(fit, None)
    if rows is None:
        raise BackupRefused(f"There is no file of rows in {folder} that those keys belong to.")
    with reading(rows) as (header, _), reading(keys):
        if header.kind != "rows":
            raise BackupRefused(f"{rows} is no file of rows.")
        _check_version(header, headers[keys])
        if header.made_at > headers[keys].made_at:
            raise BackupRefused("These rows are newer than the newest keys: choose older ones.")
    return rows, keys


def _check_version(*headers: Header) -> None:
    for header in headers:
        if header.revision not in known_revisions():
            raise BackupRefused("This backup was made by a newer version of Waymark.")


def _check_empty(settings: Settings) -> None:
    try:
        there = sorted(each.name for each in settings.home.iterdir())
    except FileNotFoundError:
        there = []
    except OSError:
        raise BackupRefused(f"The state folder {settings.home} cannot be read.") from None
    file = sqlite_file(settings)
    if set(there) - {SETTINGS_FILE} or (file is not None and file.exists()):
        raise BackupRefused(
            f"The state folder {settings.home} is in use or not empty: restore into a new one."
        )


def _keep_secret(file: Path, secret: bytes) -> None:
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        out.write(secret)
        out.flush()
        os.fsync(out.fileno())


def _remove_what_was_made(settings: Settings, pepper: Path) -> None:
    pepper.unlink(missing_ok=True)
    file = sqlite_file(settings)
    if file is not None:
        for each in (file, *(file.with_name(f"{file.name}-{end}") for end in ("wal", "shm"))):
            each.unlink(missing_ok=True)


def _restore(
    connection: Connection, rows: Connection, keys: Connection, settings: Settings, now: datetime
) -> Restored:
    if inspect(connection).get_table_names():
        raise BackupRefused("The database is in use or not empty: restore into a new one.")
    migrate(connection)
    without_rows = 0
    for table in tables.metadata.sorted_tables:
        if table in ROWS:
            _fill(connection, table, rows, None)
        elif table in KEYS:
            left_out = _fill(connection, table, keys, _parents(connection, table))
            without_rows += left_out if table is tables.wrapped_key else 0
    _continue_numbers(connection)
    _hide(connection, keys)
    _drop_unfit_keys(connection)
    chats = _count(connection, tables.conversation)
    without_keys = len(gone := erasing.keyless(connection))
    erasing.forget_keys(connection, gone)
    limits = retention.Limits.at(now, settings)
    retention.forget_lasting(connection, limits)
    while retention.forget_keys(connection, limits).chats:
        pass
    erasing.forget_rows(connection, erasing.keyless(connection))
    retention.remove_lasting(connection, limits)
    audit.note(connection, now.timestamp(), RESTORED)
    left = _count(connection, tables.conversation)
    return Restored(
        chats=left,
        records=_count(connection, tables.record)
        + _count(connection, tables.broken_confidentiality),
        without_keys=without_keys,
        without_rows=without_rows,
        expired=chats - without_keys - left,
    )


def _fill(
    connection: Connection, table: Table, source: Connection, parents: dict[str, set[Any]] | None
) -> int:
    """Copies a table out of a file, but what belongs to a row that is not there.

    Columns that came with a later migration get what it says. Returns how many chats were left out.
    """
    if not inspect(source).has_table(table.name):
        return 0
    there = {column["name"] for column in inspect(source).get_columns(table.name)}
    columns = [column for column in table.c if column.name in there]
    left_out = set()
    for some in source.execute(select(*columns)).mappings().partitions(AT_ONCE):
        kept = []
        for row in map(dict, some):
            if all(row[name] in known for name, known in (parents or {}).items()):
                kept.append(row)
            else:
                left_out.add(row[next(iter(parents or {}))])
        if kept:
            connection.execute(table.insert(), kept)
    return len(left_out)


def _parents(connection: Connection, table: Table) -> dict[str, set[Any]]:
    """What a row of keys must belong to: the chat, record or broken confidentiality it opens."""
    return {
        key.parent.name: set(connection.execute(select(key.column)).scalars())
        for key in table.foreign_keys
        if key.column.table in ROWS
    }


def _continue_numbers(connection: Connection) -> None:
    """Numbers that PostgreSQL gives out go on after those that came back."""
    if connection.dialect.name != "postgresql":
        return
    for table in (*ROWS, *KEYS):
        column = table.autoincrement_column
        if column is not None:
            newest = select(func.max(column)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            connection.execute(select(func.setval(sequence, func.coalesce(newest, 1))))


def _hide(connection: Connection, keys: Connection) -> None:
    """Hides what was deleted since the rows were written and still waits or is held."""
    for chat, hour in keys.execute(select(HIDDEN)).all():
        hidden = {"hidden_hour": hour, "token_hash": None, "carried": None, "owner": "ended"}
        table, entry = tables.conversation, tables.queue_entry
        connection.execute(update(table).where(table.c.id == chat).values(hidden))
        closed = update(entry).where(entry.c.conversation == chat)
        connection.execute(closed.values(closed=True, position=None))


def _drop_unfit_keys(connection: Connection) -> None:
    """Forgets keys of key epochs and excerpts that came after the rows: their numbers will be given
    to others.
    """
    chat, key = tables.conversation.c, tables.wrapped_key.c
    later = exists().where(chat.id == key.conversation, key.key_epoch > chat.key_epoch)
    connection.execute(delete(tables.wrapped_key).where(later))
    excerpt, own = tables.excerpt.c, tables.excerpt_key.c
    same = exists().where(excerpt.conversation == own.conversation, excerpt.number == own.number)
    connection.execute(delete(tables.excerpt_key).where(~same))


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
