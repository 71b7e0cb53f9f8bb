"""Opens the database and runs whole transactions in it, one writer at a time on SQLite.

A transaction is a plain function of a connection. On SQLite it runs in a thread of ours: three
selects take 0.2 ms that way and 2.1 ms through aiosqlite, which changes threads for each step
(measured here). On PostgreSQL it runs over asyncpg.
"""

import asyncio
import heapq
import itertools
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from helpline.store.batches import Outcome, Waiting

URGENT, INCOMING, ORDINARY = 0, 1, 2
"""Danger; what comes in, of which nobody knows yet whether it is; replies and all else."""
READERS = 2
"""So many threads for what comes in, which is long (it is screened there), and as many for short
reads: in one line behind the long ones, a warning that was kept was shown seconds later."""
FORGET_TRIES = 5
PAGES_AT_ONCE = 64
"""So many free pages (4 KiB each) are given back in one step: other writers wait for no more."""
INCREMENTAL = 2
_AT_END = "waymark: at the end of the transaction"


class Line:
    """A line before a few places, served by urgency, then in the order they came."""

    def __init__(self, places: int = 1) -> None:
        self._free = places
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def hold(self, urgency: int = ORDINARY) -> AsyncIterator[None]:
        """Waits for a place and has it; `urgency` is URGENT, INCOMING or ORDINARY."""
        if self._free:
            self._free -= 1
        else:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (urgency, next(self._order), turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._pass_on()
                raise
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Database(ABC):
    """Runs transactions: functions of a connection, done whole or not at all."""

    @staticmethod
    def open(url: str) -> "Database":
        """Opens `sqlite:///…` or `postgresql+asyncpg://…`.

        Makes no connection yet. Errors of the database never show what was written.
        """
        if url.startswith("sqlite"):
            return _Sqlite(url)
        return _Postgres(url)

    @abstractmethod
    async def read[T](self, work: Callable[[Connection], T], urgency: int = ORDINARY) -> T:
        """Returns what `work` reads; it sees one state of the data."""

    @abstractmethod
    async def write[T](self, work: Callable[[Connection], T], urgency: int = ORDINARY) -> T:
        """Returns what `work` returns, once what it wrote is on disk; nothing if it raises."""

    @abstractmethod
    async def close(self) -> None:
        """Closes all connections."""

    @abstractmethod
    async def forget(self) -> None:
        """Makes what was deleted unreadable on disk as well, as far as this database can."""

    @abstractmethod
    async def compact(self) -> None:
        """Gives back the space of what was deleted; others read and write meanwhile."""

    async def upgrade(self) -> None:
        """Brings the tables to the newest migration."""
        await self.write(migrate)


def at_end(connection: Connection, work: Callable[[Connection], None]) -> None:
    """Has `work` done as the last step of this `write`, in the same transaction.

    For what takes a lock that everybody needs: taken last, nobody who holds it waits for another.
    """
    connection.info.setdefault(_AT_END, []).append(work)


def _whole[T](connection: Connection, work: Callable[[Connection], T]) -> T:
    connection.info.pop(_AT_END, None)
    result = work(connection)
    for last in connection.info.pop(_AT_END, ()):
        last(connection)
    return result


class _Sqlite(Database):
    """One file. `BEGIN IMMEDIATE` behind one lock in which level 4 goes first, with company.

    Free writers waited up to 546 ms for each other, one lock 24 (design.md).
    """

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url, hide_parameters=True, pool_size=2 * READERS + 1)
        event.listen(self._engine, "connect", _prepare_sqlite)
        event.listen(self._engine, "begin", _begin_sqlite)
        self._writer = self._engine.execution_options(waymark_write=True)
        self._threads = threading.local()
        self._kept: set[Connection] = set()
        self._lock = Line()
        self._short, self._long = Line(READERS), Line(READERS)
        self._waiting = Waiting()
        self._readers = ThreadPoolExecutor(READERS, "read")
        self._screeners = ThreadPoolExecutor(READERS, "screen")
        self._writers = ThreadPoolExecutor(1, "write")

    async def read[T](self, work: Callable[[Connection], T], urgency: int = ORDINARY) -> T:
        def run() -> T:
            with self._connection(self._engine) as connection, connection.begin():
                return work(connection)

        line, threads = self._short, self._readers
        if urgency == INCOMING:
            line, threads = self._long, self._screeners
        async with line.hold(urgency):
            return await asyncio.get_running_loop().run_in_executor(threads, run)

    async def write[T](self, work: Callable[[Connection], T], urgency: int = ORDINARY) -> T:
        """Whoever comes to the head of the line writes for those behind as well (`batches`)."""
        mine = self._waiting.add(work, urgency)
        try:
            async with self._lock.hold(urgency):
                while not mine.done():
                    await asyncio.shield(asyncio.ensure_future(self._commit()))
        except asyncio.CancelledError:
            mine.cancel()
            raise
        result: T = mine.result()
        return result

    async def _commit(self) -> None:
        """Puts the next batch on disk and tells its callers."""
        batch = self._waiting.take()

        def run() -> list[Outcome]:
            with self._connection(self._writer) as connection, connection.begin():
                return batch.run(connection, _whole)

        try:
            outcomes = await asyncio.get_running_loop().run_in_executor(self._writers, run)
        except Exception as error:
            batch.fail(error)
        else:
            batch.tell(outcomes)

    @contextmanager
    def _connection(self, engine: Engine) -> Iterator[Connection]:
        """This thread's own connection, kept open: taking one from the pool costs as much as a
        query. After an error it is let go.
        """
        connection = getattr(self._threads, "connection", None)
        if connection is None:
            connection = self._threads.connection = engine.connect()
            self._kept.add(connection)
        try:
            yield connection
        except BaseException:
            self._threads.connection = None
            self._kept.discard(connection)
            connection.close()
            raise

    async def forget(self) -> None:
        """Empties the write-ahead log, where deleted rows stay until then (`secure_delete` does
        not reach it). Readers can hold it up: tried a few times, and again at the next deletion.
        """

        for _ in range(FORGET_TRIES):
            blocked = await self._pragma("wal_checkpoint(TRUNCATE)")
            if not blocked or not blocked[0][0]:
                return

    async def compact(self) -> None:
        """Gives back free pages a few at a time (`auto_vacuum`), and empties the log they went
        through.

        A plain VACUUM would write the whole file anew, through memory, with every writer waiting:
        of 70 MB, half of them free, for 410 ms; for a step of these they wait 14 (measured here).
        """
        while True:
            [[free]] = await self._pragma("freelist_count")
            if not free:
                break
            await self._pragma(f"incremental_vacuum({PAGES_AT_ONCE})")
            [[left]] = await self._pragma("freelist_count")
            if left >= free:
                break
        await self.forget()

    async def upgrade(self) -> None:
        """Brings the tables to the newest migration.

        A file from before `compact` could give back its pages is written anew once.
        """
        await super().upgrade()
        [[mode]] = await self._pragma("auto_vacuum")
        if mode != INCREMENTAL:
            await self._pragma(f"auto_vacuum={INCREMENTAL}", "VACUUM")

    async def _pragma(self, *statements: str) -> list[Any]:
        """Runs statements outside of transactions, as the one writer; returns the last rows."""

        def run() -> list[Any]:
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                for statement in statements:
                    word = statement if statement == "VACUUM" else f"PRAGMA {statement}"
                    cursor.execute(word)
                return list(cursor.fetchall())
            finally:
                connection.close()

        async with self._lock.hold():
            running = asyncio.get_running_loop().run_in_executor(self._writers, run)
            return await asyncio.shield(running)

    async def close(self) -> None:
        self._readers.shutdown()
        self._screeners.shutdown()
        self._writers.shutdown()
        for connection in self._kept:
            connection.close()
        self._engine.dispose()


