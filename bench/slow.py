"""A young person's page that hangs: its stream is open, written to, and never read."""

import asyncio
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.errors import BenchError
from bench.fixed_bot import LONG
from bench.person import Person


@dataclass
class Slow:
    """One person whose stream is not read from `clog` until `come_back`."""

    person: Person
    since: float = 0.0

    async def clog(self, letters: int, messages: int) -> None:
        """Stops reading, then has `messages` replies of `letters` letters written to the stream."""
        await self.person.start()
        await self.person.follow(small=True)
        self.person.stream.stop_reading()
        for _ in range(messages):
            await self.person.send(f"{LONG}{letters}", time.perf_counter())
        self.since = time.perf_counter()

    @staticmethod
    async def until_cut(slow: Sequence["Slow"], patience: float) -> list[float]:
        """Waits until the service has cut all off: milliseconds for each since it was clogged.

        Raises BenchError when `patience` seconds pass before that.
        """
        sinces = {one.person.stream.socket.fileno(): one.since for one in slow}
        return await asyncio.to_thread(_until_cut, sinces, patience)

    async def come_back(self) -> None:
        """Opens a new stream after the last event that was read, and reads all of it."""
        kept = await self.person.history()
        await self.person.follow()
        last = kept[-1]["number"]
        async with asyncio.timeout(120):
            await self.person.until(lambda arrival: arrival.number >= last)


def _until_cut(sinces: dict[int, float], patience: float) -> list[float]:
    poll = select.poll()
    for number in sinces:
        poll.register(number, 0)  # a reset is told whatever one asks for
    moments: list[float] = []
    end = time.perf_counter() + patience
    while len(moments) < len(sinces):
        left = end - time.perf_counter()
        if left <= 0:
            raise BenchError(f"{len(sinces) - len(moments)} who never read were not cut off.")
        for number, _ in poll.poll(left * 1000):
            poll.unregister(number)
            moments.append((time.perf_counter() - sinces[number]) * 1000)
    return moments
