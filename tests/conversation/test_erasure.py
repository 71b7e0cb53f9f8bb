"""Keys go first and for good: whatever happens after that, nothing of a chat can be read."""

import asyncio
import itertools
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from helpline.conversation import YoungPersonSide
from helpline.conversation.errors import UnknownToken
from helpline.conversation.retention import purge_now
from helpline.settings import Settings
from helpline.store import conversations, erasing, tables
from helpline.store.database import Database
from tests.conftest import ROOT
from tests.conversation.staff import asked_and_taken

HOUR = 3600
SETTINGS = Settings()
CHAT_TABLES = [
    table
    for table in tables.metadata.sorted_tables
    if "conversation" in table.c and table is not tables.audit_entry
]
"""Every table with rows of a chat; the audit log names chats for ever, and holds no word of one."""


class Killed(BaseException):
    """The process dies here."""


class Dying:
    """A real database that dies before its step number `at`: writes, and what is done on disk."""

    def __init__(self, database, at):
        self._database, self._left, self.died = database, at, False

    def __getattr__(self, name):
        real = getattr(self._database, name)
        if name not in {"write", "forget", "compact"}:
            return real

        async def step(*arguments):
            self._left -= 1
            if self._left < 0:
                self.died = True
                raise Killed
            return await real(*arguments)

        return step


async def rows_of(database, chat):
    """The tables that hold rows of a chat."""

    def find(connection):
        names = [
            table.name
            for table in CHAT_TABLES
            if connection.execute(select(table).where(table.c.conversation == chat)).first()
        ]
        return names + ["conversation"] * (conversations.by_id(connection, chat) is not None)

    return set(await database.read(find))


async def a_chat(helpline, worker=None):
    """A chat with a secret in it; a worker was let in and holds it, or none."""
    token, access = await helpline.begin()
    await helpline.say(access, "my brother knows where i sleep")
    if worker is not None:
        await asked_and_taken(helpline, worker, access)
    return token, access


async def nothing_opens(helpline, token, access):
    """Whether no key of the chat is left, and its token is none for a service that starts now."""
    with pytest.raises(UnknownToken):
        await YoungPersonSide(helpline.heart, helpline.answering).open(token)
    keys = {table.name for table in (*erasing.CHAT_KEYS, tables.return_code)}
    return not keys & await rows_of(helpline.heart.database, access.conversation)


def test_every_table_with_a_key_of_a_chat_is_known():
    # Given the tables: what names a chat and holds something wrapped is a key of it
    keys = {table for table in CHAT_TABLES if "wrapped" in table.c}
    # Then the first step of erasing takes it
    assert keys == set(erasing.CHAT_KEYS)


@pytest.mark.parametrize("way", ["end", "delete", "leave_quickly"])
async def test_a_kill_while_a_chat_is_erased_leaves_nothing_that_opens(quiet, way):
    database, killed = quiet.heart.database, 0
    for step in itertools.count():
        # Given a chat with the assistant alone, and a process that dies before a step of erasing
        token, access = await a_chat(quiet)
        dying = Dying(database, step)
        young = YoungPersonSide(replace(quiet.heart, database=dying), quiet.answering)
        try:
            await getattr(young, way)(access)
        except Killed:
            killed += 1
        left = await rows_of(database, access.conversation)
        # Then before the first step the chat is whole
        if step == 0:
            assert {"wrapped_key", "event", "conversation"} <= left
            continue
        # And from then on nothing opens it
        assert await nothing_opens(quiet, token, access)
        # And the next purge finishes the work
        counts = await purge_now(database, SETTINGS, quiet.clock())
        assert counts.unfinished == (1 if left else 0)
        assert await rows_of(database, access.conversation) == set()
        if not dying.died:
            break
    # And it died with keys gone and rows there, and with the rows gone too
    assert killed == 3


async def test_a_kill_while_a_purge_runs_leaves_nothing_that_opens(quiet):
    robin = await quiet.sign_in("robin")
    database, lost, settings = quiet.heart.database, [], Settings(handed_off_chats_kept_days=1)
    for step in itertools.count():
        # Given chats past their retention, one of which a worker ended
        chats = [await a_chat(quiet), await a_chat(quiet, robin)]
        await quiet.desk.end(robin, chats[1][1].conversation.hex())
        quiet.clock.pass_seconds(26 * HOUR)
        await quiet.desk.here(robin)
        robin = await quiet.sign_in("robin")
        # When a purge dies before one of its steps
        dying = Dying(database, step)
        try:
            await purge_now(dying, settings, quiet.clock())
        except Killed:
            ids = [access.conversation for _, access in chats]
            lost.append([await rows_of(database, chat) for chat in ids])
        # Then either they are whole, or nothing opens them, and never rows without a key first
        for token, access in chats:
            left = await rows_of(database, access.conversation)
            assert "wrapped_key" not in left or "event" in left
            if "wrapped_key" not in left:
                assert await nothing_opens(quiet, token, access)
        # And the next purge finishes the work
        await purge_now(database, settings, quiet.clock())
        for _, access in chats:
            assert await rows_of(database, access.conversation) == set()
        if not dying.died:
            break
    # And it did die with keys gone and rows there
    assert any("event" in rows and "wrapped_key" not in rows for pair in lost for rows in pair)


