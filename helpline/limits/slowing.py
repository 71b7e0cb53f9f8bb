"""Slows down who guesses codes or passwords, without knowing who it is; never shuts anybody out.

An address falls into one of 1,024 buckets by a seed that lives in memory and changes every hour,
so nothing here leads back to it. A bucket fills with wrong ones and drains with time; the fuller
it is, the longer the next try waits. Others who share it (a school) wait as well, and get in.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from helpline.conversation.errors import SlowDown, WaymarkError
from helpline.limits.addresses import Seeded

FREE: Final = 5
"""So many wrong ones cost nothing but themselves."""
STEP_S: Final = 0.5
LONGEST_S: Final = 10.0
DRAINS_IN_S: Final = 10.0
"""A bucket forgets one wrong one in so many seconds."""
AT_ONCE: Final = 8
"""So many tries of one bucket wait at a time; the next is told when to try again."""


@dataclass
class _Bucket:
    fill: float = 0.0
    at: float = 0.0
    waiting: int = 0


class Slowing:
    """Buckets of one process, filled by what raises `wrong`; `at_once` tries of one wait at a time.

    `clock` gives seconds that only rise; `sleep` waits for seconds.
    """

    def __init__(
        self,
        addresses: Seeded,
        wrong: type[WaymarkError],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        at_once: int = AT_ONCE,
    ) -> None:
        self._addresses = addresses
        self._wrong = wrong
        self._clock = clock
        self._sleep = sleep
        self._at_once = at_once
        self._seed = addresses.seed
        self._buckets: dict[int, _Bucket] = {}

    def _bucket(self, address: str) -> _Bucket:
        now, number = self._clock(), self._addresses.number(address)
        if self._addresses.seed != self._seed:
            self._seed = self._addresses.seed
            self._buckets = {}
        bucket = self._buckets.setdefault(number, _Bucket(at=now))
        bucket.fill = max(0.0, bucket.fill - (now - bucket.at) / DRAINS_IN_S)
        bucket.at = now
        return bucket

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Waits as long as the address has to, then lets one try be made.

        Only a wrong try fills the bucket. Raises SlowDown, which fills nothing,
        when too many of the bucket wait already.
        """
        bucket = self._bucket(address)
        if bucket.waiting >= self._at_once:
            raise SlowDown(int(LONGEST_S))
        bucket.waiting += 1
        over = bucket.fill + bucket.waiting - 1 - FREE
        try:
            if over > 0:
                await self._sleep(min(over * STEP_S, LONGEST_S))
            yield
        except self._wrong:
            bucket.fill += 1
            raise
        finally:
            bucket.waiting -= 1
