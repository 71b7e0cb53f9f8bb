"""The database keeps what it says, in the order of urgency, on SQLite and PostgreSQL alike."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from secrets import token_bytes

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from helpline.store import conversations, erasing, queue, staff, tables
from helpline.store.conversations import ConversationRow, EventRow, ExcerptRow
from helpline.store.database import INCOMING, ORDINARY, URGENT, Database, Line
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

    def work(connection):
        return staff.add(connection, name, name, "worker", secret, second_factor=True)

    return await database.write(work)


async def test_what_is_written_is_read_back(database):
    # Given a conversation with a wrapped key and an event
    row = a_conversation()

    def work(connection):
        conversations.create(connection, row)
        conversations.add_wrap(connection, row.id, 0, "token", b"wrapped")
        conversations.add_event(connection, a_message(row, 1))

    await database.write(work)

    # Then its token finds it with its keys
    def work(connection):
        assert conversations.by_token(connection, row.token_hash) == (row, {0: b"wrapped"})
        assert conversations.events_after(connection, row.id, 0) == [a_message(row, 1)]
        assert conversations.events_after(connection, row.id, 1) == []

    await database.read(work)


async def test_a_transaction_that_fails_leaves_nothing(database):
    row = a_conversation()
    with pytest.raises(RuntimeError):

        def work(connection):
            conversations.create(connection, row)
            raise RuntimeError

        await database.write(work)

    def work(connection):
        assert conversations.by_id(connection, row.id) is None

    await database.read(work)


async def test_a_client_id_is_kept_once_in_a_conversation(database):
    row, client = a_conversation(), token_bytes(16)

    def work(connection):
        conversations.create(connection, row)
        conversations.add_event(connection, a_message(row, 1, client))

    await database.write(work)
    with pytest.raises(IntegrityError):

        def work(connection):
            conversations.add_event(connection, a_message(row, 2, client))

        await database.write(work)


async def test_numbers_taken_under_the_lock_are_never_given_twice(database):
    # Given a conversation that twenty writers add to at once
    row = a_conversation()

    def work(connection):
        conversations.create(connection, row)

    await database.write(work)

    async def add() -> None:
        def work(connection):
            now = conversations.by_id(connection, row.id, lock=True)
            conversations.add_event(connection, a_message(row, now.last_number + 1))
            conversations.change(connection, row.id, last_number=now.last_number + 1)

        await database.write(work)

    # When they all write
    await asyncio.gather(*(add() for _ in range(20)))

    # Then every number is there once
    def work(connection):
        events = conversations.events_after(connection, row.id, 0)
        return events

    events = await database.read(work)
    assert [event.number for event in events] == list(range(1, 21))


async def test_erasing_a_conversation_leaves_no_row_of_it_anywhere(database):
    row, helper = a_conversation(), await a_helper(database)

    def work(connection):
        conversations.create(connection, row)
        conversations.add_wrap(connection, row.id, 0, "token", b"wrapped")
        conversations.add_event(connection, a_message(row, 1))
        conversations.add_excerpt(connection, ExcerptRow(row.id, 1, b"s"), "team:1", b"k")
        queue.put(connection, QueueEntry(row.id, 4, "danger", "yes", 1.0, 1.0, staff=helper))

    await database.write(work)

    # When it is erased: what opens it first, then the rest
    await database.write(lambda c: erasing.forget_keys(c, [row.id]))
    assert await database.write(lambda c: erasing.forget_rows(c, [row.id])) == 1

    # Then no row of it is left
    def work(connection):
        for table in (
            tables.conversation,
            tables.wrapped_key,
            tables.event,
            tables.excerpt,
            tables.excerpt_key,
            tables.queue_entry,
        ):
            count = connection.execute(select(func.count()).select_from(table))
            assert count.scalar_one() == 0, table.name

    await database.read(work)


async def test_two_helpers_claim_at_once_and_one_gets_it(database):
    row = a_conversation()
    robin, kit = await a_helper(database), await a_helper(database, "kit")

    def work(connection):
        conversations.create(connection, row)
        queue.put(connection, QueueEntry(row.id, 3, "asked", "yes", 1.0, 1.0))

    await database.write(work)

    async def claim(helper: int) -> bool:
        def work(connection):
            return queue.claim(connection, row.id, helper, 2.0)

        return await database.write(work)

    assert sorted(await asyncio.gather(claim(robin), claim(kit))) == [False, True]


async def test_the_queue_is_by_level_then_by_longest_wait(database):
    rows = [a_conversation() for _ in range(3)]

    def work(connection):
        for row, level, asked_at in zip(rows, (3, 4, 4), (1.0, 3.0, 2.0), strict=True):
            conversations.create(connection, row)
            queue.put(connection, QueueEntry(row.id, level, "asked", "yes", asked_at, asked_at))

    await database.write(work)

    def work(connection):
        entries = queue.open_entries(connection)
        return entries

    entries = await database.read(work)
    assert [entry.conversation for entry in entries] == [rows[2].id, rows[1].id, rows[0].id]


async def test_a_one_time_code_is_used_once(database):
    helper = await a_helper(database)

    def work(connection):
        assert staff.use_code(connection, helper, 100)
        assert not staff.use_code(connection, helper, 100)
        assert not staff.use_code(connection, helper, 99)

    await database.write(work)


async def test_an_error_of_the_database_never_shows_what_was_written(database):
    row = a_conversation()

    def work(connection):
        conversations.create(connection, row)

    await database.write(work)
    marked = replace(a_message(row, 1), sealed=b"marker-word")
    with pytest.raises(IntegrityError) as caught:

        def work(connection):
            conversations.add_event(connection, marked)
            conversations.add_event(connection, marked)

        await database.write(work)
    assert "marker-word" not in str(caught.value)


async def test_sqlite_is_safe_on_every_connection(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path / 'waymark.db'}")
    await database.upgrade()

    def work(connection):
        for pragma, value in (
            ("journal_mode", "wal"),
            ("secure_delete", 1),
            ("foreign_keys", 1),
            ("synchronous", 2),
        ):
            found = connection.execute(text(f"PRAGMA {pragma}"))
            assert found.scalar_one() == value, pragma

    await database.read(work)
    await database.close()


async def test_a_first_reader_waits_for_no_other_process_that_writes(tmp_path):
    # Given a service that has written and not yet read, and another process that writes
    database = Database.open(f"sqlite:///{tmp_path / 'waymark.db'}")
    await database.upgrade()
    with closing(sqlite3.connect(tmp_path / "waymark.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        # When each of its readers reads for the first time, then it sees what is there at once
        count = select(func.count()).select_from(tables.conversation)
        for urgency in (ORDINARY, INCOMING):
            async with asyncio.timeout(3):
                assert await database.read(lambda c: c.scalar(count), urgency) == 0
    await database.close()


async def test_the_line_serves_level_4_first_then_who_came_first():
    # Given the one place taken, and waiters of both kinds
    line, served = Line(), []

    async def wait(name: str, urgency: int) -> None:
        async with line.hold(urgency):
            served.append(name)

    async with line.hold():
        waiters = []
        for name, urgency in (
            ("reply", ORDINARY),
            ("a", INCOMING),
            ("b", INCOMING),
            ("danger", URGENT),
        ):
            waiters.append(asyncio.create_task(wait(name, urgency)))
            await asyncio.sleep(0)
    # When it is let go
    await asyncio.gather(*waiters)
    # Then danger was first, and a reply after what came in
    assert served == ["danger", "a", "b", "reply"]


async def test_a_waiter_who_gives_up_does_not_keep_the_place():
    line = Line()

    async def wait() -> None:
        async with line.hold():
            pass

    async with line.hold():
        waiter = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
    await asyncio.wait_for(wait(), 1)
