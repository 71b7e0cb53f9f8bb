"""The database keeps what it says, in the order of urgency, on SQLite and PostgreSQL alike."""

import asyncio
from dataclasses import replace
from secrets import token_bytes

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from helpline.store import conversations, queue, staff, tables
from helpline.store.conversations import ConversationRow, EventRow, ExcerptRow
from helpline.store.database import ORDINARY, URGENT, Database, WriterLock
from helpline.store.queue import QueueEntry
from helpline.vault import StaffSecret


def a_conversation(**values: object) -> ConversationRow:
    row = ConversationRow(
        id=token_bytes(16),
        token_hash=token_bytes(32),
        owner="assistant",
        epoch=0,
        key_epoch=0,
        last_number=0,
        warned=0,
        answered=0,
        carried=None,
        carried_number=0,
        carried_key_epoch=0,
        hour=1,
        handed_off=False,
        left_quickly=False,
        hidden_hour=None,
    )
    return replace(row, **values)


def a_message(row: ConversationRow, number: int, client_id: bytes | None = None) -> EventRow:
    return EventRow(row.id, number, "message", "young_person", 0, client_id, b"sealed")


async def a_helper(database: Database, name: str = "robin") -> int:
    secret = StaffSecret(b"s" * 16, b"p" * 32, b"w")
    async with database.write() as connection:
        return await staff.add(connection, name, name, "worker", secret, second_factor=True)


async def test_what_is_written_is_read_back(database):
    # Given a conversation with a wrapped key and an event
    row = a_conversation()
    async with database.write() as connection:
        await conversations.create(connection, row)
        await conversations.add_wrap(connection, row.id, 0, "token", b"wrapped")
        await conversations.add_event(connection, a_message(row, 1))
    # Then its token finds it with its keys
    async with database.read() as connection:
        assert await conversations.by_token(connection, row.token_hash) == (row, {0: b"wrapped"})
        assert await conversations.events_after(connection, row.id, 0) == [a_message(row, 1)]
        assert await conversations.events_after(connection, row.id, 1) == []


async def test_a_transaction_that_fails_leaves_nothing(database):
    row = a_conversation()
    with pytest.raises(RuntimeError):
        async with database.write() as connection:
            await conversations.create(connection, row)
            raise RuntimeError
    async with database.read() as connection:
        assert await conversations.by_id(connection, row.id) is None


async def test_a_client_id_is_kept_once_in_a_conversation(database):
    row, client = a_conversation(), token_bytes(16)
    async with database.write() as connection:
        await conversations.create(connection, row)
        await conversations.add_event(connection, a_message(row, 1, client))
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await conversations.add_event(connection, a_message(row, 2, client))


async def test_numbers_taken_under_the_lock_are_never_given_twice(database):
    # Given a conversation that twenty writers add to at once
    row = a_conversation()
    async with database.write() as connection:
        await conversations.create(connection, row)

    async def add() -> None:
        async with database.write() as connection:
            now = await conversations.by_id(connection, row.id, lock=True)
            await conversations.add_event(connection, a_message(row, now.last_number + 1))
            await conversations.change(connection, row.id, last_number=now.last_number + 1)

    # When they all write
    await asyncio.gather(*(add() for _ in range(20)))
    # Then every number is there once
    async with database.read() as connection:
        events = await conversations.events_after(connection, row.id, 0)
    assert [event.number for event in events] == list(range(1, 21))


async def test_wiping_a_conversation_leaves_no_row_of_it_anywhere(database):
    row, helper = a_conversation(), await a_helper(database)
    async with database.write() as connection:
        await conversations.create(connection, row)
        await conversations.add_wrap(connection, row.id, 0, "token", b"wrapped")
        await conversations.add_event(connection, a_message(row, 1))
        await conversations.add_excerpt(connection, ExcerptRow(row.id, 1, 1, b"k", b"s"))
        await queue.put(connection, QueueEntry(row.id, 4, "danger", "yes", 1.0, staff=helper))
    async with database.write() as connection:
        await conversations.wipe(connection, row.id)
    async with database.read() as connection:
        for table in (
            tables.conversation,
            tables.wrapped_key,
            tables.event,
            tables.excerpt,
            tables.queue_entry,
        ):
            count = await connection.execute(select(func.count()).select_from(table))
            assert count.scalar_one() == 0, table.name


async def test_two_helpers_claim_at_once_and_one_gets_it(database):
    row = a_conversation()
    robin, kit = await a_helper(database), await a_helper(database, "kit")
    async with database.write() as connection:
        await conversations.create(connection, row)
        await queue.put(connection, QueueEntry(row.id, 3, "asked", "yes", 1.0))

    async def claim(helper: int) -> bool:
        async with database.write() as connection:
            return await queue.claim(connection, row.id, helper, 2.0)

    assert sorted(await asyncio.gather(claim(robin), claim(kit))) == [False, True]


async def test_the_queue_is_by_level_then_by_longest_wait(database):
    rows = [a_conversation() for _ in range(3)]
    async with database.write() as connection:
        for row, level, asked_at in zip(rows, (3, 4, 4), (1.0, 3.0, 2.0), strict=True):
            await conversations.create(connection, row)
            await queue.put(connection, QueueEntry(row.id, level, "asked", "yes", asked_at))
    async with database.read() as connection:
        entries = await queue.open_entries(connection)
    assert [entry.conversation for entry in entries] == [rows[2].id, rows[1].id, rows[0].id]


async def test_a_one_time_code_is_used_once(database):
    helper = await a_helper(database)
    async with database.write() as connection:
        assert await staff.use_code(connection, helper, 100)
        assert not await staff.use_code(connection, helper, 100)
        assert not await staff.use_code(connection, helper, 99)


async def test_an_error_of_the_database_never_shows_what_was_written(database):
    row = a_conversation()
    async with database.write() as connection:
        await conversations.create(connection, row)
    marked = replace(a_message(row, 1), sealed=b"marker-word")
    with pytest.raises(IntegrityError) as caught:
        async with database.write() as connection:
            await conversations.add_event(connection, marked)
            await conversations.add_event(connection, marked)
    assert "marker-word" not in str(caught.value)


async def test_sqlite_is_safe_on_every_connection(tmp_path):
    database = Database.open(f"sqlite+aiosqlite:///{tmp_path / 'waymark.db'}")
    await database.upgrade()
    async with database.read() as connection:
        for pragma, value in (
            ("journal_mode", "wal"),
            ("secure_delete", 1),
            ("foreign_keys", 1),
            ("synchronous", 2),
        ):
            found = await connection.execute(text(f"PRAGMA {pragma}"))
            assert found.scalar_one() == value, pragma
    await database.close()


async def test_the_writer_lock_serves_level_4_first_then_who_came_first():
    # Given a lock that is held, and waiters of both kinds
    lock, served = WriterLock(), []

    async def wait(name: str, urgency: int) -> None:
        async with lock.hold(urgency):
            served.append(name)

    async with lock.hold():
        waiters = []
        for name, urgency in (("a", ORDINARY), ("b", ORDINARY), ("danger", URGENT)):
            waiters.append(asyncio.create_task(wait(name, urgency)))
            await asyncio.sleep(0)
    # When it is let go
    await asyncio.gather(*waiters)
    # Then the urgent one was first
    assert served == ["danger", "a", "b"]


async def test_a_waiter_who_gives_up_does_not_keep_the_lock():
    lock = WriterLock()

    async def wait() -> None:
        async with lock.hold():
            pass

    async with lock.hold():
        waiter = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
    await asyncio.wait_for(wait(), 1)
