"""Slows down who guesses codes, without knowing who it is; never shuts anybody out.

An address falls into one of 1,024 buckets by a seed that lives in memory and changes every hour,
so nothing here leads back to it. A bucket fills with wrong codes and drains with time; the fuller
it is, the longer the next try waits. Others who share it (a school) wait as well, and get in.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from helpline.conversation.errors import SlowDown, UnknownCode

BUCKETS: Final = 1024
ROTATED_AFTER_S: Final = 3600.0
FREE: Final = 5
"""So many wrong codes cost nothing but themselves."""
STEP_S: Final = 0.5
LONGEST_S: Final = 10.0
DRAINS_IN_S: Final = 10.0
"""A bucket forgets one wrong code in so many seconds."""
AT_ONCE: Final = 8
"""So many tries of one bucket wait at a time; the next is told when to try again."""


@dataclass
class _Bucket:
    fill: float = 0.0
    at: float = 0.0
    waiting: int = 0


class Slowing:
    """Buckets of one process. `clock` gives seconds that only rise; `sleep` waits for seconds."""

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._rotate()

    def _rotate(self) -> None:
        self._seed = secrets.token_bytes(16)
        self._made = self._clock()
        self._buckets: dict[int, _Bucket] = {}

    def _bucket(self, address: str) -> _Bucket:
        now = self._clock()
        if now - self._made > ROTATED_AFTER_S:
            self._rotate()
        hashed = hashlib.blake2b(address.encode(), key=self._seed, digest_size=4).digest()
        bucket = self._buckets.setdefault(int.from_bytes(hashed) % BUCKETS, _Bucket(at=now))
        bucket.fill = max(0.0, bucket.fill - (now - bucket.at) / DRAINS_IN_S)
        bucket.at = now
        return bucket

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Waits as long as the address has to, then lets one try be made.

        Only a try that raises UnknownCode fills the bucket. Raises SlowDown, which fills nothing,
        when too many of the bucket wait already.
        """
        bucket = self._bucket(address)
        if bucket.waiting >= AT_ONCE:
            raise SlowDown(int(LONGEST_S))
        bucket.waiting += 1
        over = bucket.fill + bucket.waiting - 1 - FREE
        try:
            if over > 0:
                await self._sleep(min(over * STEP_S, LONGEST_S))
            yield
        except UnknownCode:
            bucket.fill += 1
            raise
        finally:
            bucket.waiting -= 1
