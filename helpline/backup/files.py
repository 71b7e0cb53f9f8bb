"""The two files of a backup: SQLite files with a header, written whole or not at all (0600)."""

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    NullPool,
    String,
    Table,
    create_engine,
    select,
)
from sqlalchemy.exc import DatabaseError

Kind = Literal["rows", "keys"]
FORMAT: Final = 1
NAME: Final = re.compile(r"waymark-\d{8}T\d{6}Z\.(rows|keys)\.db")
PART: Final = ".waymark-part."

_own = MetaData()
HEADER: Final = Table(
    "backup_header",
    _own,
    Column("format", Integer, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("revision", String(32), nullable=False),
    Column("made_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("pepper", LargeBinary, nullable=True),
)
HIDDEN: Final = Table(
    "backup_hidden",
    _own,
    Column("conversation", LargeBinary(16), primary_key=True),
    Column("hour", Integer, nullable=False),
)
"""In the file of keys: which chats were deleted and are not erased yet, and when (hours)."""


class BackupRefused(Exception):
    """It cannot be backed up or restored; the message is one sentence."""


@dataclass(frozen=True)
class Header:
    """What a file says of itself; times are seconds since 1970 (UTC)."""

    kind: Kind
    revision: str
    made_at: float
    expires_at: float
    pepper: bytes | None

    def expired(self, now: float, kept_days: int) -> bool:
        """Whether its time is over: that which it was made with, or a shorter one set since."""
        return now >= min(self.expires_at, self.made_at + kept_days * 86_400)


def name_of(kind: Kind, made_at: float) -> str:
    """The name of a file that was made at this time."""
    return f"waymark-{datetime.fromtimestamp(made_at, UTC):%Y%m%dT%H%M%SZ}.{kind}.db"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Makes the folder (0700) where it lacks, and holds it: of two backups one is refused.

    What a killed backup left half done, with keys in it perhaps, is removed. Raises BackupRefused.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        raise BackupRefused(f"The folder {folder} cannot be read and written.") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"Another backup into {folder} runs now.") from None
        for part in folder.glob(f"{PART}*"):
            part.unlink()
        yield
        os.fsync(lock)
    finally:
        os.close(lock)


@contextmanager
def writing(folder: Path, header: Header, tables: tuple[Table, ...]) -> Iterator[Connection]:
    """A new file with its header and these tables, empty; it has its name once it is whole.

    Raises BackupRefused where the folder cannot be written or the file is there already.
    """
    file = folder / name_of(header.kind, header.made_at)
    part = folder / f"{PART}{header.kind}"
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        engine = create_engine(f"sqlite:///{part}", hide_parameters=True, poolclass=NullPool)
        with engine.connect() as connection:
            # A file that is not whole is thrown away: it needs no journal beside it
            connection.exec_driver_sql("PRAGMA journal_mode=OFF")
            for table in (HEADER, HIDDEN, *tables):
                table.create(connection)
            connection.execute(HEADER.insert().values(format=FORMAT, **vars(header)))
            yield connection
            connection.commit()
        with part.open("rb") as whole:
            os.fsync(whole.fileno())
        os.link(part, file)
    except FileExistsError:
        raise BackupRefused(f"{file} is there already: nothing is overwritten.") from None
    except OSError:
        raise BackupRefused(f"The folder {folder} cannot be written.") from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def reading(file: Path, *, check: bool = True) -> Iterator[tuple[Header, Connection]]:
    """Opens a whole file to read; raises BackupRefused for any other.

    Without `check` only its header is looked at, which takes no time in a large one.
    """

    def connect() -> sqlite3.Connection:
        address = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
        # The one writer's thread reads from it, and this one closes it
        return sqlite3.connect(address, uri=True, check_same_thread=False)

    broken = BackupRefused(f"{file} is not a whole backup of Waymark.")
    engine = create_engine("sqlite://", creator=connect, hide_parameters=True, poolclass=NullPool)
    try:
        connection = engine.connect()
    except DatabaseError:
        raise broken from None
    with connection:
        try:
            whole = connection.exec_driver_sql("PRAGMA quick_check").scalar() if check else "ok"
            row = connection.execute(select(HEADER)).one_or_none()
        except DatabaseError:
            raise broken from None
        if whole != "ok" or row is None or row.format != FORMAT:
            raise broken
        yield Header(row.kind, row.revision, row.made_at, row.expires_at, row.pepper), connection


def found_in(folder: Path) -> tuple[dict[Path, Header], int]:
    """Every backup in a folder with its header, newest first; how many files cannot be read."""
    headers: dict[Path, Header] = {}
    unread = 0
    try:
        files = [file for file in folder.iterdir() if NAME.fullmatch(file.name)]
    except OSError:
        raise BackupRefused(f"The folder {folder} cannot be read.") from None
    for file in files:
        try:
            with reading(file, check=False) as (header, _):
                headers[file] = header
        except BackupRefused:
            unread += 1
    return dict(sorted(headers.items(), key=lambda found: -found[1].made_at)), unread
