"""What is held for one who reads slowly, and for how long; others say what is sent."""

import asyncio
import socket
import struct
from asyncio.transports import BaseTransport
from contextlib import suppress
from typing import Any, Final, override

from sanic.exceptions import RequestCancelled
from sanic.server.protocols.http_protocol import HttpProtocol

READS_WITHIN_S: Final = 10.0
"""Who has not read for so long what waits for them is cut off; their page comes back for it."""
KERNEL_HOLDS: Final = 64 * 1024
"""Bytes of a connection that the system keeps for a slow reader (Linux: twice as many). Left to
itself it keeps megabytes, where neither Sanic nor a limit of ours sees them: of ten streams with
400 KB each that nobody read, none was cut off in 100 s."""
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER with no time: nothing stays behind


class Reader(HttpProtocol):
    """Sanic's own, but for readers who hang: what they hold is bounded, and how long.

    Sanic waits for a full buffer for as long as a byte comes in from time to time, and then leaves
    what is unsent to the system for minutes.
    """

    @override
    def connection_made(self, transport: BaseTransport) -> None:
        """Bounds what the system keeps, then goes on as Sanic does."""
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_HOLDS)
        super().connection_made(transport)  # type: ignore[no-untyped-call]

    @override
    async def send(self, data: bytes) -> None:
        """Writes once there is room; raises RequestCancelled for who makes none."""
        if not self._can_write.is_set():
            try:
                async with asyncio.timeout(READS_WITHIN_S):
                    await self._can_write.wait()
            except TimeoutError:
                self._cut_off()
                raise RequestCancelled from None
        await super().send(data)  # type: ignore[no-untyped-call]

    def _cut_off(self) -> None:
        transport: Any = self.transport
        with suppress(OSError):
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _RESET
            )
        transport.abort()
