"""A network of the test's own: a TCP proxy that freezes, resets, and tears answers in two."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Self

CHUNK = 16 * 1024
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing sends RST


class Network:
    """Carries bytes between people and the service at `port`; each kind of people has its own."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._flows = asyncio.Event()
        self._flows.set()
        self._tearing = False
        self._links: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.torn = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._link, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._flows.set()
        self.reset()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def freeze(self, seconds: float) -> None:
        """Nothing gets through, and nobody is told, for so long."""
        self._flows.clear()
        await asyncio.sleep(seconds)
        self._flows.set()

    async def tear(self, seconds: float) -> None:
        """For so long every answer breaks off in its middle: its request was heard all the same."""
        self._tearing = True
        await asyncio.sleep(seconds)
        self._tearing = False

    def reset(self) -> None:
        """All connections are reset at once."""
        for writer in list(self._links):
            _abort(writer)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            _abort(writer)
            return
        self._links |= {writer, far_writer}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, far_writer, tears=False))
                both.create_task(self._carry(far_reader, writer, tears=True))
        except* OSError:
            pass
        finally:
            self._links -= {writer, far_writer}
            _abort(writer)
            _abort(far_writer)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, tears: bool
    ) -> None:
        while data := await reader.read(CHUNK):
            await self._flows.wait()
            if tears and self._tearing:
                writer.write(data[: len(data) // 2])
                with suppress(OSError):
                    await writer.drain()
                self.torn += 1
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _abort(writer: asyncio.StreamWriter) -> None:
    link = writer.get_extra_info("socket")
    with suppress(OSError):
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
