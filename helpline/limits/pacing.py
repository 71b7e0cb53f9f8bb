"""How fast something may be asked for: a reserve, a rate, and a short wait instead of a refusal."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from helpline.conversation.errors import SlowDown


@dataclass(frozen=True)
class Pace:
    """So many at once, then so many a second, for each chat or each address.

    Who is faster waits up to `longest` seconds, and is told to come back where that is not enough.
    `why` is the reason for the numbers, as docs/routes.md prints it.
    """

    name: str
    per: Literal["chat", "address"]
    at_once: int
    per_second: float
    longest: float
    why: str


class Pacing:
    """The buckets of one pace, by number. `clock` gives seconds that only rise."""

    def __init__(
        self,
        pace: Pace,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._left: dict[int, tuple[float, float]] = {}

    async def wait(self, bucket: int) -> None:
        """Waits as long as the pace asks; raises SlowDown, which costs nothing, where that is long.

        Waiters are let through in the order they came.
        """
        pace, now = self._pace, self._clock()
        left, at = self._left.get(bucket, (float(pace.at_once), now))
        left = min(float(pace.at_once), left + (now - at) * pace.per_second) - 1
        due = max(0.0, -left / pace.per_second)
        if due > pace.longest:
            raise SlowDown(max(1, math.ceil(due - pace.longest)))
        self._left[bucket] = left, now
        if due:
            await self._sleep(due)
