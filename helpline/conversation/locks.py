"""One lock for each conversation that is busy, so that its messages keep their order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Locks:
    """Locks by conversation; one that nobody holds or waits for is forgotten."""

    def __init__(self) -> None:
        self._locks: dict[bytes, tuple[asyncio.Lock, int]] = {}

    def busy(self, conversation: bytes) -> bool:
        """True while somebody holds or waits for this conversation's lock."""
        return conversation in self._locks

    @asynccontextmanager
    async def hold(self, conversation: bytes) -> AsyncIterator[None]:
        lock, users = self._locks.get(conversation, (asyncio.Lock(), 0))
        self._locks[conversation] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[conversation]
            if users == 1:
                del self._locks[conversation]
            else:
                self._locks[conversation] = lock, users - 1
