"""Makes a backup of a database, whether or not the service runs, and removes expired ones."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, func, make_url, select

from helpline.backup.files import HIDDEN, BackupRefused, Header, alone_in, found_in, writing
from helpline.backup.sides import KEYS, LEFT_OUT, ROWS
from helpline.settings import Settings
from helpline.store import tables
from helpline.store.database import Database, newest_revision

AT_ONCE: Final = 500
DAY_S: Final = 86_400


@dataclass(frozen=True)
class Made:
    """How much a backup holds, and what was left out or removed: counts only."""

    chats: int
    records: int
    left_out: int
    expired: int
    unread: int

    def __str__(self) -> str:
        return (
            f"Backed up {self.chats} chats and {self.records} records. Left out: {self.left_out} "
            f"sessions and looks, the settings, and the logs. Removed {self.expired} expired files."
            + (f" {self.unread} files there cannot be read: look at them." if self.unread else "")
        )


async def make(settings: Settings, folder: Path, now: datetime) -> Made:
    """Writes one file of rows and one of keys, both of the same moment, into a folder.

    The keys first: rows without keys of their moment or a later one cannot be restored. Raises
    BackupRefused.
    """
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        raise BackupRefused("There is nothing to back up: Waymark was never started there.")
    made_at = now.timestamp()
    header = Header("keys", newest_revision(), made_at, 0.0, None)
    days = settings.key_backups_kept_days
    keys = replace(header, expires_at=made_at + days * DAY_S, pepper=_pepper(settings))
    days = settings.row_backups_kept_days
    rows = replace(header, kind="rows", expires_at=made_at + days * DAY_S)

    def write(connection: Connection) -> tuple[int, int, int]:
        known = MigrationContext.configure(connection).get_current_revision()
        if known != header.revision:
            raise BackupRefused("The tables are of another version: start this one on them first.")
        with ExitStack() as files:
            out = files.enter_context(writing(folder, rows, ROWS))
            _copy(connection, out, ROWS)
            out = files.enter_context(writing(folder, keys, KEYS))
            _copy(connection, out, KEYS)
            chat = tables.conversation.c
            hidden = select(chat.id.label("conversation"), chat.hidden_hour.label("hour"))
            found = connection.execute(hidden.where(chat.hidden_hour.is_not(None))).mappings().all()
            if found:
                out.execute(HIDDEN.insert(), [dict(row) for row in found])
        return (
            _count(connection, [tables.conversation]),
            _count(connection, [tables.record, tables.broken_confidentiality]),
            _count(connection, LEFT_OUT),
        )

    with alone_in(folder):
        expired, unread = _remove_expired(settings, folder, made_at)
        database = Database.open(settings.database_url)
        try:
            chats, records, left_out = await database.read(write)
        finally:
            await database.close()
    return Made(chats, records, left_out, expired, unread)


def sqlite_file(settings: Settings) -> Path | None:
    """The file of the settings' database, if that is one."""
    url = make_url(settings.database_url)
    is_file = url.get_backend_name() == "sqlite" and url.database
    return Path(str(url.database)) if is_file else None


def _pepper(settings: Settings) -> bytes | None:
    try:
        return (settings.home / "pepper").read_bytes()
    except FileNotFoundError:
        return None
    except OSError:
        raise BackupRefused("The file pepper of the state folder cannot be read.") from None


def _copy(connection: Connection, out: Connection, side: Iterable[Table]) -> None:
    for table in side:
        found = connection.execution_options(yield_per=AT_ONCE).execute(select(table))
        for some in found.mappings().partitions():
            out.execute(table.insert(), [dict(row) for row in some])


def _count(connection: Connection, counted: Iterable[Table]) -> int:
    return sum(
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in counted
    )


def _remove_expired(settings: Settings, folder: Path, now: float) -> tuple[int, int]:
    kept = {"rows": settings.row_backups_kept_days, "keys": settings.key_backups_kept_days}
    headers, unread = found_in(folder)
    old = [file for file, header in headers.items() if header.expired(now, kept[header.kind])]
    for file in old:
        file.unlink()
    return len(old), unread