class _Postgres(Database):
    """A server with row locks of its own."""

    def __init__(self, url: str) -> None:
        self._engine: AsyncEngine = create_async_engine(url, hide_parameters=True, pool_size=8)

    async def read[T](self, work: Callable[[Connection], T], urgency: int = ORDINARY) -> T:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            return await connection.run_sync(work)

    async def write[T](self, work: Callable[[Connection], T], urgency: int = ORDINARY) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(_whole, work)

    async def forget(self) -> None:
        """Leaves it to the server: vacuuming and its log are the operator's to set."""

    async def compact(self) -> None:
        """VACUUM, which makes room inside the tables and holds up neither readers nor writers."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.exec_driver_sql("VACUUM")

    async def close(self) -> None:
        await self._engine.dispose()


def _prepare_sqlite(dbapi_connection: Any, _: object) -> None:
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    # Before anything is in the file; later it would wait for whoever writes, even only to read
    [empty] = cursor.execute("SELECT page_count = 0 FROM pragma_page_count").fetchone()
    if empty:
        cursor.execute(f"PRAGMA auto_vacuum={INCREMENTAL}")
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "busy_timeout=5000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("waymark_write", False)
    # Not on the driver's own connection: its error for a locked file would be no SQLAlchemy error
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def migrate(connection: Connection) -> None:
    """Brings the tables to the newest migration, in the caller's transaction."""
    config = _migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def newest_revision() -> str:
    """The name of the newest migration: which version of the tables this is."""
    head = ScriptDirectory.from_config(_migrations()).get_current_head()
    assert head is not None, "there are migrations"
    return head


def known_revisions() -> set[str]:
    """The names of all migrations up to this version."""
    return {each.revision for each in ScriptDirectory.from_config(_migrations()).walk_revisions()}


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
