"""Opens the database and runs whole transactions in it, one writer at a time on SQLite.

A transaction is a plain function of a connection. On SQLite it runs in a thread of ours: three
selects take 0.2 ms that way and 2.1 ms through aiosqlite, which changes threads for each step
(measured here). On PostgreSQL it runs over asyncpg.
"""

import asyncio
import heapq
import itertools
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

URGENT, ORDINARY = 0, 1
READERS = 4
FORGET_TRIES = 5
_AT_END = "waymark: at the end of the transaction"


class WriterLock:
    """A lock whose waiters are served by urgency, then in the order they came."""

    def __init__(self) -> None:
        self._held = False
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def hold(self, urgency: int = ORDINARY) -> AsyncIterator[None]:
        """Waits for its turn; `urgency` is URGENT or ORDINARY."""
        if self._held:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (urgency, next(self._order), turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._pass_on()
                raise
        self._held = True
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
        self._held = False


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
    async def read[T](self, work: Callable[[Connection], T]) -> T:
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

    async def upgrade(self) -> None:
        """Brings the tables to the newest migration."""
        await self.write(_upgrade)


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
    """One file. `BEGIN IMMEDIATE` behind one lock in which level 4 goes first.

    Free writers waited up to 546 ms for each other, one lock 24 (design.md).
    """

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url, hide_parameters=True, pool_size=READERS + 1)
        event.listen(self._engine, "connect", _prepare_sqlite)
        event.listen(self._engine, "begin", _begin_sqlite)
        self._writer = self._engine.execution_options(waymark_write=True)
        self._threads = threading.local()
        self._kept: set[Connection] = set()
        self._lock = WriterLock()
        self._readers = ThreadPoolExecutor(READERS, "read")
        self._writers = ThreadPoolExecutor(1, "write")

    async def read[T](self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self._connection(self._engine) as connection, connection.begin():
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    async def write[T](self, work: Callable[[Connection], T], urgency: int = ORDINARY) -> T:
        def run() -> T:
            with self._connection(self._writer) as connection, connection.begin():
                return _whole(connection, work)

        async with self._lock.hold(urgency):
            running = asyncio.get_running_loop().run_in_executor(self._writers, run)
            return await asyncio.shield(running)

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

        def checkpoint() -> bool:
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                blocked = cursor.fetchone()
                return blocked is None or not blocked[0]
            finally:
                connection.close()

        for _ in range(FORGET_TRIES):
            async with self._lock.hold():
                running = asyncio.get_running_loop().run_in_executor(self._writers, checkpoint)
                if await asyncio.shield(running):
                    return

    async def close(self) -> None:
        self._readers.shutdown()
        self._writers.shutdown()
        for connection in self._kept:
            connection.close()
        self._engine.dispose()


class _Postgres(Database):
    """A server with row locks of its own."""

    def __init__(self, url: str) -> None:
        self._engine: AsyncEngine = create_async_engine(url, hide_parameters=True, pool_size=8)

    async def read[T](self, work: Callable[[Connection], T]) -> T:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            return await connection.run_sync(work)

    async def write[T](self, work: Callable[[Connection], T], urgency: int = ORDINARY) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(_whole, work)

    async def forget(self) -> None:
        """Leaves it to the server: vacuuming and its log are the operator's to set."""

    async def close(self) -> None:
        await self._engine.dispose()


def _prepare_sqlite(dbapi_connection: Any, _: object) -> None:
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
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
    raw: Any = connection.connection.driver_connection
    begin = "BEGIN IMMEDIATE" if writing else "BEGIN"
    try:
        raw.execute(begin)
    except sqlite3.OperationalError as error:  # SQLAlchemy does not see what happens in here
        raise OperationalError(begin, None, error) from error


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
