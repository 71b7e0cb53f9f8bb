"""Faults as planned: parts killed and stopped, networks torn, the database locked or its disk full.

A full disk is a limit on the size of any file that the service writes (RLIMIT_FSIZE): set from
outside on the running process, it needs no rights that a test does not have.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import aiohttp
import asyncpg
import psutil

from tests.faults.network import Network
from tests.faults.plan import Fault
from tests.faults.record import Record

MODULES: Final = {"bot": "bot.server", "actions": "bot.action_server", "service": "helpline.app"}
HEALTH: Final = {"bot": "assistant", "actions": "actions", "service": "service"}
STARTS_WITHIN_S: Final = 300.0  # where many wait for few cores; 3 s on a quiet machine
BACK_WITHIN_S: Final = 90.0
NUMBERS: Final = "999"
LOCK: Final = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


class Faults:
    """Strikes `waymark up` (`launcher`), whose service is at `url` and whose state is in `home`."""

    def __init__(
        self,
        *,
        launcher: int,
        url: str,
        home: Path,
        postgres: str | None,
        networks: dict[str, Network],
        record: Record,
    ) -> None:
        self._launcher, self._url = psutil.Process(launcher), url
        self._home, self._postgres = home, postgres
        self._networks, self._record = networks, record
        self._recoveries: list[asyncio.Task[None]] = []

    async def track(self, name: str, faults: tuple[Fault, ...]) -> None:
        """One fault after the other."""
        for fault in faults:
            if fault.part and not fault.early:
                await self._answers_again(fault.part)
            await asyncio.sleep(fault.gap)
            if name in self._networks:
                await self._of_network(name, fault)
            elif fault.part:
                await self._of_part(fault)
            else:
                await self._of_database(fault)

    async def recovered(self) -> None:
        """Returns once every part answers again."""
        await asyncio.gather(*self._recoveries)
        await self._answers("/health")

    async def _of_part(self, fault: Fault) -> None:
        process = await self._process(fault.part)
        began = time.monotonic()
        with suppress(psutil.NoSuchProcess):  # it went down by itself, or was restarted
            if fault.what == "kill":
                process.kill()
                kills = self._record.kills
                kills[fault.part] = kills.get(fault.part, 0) + 1
            else:
                process.suspend()
                await asyncio.sleep(fault.lasts)
                process.resume()
        if fault.part == "service":
            task = asyncio.create_task(self._until_back(f"service {fault.what}", began))
            self._recoveries.append(task)

    async def _until_back(self, name: str, began: float) -> None:
        await self._answers("/")
        self._record.faults.append((name, began, time.monotonic()))

    async def _of_network(self, name: str, fault: Fault) -> None:
        network = self._networks[name]
        async with self._spell(f"{name} {fault.what}"):
            if fault.what == "freeze":
                await network.freeze(fault.lasts)
            elif fault.what == "tear":
                await network.tear(fault.lasts)
            else:
                network.reset()

    async def _of_database(self, fault: Fault) -> None:
        async with self._spell(f"database {fault.what}"):
            if fault.what == "lock":
                await self._lock(fault.lasts)
            elif fault.what == "full":
                await self._full(fault.lasts)
            else:
                await self._terminate()

    async def _lock(self, seconds: float) -> None:
        """Another process holds the database for itself."""
        file = self._home / "waymark.db"
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", LOCK, file, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert other.stdin is not None
        assert other.stdout is not None
        try:
            assert await other.stdout.readline() == b"locked\n"
            await asyncio.sleep(seconds)
        finally:
            other.stdin.close()
            await other.wait()

    async def _full(self, seconds: float) -> None:
        """No file of the service grows any more; the numbers have to be there all the same."""
        process, log = await self._process("service"), self._home / "waymark.db-wal"
        await self._answers("/")  # one that is just being started has no page yet
        size = log.stat().st_size if log.exists() else 0
        with suppress(psutil.NoSuchProcess):
            _, most = process.rlimit(psutil.RLIMIT_FSIZE)
            # Once in the middle of a transaction, once at its first page
            limit = size + 3000 if len(self._record.faults) % 2 else 0
            process.rlimit(psutil.RLIMIT_FSIZE, (limit, most))
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                await self._look_for_numbers(process)
                await asyncio.sleep(0.5)
            process.rlimit(psutil.RLIMIT_FSIZE, (most, most))

    async def _look_for_numbers(self, process: psutil.Process) -> None:
        """Asked again a second later: one that was just killed refuses before it is gone."""
        if await self._status("/", saying=NUMBERS) == 200:
            return
        await asyncio.sleep(1)
        lives = _lives(process)
        status = await self._status("/", saying=NUMBERS)
        if lives and status != 200 and _lives(process):
            self._record.numbers_missing.append(status)

    async def _terminate(self) -> None:
        connection = await asyncpg.connect(self._postgres)
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        finally:
            await connection.close()

    async def _process(self, part: str) -> psutil.Process:
        """The process of a part; waits for one that is being started."""
        async with asyncio.timeout(STARTS_WITHIN_S):
            while True:
                for process in self._launcher.children(recursive=True):
                    with suppress(psutil.Error):
                        zombie = process.status() == psutil.STATUS_ZOMBIE
                        if MODULES[part] in process.cmdline() and not zombie:
                            return process
                await asyncio.sleep(0.2)

    async def _answers_again(self, part: str) -> None:
        """Waits until a part answers, but no longer than a busy machine lets it start."""
        with suppress(TimeoutError):
            async with asyncio.timeout(BACK_WITHIN_S):
                while not await self._part_answers(part):  # noqa: ASYNC110 -- another process's
                    await asyncio.sleep(0.5)

    async def _part_answers(self, part: str) -> bool:
        try:
            async with (
                asyncio.timeout(5),
                aiohttp.ClientSession() as http,
                http.get(f"{self._url}/health") as answer,
            ):
                return bool((await answer.json()).get(HEALTH[part]))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False

    async def _answers(self, path: str) -> None:
        async with asyncio.timeout(STARTS_WITHIN_S):
            while await self._status(path) != 200:  # noqa: ASYNC110 -- another process's state
                await asyncio.sleep(0.2)

    async def _status(self, path: str, saying: str = "") -> int:
        """The status of a GET past all networks of the test; 0 without an answer in 5 s."""
        try:
            async with (
                asyncio.timeout(5),
                aiohttp.ClientSession() as http,
                http.get(self._url + path) as answer,
            ):
                return answer.status if saying in await answer.text() else 0
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    @asynccontextmanager
    async def _spell(self, name: str) -> AsyncIterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._record.faults.append((name, began, time.monotonic()))


def _lives(process: psutil.Process) -> bool:
    """Whether it can answer: not stopped, nor dead and not yet taken note of."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() not in (
            psutil.STATUS_STOPPED,
            psutil.STATUS_ZOMBIE,
            psutil.STATUS_DEAD,
        )
    return False
