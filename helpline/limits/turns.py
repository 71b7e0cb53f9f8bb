"""How much of the service one address has at a time, so that a busy one slows itself first.

With nobody else here an address may have all of it: what is limited is how many of its requests
are worked on at once, not how many there are in a second.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from helpline.conversation.errors import SlowDown

AT_ONCE: Final = 16
"""More than the threads of the database and the writer, so that one address alone can use the whole
machine; few enough that whoever comes from elsewhere stands behind 16 writes, some 0.1 s."""
IN_LINE: Final = 600
"""A school of 300 whose pages all ask twice at the same moment."""
LONGEST_S: Final = 10.0
"""A page gives up after 15 s; it is told to come back before."""
COME_BACK_S: Final = 2


@dataclass
class _Lane:
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    users: int = 0


class Turn:
    """One request's turn; `release` may be called more than once."""

    def __init__(self, lanes: dict[int, _Lane], bucket: int) -> None:
        self._lanes = lanes
        self._bucket = bucket
        self._held = True

    def release(self) -> None:
        """Lets the next of the address have its turn."""
        if self._held:
            self._held = False
            lane = self._lanes[self._bucket]
            lane.free.release()
            _leave(self._lanes, self._bucket)


class Turns:
    """Turns by the number of an address's bucket; a bucket that nobody uses is forgotten."""

    def __init__(self) -> None:
        self._lanes: dict[int, _Lane] = {}

    async def take(self, bucket: int) -> Turn:
        """Waits in the address's own line; raises SlowDown when it is long or does not move."""
        lane = self._lanes.setdefault(bucket, _Lane())
        if lane.users >= AT_ONCE + IN_LINE:
            raise SlowDown(COME_BACK_S)
        lane.users += 1
        try:
            async with asyncio.timeout(LONGEST_S):
                await lane.free.acquire()
        except BaseException as error:
            _leave(self._lanes, bucket)
            if isinstance(error, TimeoutError):
                raise SlowDown(COME_BACK_S) from None
            raise
        return Turn(self._lanes, bucket)


def _leave(lanes: dict[int, _Lane], bucket: int) -> None:
    lane = lanes[bucket]
    lane.users -= 1
    if not lane.users:
        del lanes[bucket]
