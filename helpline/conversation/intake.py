"""What comes in goes before replies: while many messages are being taken in, replies give way.

Until it is read nobody knows whether a message is of danger. At twice what two cores can do, with
no such rule, warnings waited as long as replies did (docs/load.md).
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

MANY: Final = 8
"""So many messages of different chats at once, each of which takes about 10 ms until it is on disk,
say that the machine is short of processor or disk."""
PAUSE_S: Final = 0.1
"""While they are many, a reply is begun after so long at most often."""


class Intake:
    """Counts the messages that are being taken in; while they are many, few replies are begun."""

    def __init__(self) -> None:
        self._taking = 0
        self._line = asyncio.Lock()
        self._few = asyncio.Event()
        self._few.set()

    @contextmanager
    def taking(self) -> Iterator[None]:
        """A message is being screened and kept."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    async def give_way(self) -> None:
        """Returns when a reply may be begun: at once, but while many messages come in.

        Then one may now and then, in the order they wait: a flood slows replies, and stops none.
        """
        if self._few.is_set() and not self._line.locked():
            return
        async with self._line:
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    while not self._few.is_set():
                        await self._few.wait()

    def _count(self, one: int) -> None:
        self._taking += one
        if self._taking >= MANY:
            self._few.clear()
        else:
            self._few.set()
