"""A backup brings back what was kept, and never what was deleted once its keys have expired."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from helpline.backup import BackupRefused, files, make, restore, sides
from helpline.conversation import DeskSide, YoungPersonSide, departures, legal_hold, looking
from helpline.conversation.after import AfterWords
from helpline.conversation.errors import UnknownConversation, UnknownToken
from helpline.conversation.retention import purge_now
from helpline.conversation.returning import Returning
from helpline.conversation.sessions import Sessions
from helpline.home import kept_secret
from helpline.settings import Settings
from helpline.store import audit, conversations, legal_holds, staff, tables
from helpline.store.database import Database
from helpline.vault.return_code import PEPPER_BYTES, load_words
from tests.conftest import ROOT
from tests.conversation.conftest import texts
from tests.conversation.staff import asked_and_taken

DAY = 86_400
ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what does not hang on which database it is."""
SECRET, DANGER = "my brother knows where i sleep", "he wont let me leave, the door is locked"


@pytest.fixture
def settings(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Settings:
    """Those of the helpline whose database it is."""
    if request.node.callspec.params["database"] == "sqlite":
        return Settings(home=tmp_path)
    return Settings(home=tmp_path, database_url=request.getfixturevalue("postgres"))


@pytest.fixture
async def empty(settings: Settings, tmp_path: Path) -> Settings:
    """Those of another machine, on which nothing is yet."""
    if settings.database_url.startswith("sqlite"):
        return Settings(home=tmp_path / "new")
    server = create_async_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.exec_driver_sql("DROP DATABASE IF EXISTS restored")
        await connection.exec_driver_sql("CREATE DATABASE restored")
    await server.dispose()
    url = server.url.set(database="restored").render_as_string(hide_password=False)
    return Settings(home=tmp_path / "new", database_url=url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where backups go."""
    return tmp_path / "backups"


async def backed_up(helpline, settings, folder):
    return await make(settings, folder, helpline.clock())


async def restored(helpline, empty, folder, **which):
    return await restore(empty, folder, helpline.clock(), **which)


@asynccontextmanager
async def opened(helpline, settings) -> AsyncIterator[tuple[YoungPersonSide, DeskSide]]:
    """Both sides of the helpline that was restored."""
    database = Database.open(settings.database_url)
    heart = replace(helpline.heart, database=database)
    try:
        desk = DeskSide(heart, Sessions(heart, demo=True))
        yield YoungPersonSide(heart, helpline.answering), desk
    finally:
        await database.close()


async def handed_off(helpline, worker, said=SECRET):
    """A chat that a worker was let into."""
    token, access = await helpline.begin()
    await helpline.say(access, said)
    return token, access, await asked_and_taken(helpline, worker, access)


async def is_there(settings, access):
    """Whether any row of a chat is in a database."""
    database = Database.open(settings.database_url)

    def find(connection):
        of_chat = [t for t in tables.metadata.sorted_tables if "conversation" in t.c]
        of_chat.remove(tables.audit_entry)
        rows = [
            connection.execute(select(t).where(t.c.conversation == access.conversation)).first()
            for t in of_chat
        ]
        return any(rows) or conversations.by_id(connection, access.conversation) is not None

    found = await database.read(find)
    await database.close()
    return found


def test_every_table_stands_on_one_side_of_a_backup():
    # Given all tables, and the three lists
    listed = [*sides.ROWS, *sides.KEYS, *sides.LEFT_OUT]
    # Then each table is in one of them, once: put a new one on a side
    assert sorted(t.name for t in listed) == sorted(tables.metadata.tables)
    # And nothing that is wrapped for a holder is kept with the rows
    assert not [t.name for t in sides.ROWS if {"wrapped", "holder", "public"} & set(t.c.keys())]


async def test_19_a_deleted_chat_does_not_come_back_once_its_keys_have_expired(
    quiet, settings, empty, folder
):
    # Given two chats that a worker was let into, and a backup
    robin = await quiet.sign_in("robin")
    kept_token, kept, chat = await handed_off(quiet, robin)
    token, deleted, _ = await handed_off(quiet, robin, "hello")
    made = await backed_up(quiet, settings, folder)
    assert (made.chats, made.expired) == (2, 0)
    [old_rows] = folder.glob("*.rows.db")
    # When one is deleted, a day later there is another backup, and the first keys expire
    await quiet.young.delete(deleted)
    quiet.clock.pass_seconds(DAY)
    await backed_up(quiet, settings, folder)
    quiet.clock.pass_seconds(DAY)
    # And the older rows are restored
    done = await restored(quiet, empty, folder, rows=old_rows)
    # Then the deleted chat does not come back: no row of it, and its token opens nothing
    assert (done.chats, done.without_keys, done.without_rows) == (1, 1, 0)
    assert not await is_there(empty, deleted)
    async with opened(quiet, empty) as (young, desk):
        with pytest.raises(UnknownToken):
            await young.open(token)
        # And the other does, for who held it and for the young person
        read = await desk.transcript(robin, chat)
        assert texts(read.events, "young_person") == [SECRET]
        access = await young.open(kept_token)
        assert texts(await young.events(access, 0), "young_person") == [SECRET]
    assert await is_there(empty, kept)


@ONE
async def test_keys_that_have_expired_open_nothing_any_more(quiet, settings, empty, folder):
    # Given a backup of a chat that was then deleted: before its keys expire it would come back
    robin = await quiet.sign_in("robin")
    _, access, _ = await handed_off(quiet, robin)
    await backed_up(quiet, settings, folder)
    await quiet.young.delete(access)
    quiet.clock.pass_seconds(2 * DAY - 1)
    assert (await restored(quiet, empty, folder)).without_keys == 0
    assert await is_there(empty, access)
    # When they have expired, they are refused, whatever stands there
    quiet.clock.pass_seconds(1)
    with pytest.raises(BackupRefused, match="have expired"):
        await restored(quiet, empty, folder)
    # And a longer time that is set since does not bring them back
    longer = empty.model_copy(update={"key_backups_kept_days": 30})
    with pytest.raises(BackupRefused, match="have expired"):
        await restored(quiet, longer, folder)
    # And the next backup removes their file
    assert (await backed_up(quiet, settings, folder)).expired == 1
    assert len(list(folder.glob("*.keys.db"))) == 1
    assert len(list(folder.glob("*.rows.db"))) == 2


async def test_who_deleted_at_a_high_level_is_not_shown_again_while_it_waits(
    quiet, settings, empty, folder
):
    # Given a backup of a chat that was handed off in danger, and a later one of its deletion
    robin, sam = await quiet.sign_in("robin"), await quiet.sign_in("sam")
    token, access, chat = await handed_off(quiet, robin, DANGER)
    await backed_up(quiet, settings, folder)
    [old_rows] = folder.glob("*.rows.db")
    await quiet.young.delete(access)
    quiet.clock.pass_seconds(60)
    await backed_up(quiet, settings, folder)
    # When the older rows are restored within the day that it waits
    await restored(quiet, empty, folder, rows=old_rows)
    # Then it is hidden as it was, from the young person, the worker, and supervisors
    async with opened(quiet, empty) as (young, desk):
        with pytest.raises(UnknownToken):
            await young.open(token)
        with pytest.raises(UnknownConversation):
            await desk.transcript(robin, chat)
        with pytest.raises(UnknownConversation):
            await looking.look(young._heart, sam, chat)
        assert await desk.queue(robin) == []
        # And it is erased at its time
        quiet.clock.pass_seconds(25 * 3600)
        counts = await purge_now(young._heart.database, empty, quiet.clock())
        assert counts.deleted == 1


@ONE
async def test_a_hold_is_restored_with_the_keys_it_is_about(quiet, settings, empty, folder):
    # Given rows of before, and keys of after two supervisors held a deleted chat
    robin, sam = await quiet.sign_in("robin"), await quiet.sign_in("sam")
    _, access, chat = await handed_off(quiet, robin, DANGER)
    await backed_up(quiet, settings, folder)
    [old_rows] = folder.glob("*.rows.db")
    await quiet.young.delete(access)
    await legal_hold.ask(quiet.heart, settings, sam, chat, "police")
    second = {"agreed_by": robin.staff, "agreed_at": quiet.heart.now()}
    change = legal_holds.change
    await quiet.heart.database.write(lambda c: change(c, access.conversation, **second))
    quiet.clock.pass_seconds(2 * DAY - 60)
    await backed_up(quiet, settings, folder)
    # When they are restored, long after the chat would have been erased
    await restored(quiet, empty, folder, rows=old_rows)
    # Then it is held, and who holds it reads it
    async with opened(quiet, empty) as (young, _):
        await purge_now(young._heart.database, empty, quiet.clock())
        said = await legal_hold.read(young._heart, sam, chat)
        assert texts(said, "young_person") == [DANGER]


async def test_who_left_since_does_not_come_back_and_codes_do(quiet, settings, empty, folder):
    # Given a chat with a code, and a worker who leaves after the rows were written
    robin, sam = await quiet.sign_in("robin"), await quiet.sign_in("sam")
    pepper, _ = kept_secret(settings.home, "pepper", PEPPER_BYTES)
    _, access, _ = await handed_off(quiet, robin)
    after = AfterWords.load(ROOT / "data" / "service" / "after.yml")
    words = load_words(ROOT / "data" / "service" / "unfit_words.yml")
    code = await Returning(quiet.heart, pepper=pepper, words=words, after=after).make_code(access)
    await backed_up(quiet, settings, folder)
    [old_rows] = folder.glob("*.rows.db")
    await departures.let_go(quiet.heart, sam, robin.staff)
    quiet.clock.pass_seconds(60)
    await backed_up(quiet, settings, folder)
    # When it is restored elsewhere
    await restored(quiet, empty, folder, rows=old_rows)
    async with opened(quiet, empty) as (young, _):
        heart = young._heart
        # Then they are gone, and have no key of the team
        gone = await heart.database.read(lambda c: staff.by_id(c, robin.staff))
        assert gone.left_at is not None
        assert await heart.database.read(lambda c: staff.memberships(c, robin.staff)) == {}
        # And nobody is signed in
        sessions = tables.staff_session.select()
        assert await heart.database.read(lambda c: c.execute(sessions).all()) == []
        # And the six words open the chat, with the pepper that came back
        pepper, new = kept_secret(empty.home, "pepper", PEPPER_BYTES)
        assert not new
        back = Returning(heart, pepper=pepper, words=words, after=after)
        assert await young.open(await back.come_back(code))
        # And the next on the staff and the next entry of the log get numbers of their own
        secret = (await heart.database.read(lambda c: staff.by_id(c, sam.staff))).secret

        def add(connection):
            return staff.add(connection, "eve", "Eve", "worker", secret, second_factor=False)

        assert await heart.database.write(add) > sam.staff
        log = await heart.database.read(lambda c: [row.action for row in audit.every(c)])
        assert log[-1] == "restored from a backup"


@ONE
async def test_what_began_since_and_what_expired_since_is_counted(quiet, settings, empty, folder):
    # Given rows of two chats, one of which expires, and keys of a day later, with one more
    robin = await quiet.sign_in("robin")
    await handed_off(quiet, robin)
    _, alone = await quiet.begin()
    await quiet.say(alone, "hello")
    await backed_up(quiet, settings, folder)
    [old_rows] = folder.glob("*.rows.db")
    quiet.clock.pass_seconds(DAY - 3600)
    _, new = await quiet.begin()
    await backed_up(quiet, settings, folder)
    quiet.clock.pass_seconds(3 * 3600)
    # When they are restored
    done = await restored(quiet, empty, folder, rows=old_rows)
    # Then what came back and what did not is said in numbers
    assert (done.chats, done.without_keys, done.without_rows, done.expired) == (1, 0, 1, 1)
    assert not await is_there(empty, alone)
    assert not await is_there(empty, new)


async def test_both_files_are_of_one_moment_while_others_write(quiet, settings, empty, folder):
    # Given a helpline in which chats begin and are erased all the time
    kept = [(await quiet.begin())[1] for _ in range(10)]
    backing = asyncio.create_task(backed_up(quiet, settings, folder))
    begun = 0
    while not backing.done():
        _, access = await quiet.begin()
        await quiet.young.end(access)
        await quiet.begin()
        begun += 1
    made = await backing
    # Then every key has its chat, and every chat its keys but the one that was being erased
    done = await restored(quiet, empty, folder)
    assert begun > 0
    assert done.without_rows == 0
    assert done.without_keys <= 1
    assert done.chats + done.without_keys == made.chats
    # And all that were there all the time are there
    assert all([await is_there(empty, access) for access in kept])


@ONE
async def test_the_files_are_closed_to_others_and_keep_keys_apart(quiet, settings, folder):
    # Given a backup
    robin = await quiet.sign_in("robin")
    await handed_off(quiet, robin)
    await backed_up(quiet, settings, folder)
    # Then two files are there and nothing else, readable by their owner alone
    assert sorted(file.name.split(".", 1)[1] for file in folder.iterdir()) == ["keys.db", "rows.db"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    # And no wrapped key stands among the rows, and nothing sealed among the keys
    [rows], [keys] = folder.glob("*.rows.db"), folder.glob("*.keys.db")
    wrapped = await column(quiet, tables.wrapped_key.c.wrapped)
    wrapped += await column(quiet, tables.staff.c.wrapped)
    sealed = await column(quiet, tables.event.c.sealed)
    assert all(piece in keys.read_bytes() for piece in wrapped)
    assert not any(piece in rows.read_bytes() for piece in wrapped)
    assert not any(piece in keys.read_bytes() for piece in sealed)
    assert SECRET.encode() not in rows.read_bytes() + keys.read_bytes()


async def column(helpline, column):
    """The values of a column."""
    query = select(column).where(column.is_not(None))
    return await helpline.heart.database.read(lambda c: list(c.execute(query).scalars()))


@ONE
async def test_what_is_not_whole_or_not_empty_is_refused_and_left_as_it_was(
    quiet, settings, empty, folder
):
    await quiet.begin()
    # Given no backup at all
    with pytest.raises(BackupRefused, match="cannot be read"):
        await restored(quiet, empty, folder)
    await backed_up(quiet, settings, folder)
    [rows], [keys] = folder.glob("*.rows.db"), folder.glob("*.keys.db")
    # Then a second one in the same second overwrites nothing
    before = keys.read_bytes()
    with pytest.raises(BackupRefused, match="nothing is overwritten"):
        await backed_up(quiet, settings, folder)
    assert keys.read_bytes() == before
    assert not list(folder.glob(f"{files.PART}*"))
    # And a folder that is in use is left alone
    with pytest.raises(BackupRefused, match="in use or not empty"):
        await restored(quiet, settings, folder)
    assert await quiet.heart.database.read(lambda c: conversations.by_id(c, b"")) is None
    # And a file of keys cannot stand for one of rows
    with pytest.raises(BackupRefused, match="no file of rows"):
        await restored(quiet, empty, folder, rows=keys)
    # And rows that are newer than the keys are refused
    quiet.clock.pass_seconds(60)
    await backed_up(quiet, settings, folder)
    newest = max(folder.glob("*.rows.db"))
    max(folder.glob("*.keys.db")).unlink()
    with pytest.raises(BackupRefused, match="newer than the newest keys"):
        await restored(quiet, empty, folder, rows=newest)
    assert (await restored(quiet, empty, folder)).chats == 1
    # And so is a file that was cut, or made by a version to come
    for change in (cut, of_a_version_to_come):
        broken = folder.with_name(change.__name__)
        broken.mkdir()
        for file in (rows, keys):
            (broken / file.name).write_bytes(file.read_bytes())
        change(broken / keys.name)
        elsewhere = Settings(home=empty.home.with_name(f"{change.__name__}-home"))
        with pytest.raises(BackupRefused):
            await restored(quiet, elsewhere, broken)
        assert not elsewhere.home.exists()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-4096])


def of_a_version_to_come(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE backup_header SET revision = 'ffff'")
    connection.close()


async def test_a_restore_that_fails_leaves_nothing_to_start_on(quiet, settings, empty, folder):
    # Given rows in which something is wrong that shows only while they are copied
    await quiet.begin()
    kept_secret(settings.home, "pepper", PEPPER_BYTES)
    await backed_up(quiet, settings, folder)
    [rows] = folder.glob("*.rows.db")
    whole = rows.read_bytes()
    with sqlite3.connect(rows) as connection:
        connection.execute("CREATE TABLE other AS SELECT * FROM event")
        connection.execute("DROP TABLE event")
        connection.execute("ALTER TABLE other RENAME TO event")
        connection.execute("UPDATE event SET kind = NULL")
    connection.close()
    # When they are restored
    with pytest.raises(IntegrityError):
        await restored(quiet, empty, folder)
    # Then there is no pepper and no table, and with whole rows it can be tried again
    assert list(empty.home.iterdir()) == []
    rows.write_bytes(whole)
    assert (await restored(quiet, empty, folder)).chats == 1


@ONE
async def test_what_a_killed_backup_left_is_removed_by_the_next(quiet, settings, folder):
    # Given what a kill left of a file of keys
    await quiet.begin()
    folder.mkdir(mode=0o700)
    part = folder / f"{files.PART}keys"
    part.write_bytes(b"half a file")
    # When there is another backup
    await backed_up(quiet, settings, folder)
    # Then it is gone
    assert not part.exists()
    assert len(list(folder.iterdir())) == 2