def sealed_of(home: Path) -> list[bytes]:
    """Every wrapped key and sealed piece that a database of SQLite holds."""
    with sqlite3.connect(home / "waymark.db") as connection:
        found = [
            value
            for query in ("SELECT wrapped FROM wrapped_key", "SELECT sealed FROM event")
            for (value,) in connection.execute(query)
            if value is not None
        ]
    connection.close()
    return found


def on_disk(home: Path, pieces: list[bytes]) -> int:
    """How many of the pieces stand somewhere in the database's files, its log among them."""
    content = b"".join(file.read_bytes() for file in sorted(home.glob("waymark.db*")))
    return sum(piece in content for piece in pieces)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_was_deleted_stands_nowhere_in_the_files(quiet, tmp_path):
    # Given a chat, which stands in the files
    _, access = await a_chat(quiet)
    pieces = sealed_of(tmp_path)
    assert len(pieces) > 3
    assert on_disk(tmp_path, pieces) == len(pieces)
    # When it is deleted, its keys and words stand in no file, the write-ahead log included
    await quiet.young.delete(access)
    assert on_disk(tmp_path, pieces) == 0
    # And none of a chat that expired
    _, access = await a_chat(quiet)
    pieces = sealed_of(tmp_path)
    assert on_disk(tmp_path, pieces) == len(pieces) > 3
    quiet.clock.pass_seconds(26 * HOUR)
    await purge_now(quiet.heart.database, SETTINGS, quiet.clock())
    assert on_disk(tmp_path, pieces) == 0


DIES = """
import asyncio, os, signal
from datetime import UTC, datetime
from helpline.conversation import erasure
from helpline.conversation.retention import purge_now
from helpline.settings import Settings
from helpline.store.database import Database

async def killed(database):
    os.kill(os.getpid(), signal.SIGKILL)

erasure.finish_all = killed
settings = Settings.load()
asyncio.run(purge_now(Database.open(settings.database_url), settings, datetime.now(UTC)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_after_kill_9_between_keys_and_rows_a_purge_finishes(quiet, tmp_path):
    # Given a chat, long expired by the clock of this machine
    quiet.clock.now = datetime(2026, 1, 1, tzinfo=UTC)
    token, access = await a_chat(quiet)
    settings = Settings(home=tmp_path)
    # When a purge is killed once the keys are gone
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", DIES],
        cwd=ROOT,
        env=settings.to_environment(),
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    # Then its rows are there, and nothing opens them
    assert {"event", "conversation"} <= await rows_of(quiet.heart.database, access.conversation)
    assert await nothing_opens(quiet, token, access)
    # And the next purge finishes it
    counts = await purge_now(quiet.heart.database, settings, datetime.now(UTC))
    assert (counts.chats, counts.unfinished) == (0, 1)
    assert await rows_of(quiet.heart.database, access.conversation) == set()


def fill(connection, chats, size=4000):
    """Conversations with something in them, and no key."""
    chat = {
        "owner": "assistant",
        "epoch": 0,
        "key_epoch": 0,
        "last_number": 0,
        "answered": 0,
        "carried_number": 0,
        "carried_key_epoch": 0,
        "hour": 1,
        "handed_off": False,
        "left_quickly": False,
        "shown_from": 0,
        "feedback_given": False,
        "new_epoch_due": False,
    }
    for each in chats:
        row = {"id": each, "carried": bytes(size), **chat}
        connection.execute(tables.conversation.insert().values(row))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_purge_gives_space_back_while_others_write(database, tmp_path):
    # Given a database of some megabytes, of which most is to go
    file = tmp_path / "waymark.db"
    await database.write(lambda c: fill(c, [index.to_bytes(16) for index in range(1000)]))
    await database.forget()
    full = file.stat().st_size
    assert full > 4_000_000
    # When it is purged, and somebody writes all the time
    purging = asyncio.create_task(purge_now(database, SETTINGS, datetime.now(UTC)))
    written = 0
    while not purging.done():
        await database.write(lambda c: c.execute(tables.tally.select()).all())
        written += 1
    # Then the file is small, its log is empty, and they wrote many times meanwhile
    assert (await purging).unfinished == 1000
    assert file.stat().st_size < full / 10
    assert (tmp_path / "waymark.db-wal").stat().st_size == 0
    assert written > 30


async def test_an_older_file_is_written_anew_once_to_give_its_space_back(tmp_path):
    # Given a database from before, which keeps the pages of what was deleted
    url, file = f"sqlite:///{tmp_path / 'waymark.db'}", tmp_path / "waymark.db"
    with sqlite3.connect(file) as old:
        old.execute("CREATE TABLE before (what TEXT)")
        old.execute("INSERT INTO before VALUES ('kept')")
        assert old.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    old.close()
    # When the service starts on it
    database = Database.open(url)
    await database.upgrade()
    await database.close()
    # Then it can give them back, and all that was there is there
    with sqlite3.connect(file) as new:
        assert new.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert new.execute("SELECT what FROM before").fetchall() == [("kept",)]
    new.close()
