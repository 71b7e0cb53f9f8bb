"""Transactions that wait are put on disk together; each is whole, and told when it is there."""

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from helpline.store import database as databases
from helpline.store.database import ORDINARY, URGENT, Database


@pytest.fixture
async def words(tmp_path: Path):
    """A SQLite database with one table of words, each of which can be there once."""
    database = Database.open(f"sqlite:///{tmp_path / 'words.db'}")
    await database.write(lambda c: c.execute(text("CREATE TABLE word (said TEXT UNIQUE)")))
    yield database
    await database.close()


def put(word: str, told: list[str] | None = None):
    def work(connection: Connection) -> str:
        connection.execute(text("INSERT INTO word VALUES (:said)"), {"said": word})
        if told is not None:
            told.append(word)
        return word

    return work


async def kept(database: Database) -> list[str]:
    rows = await database.read(lambda c: c.execute(text("SELECT said FROM word")).all())
    return [row[0] for row in rows]


async def held(database: Database) -> tuple[threading.Event, asyncio.Task[Any]]:
    """Has the writer busy with one transaction, so that others have to wait."""
    begun, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(_: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait(30)

    task = asyncio.ensure_future(database.write(hold))
    await begun.wait()
    return go, task


async def started(*writes: Any) -> list[asyncio.Task[Any]]:
    """The writes, each in line."""
    tasks = [asyncio.ensure_future(write) for write in writes]
    await asyncio.sleep(0)
    return tasks


async def test_twenty_that_wait_are_put_on_disk_in_two_commits(words, monkeypatch):
    # Given the writer busy, and every commit counted
    commits = 0
    commit = databases._Sqlite._commit

    async def counted(self):
        nonlocal commits
        commits += 1
        await commit(self)

    go, holding = await held(words)
    monkeypatch.setattr(databases._Sqlite, "_commit", counted)
    # When twenty come meanwhile
    tasks = await started(*(words.write(put(str(number))) for number in range(20)))
    go.set()
    await asyncio.gather(holding, *tasks)
    # Then all are kept, in the order they came, in as many commits as batches
    assert await kept(words) == [str(number) for number in range(20)]
    assert commits == 2


async def test_one_that_fails_undoes_itself_alone(words):
    # Given a word that is there, and the writer busy
    await words.write(put("there"))
    go, holding = await held(words)

    def half(connection: Connection) -> None:
        put("half")(connection)
        raise RuntimeError

    # When it comes again between two others, and so does one that breaks off half-way
    tasks = await started(*(words.write(work) for work in (put("a"), put("there"), half, put("b"))))
    go.set()
    first, again, broken, last = await asyncio.gather(*tasks, return_exceptions=True)
    await holding
    # Then each caller is told of their own
    assert (first, last) == ("a", "b")
    assert isinstance(again, IntegrityError)
    assert isinstance(broken, RuntimeError)
    # And nothing of those two is there
    assert await kept(words) == ["there", "a", "b"]


async def test_nobody_is_told_before_it_is_on_disk(words, tmp_path):
    # Given two that go together, the second of which looks at the disk while it is its turn
    go, holding = await held(words)
    seen: list[int] = []

    def look(_: Connection) -> None:
        other = sqlite3.connect(tmp_path / "words.db")
        seen.append(other.execute("SELECT count(*) FROM word").fetchone()[0])
        other.close()
        seen.append(first.done())

    first, second = await started(words.write(put("a")), words.write(look))
    go.set()
    await asyncio.gather(holding, first, second)
    # Then the first was done and not yet there, and its caller had not been told
    assert seen == [0, False]


async def test_a_full_disk_undoes_the_whole_batch_and_tells_everybody(words):
    # Given a database that may not grow any more, and the writer busy
    await words.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 4").scalar())
    go, holding = await held(words)
    # When a word comes that has no room, between two that would have
    tasks = await started(*(words.write(work) for work in (put("a"), put("x" * 100_000), put("b"))))
    go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await holding
    # Then what was told is what is kept
    told = [word for word in results if isinstance(word, str)]
    assert isinstance(results[1], Exception)
    assert await kept(words) == told
    # And the next is kept as ever
    await words.write(put("c"))
    assert "c" in await kept(words)


async def test_danger_waits_for_one_other_at_most(words):
    # Given a batch of ordinary ones at the head of the line, the first of them under way
    begun, go, order = asyncio.Event(), threading.Event(), list[str]()
    loop = asyncio.get_running_loop()

    def first(_: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait(30)
        order.append("first")

    gate, holding = await held(words)
    tasks = await started(
        words.write(first, ORDINARY), *(words.write(put(w, order)) for w in ("a", "b"))
    )
    gate.set()
    await begun.wait()
    # When a message of danger comes
    tasks += await started(words.write(put("danger", order), URGENT))
    go.set()
    await asyncio.gather(holding, *tasks)
    # Then it goes before those of the batch that were not begun, and they are kept after it
    assert order == ["first", "danger", "a", "b"]
    assert await kept(words) == ["danger", "a", "b"]


async def test_who_gives_up_while_waiting_writes_nothing_and_holds_up_nobody(words):
    # Given three in line
    go, holding = await held(words)
    tasks = await started(*(words.write(put(word)) for word in "abc"))
    # When the second gives up
    tasks[1].cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]
    # Then the others are kept
    assert await asyncio.gather(holding, tasks[0], tasks[2]) == [None, "a", "c"]
    assert await kept(words) == ["a", "c"]


async def test_who_gives_up_while_writing_for_others_leaves_them_theirs(words):
    # Given a batch under way for which the first in it waits on behalf of all
    begun, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def first(_: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait(30)

    gate, holding = await held(words)
    tasks = await started(words.write(first), words.write(put("a")))
    gate.set()
    await begun.wait()
    # When that one gives up
    tasks[0].cancel()
    go.set()
    # Then the other is kept and told
    assert await tasks[1] == "a"
    assert await kept(words) == ["a"]
    await holding
