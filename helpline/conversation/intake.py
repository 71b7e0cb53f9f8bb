"""What comes in goes before replies: while many messages are being taken in, replies give way.

Until it is read nobody knows whether a message is of danger. At twice what two cores can do, with
no such rule, warnings waited as long as replies did (docs/load.md).
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

MANY: Final = 8
"""With so many messages on their way in, the processors are short: on a quiet machine one takes
about 10 ms, so that 8 at a time are far more than are sent when all is well."""
PAUSE_S: Final = 0.1
"""While many messages come in, no reply is begun for so long after the last."""


class Intake:
    """Counts the messages that are being taken in; while they are many, few replies pass."""

    def __init__(self) -> None:
        self._taking = 0
        self._one = asyncio.Lock()
        self._few = asyncio.Event()
        self._few.set()

    @contextmanager
    def taking(self) -> Iterator[None]:
        """A message is being taken in."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    @asynccontextmanager
    async def giving_way(self) -> AsyncIterator[None]:
        """A reply is made; while many messages come in, one at a time, in the order they wait.

        Now and then one goes on at all times: a flood slows replies down, and does not stop them.
        """
        if self._few.is_set():
            yield
            return
        async with self._one:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._few.wait(), PAUSE_S)
            if not self._few.is_set():
                yield
                return
        yield

    def _count(self, one: int) -> None:
        self._taking += one
        if self._taking >= MANY:
            self._few.clear()
        else:
            self._few.set()
