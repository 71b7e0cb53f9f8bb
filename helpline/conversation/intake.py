"""What comes in goes before replies: while many messages are being taken in, replies give way.

Until it is read nobody knows whether a message is of danger. At twice what two cores can do, with
no such rule, warnings waited as long as replies did (docs/load.md).
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

MANY: Final = 8
"""With so many messages on their way in, the processors are short: on a quiet machine one takes
about 10 ms, so that 8 at a time are far more than are sent when all is well."""


class Intake:
    """Counts the messages that are being taken in, and lets one reply at a time past many."""

    def __init__(self) -> None:
        self._taking = 0
        self._one = asyncio.Lock()

    @contextmanager
    def taking(self) -> Iterator[None]:
        """A message is being taken in."""
        self._taking += 1
        try:
            yield
        finally:
            self._taking -= 1

    @asynccontextmanager
    async def giving_way(self) -> AsyncIterator[None]:
        """A reply is made; while many messages come in, one at a time, in the order they wait.

        One goes on at all times: a flood slows replies down, and does not stop them.
        """
        if not self._busy():
            yield
            return
        async with self._one:
            if self._busy():
                yield
                return
        yield

    def _busy(self) -> bool:
        """Whether many messages are being taken in."""
        return self._taking >= MANY
