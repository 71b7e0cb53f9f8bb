"""Opens the database and hands out reading and writing connections, one writer at a time.

SQLite: `BEGIN IMMEDIATE` behind one lock in which level 4 goes first (free writers waited up to
546 ms, one lock 24: design.md). PostgreSQL: its own row locks.
"""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

URGENT, ORDINARY = 0, 1


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


class Database:
    """The engine and its two ways in: `read` and `write`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._lock = WriterLock()

    @classmethod
    def open(cls, url: str) -> "Database":
        """Opens `sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`; makes no connection yet."""
        sqlite = url.startswith("sqlite")
        pool: dict[str, Any] = {"pool_size": 4} if sqlite else {"pool_size": 8}
        engine = create_async_engine(url, hide_parameters=True, **pool)
        if sqlite:
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return cls(engine)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction of its own that sees one state of the data."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self, urgency: int = ORDINARY) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that is on disk when the block ends without an error."""
        if not self.is_sqlite:
            async with self.engine.begin() as connection:
                yield connection
            return
        async with self._lock.hold(urgency), self.engine.connect() as connection:
            await connection.execution_options(waymark_write=True)
            async with connection.begin():
                yield connection

    async def upgrade(self) -> None:
        """Brings the tables to the newest migration."""
        async with self.write() as connection:
            await connection.run_sync(_upgrade)

    async def close(self) -> None:
        await self.engine.dispose()


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
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
