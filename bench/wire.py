"""HTTP/1.1 from an address of one's own, with as little work as a load allows; asks nothing itself.

One connection costs a fraction of what aiohttp's does, so that two thousand of them and their load
leave the machine to the service. The parser is httptools, the one the service rests on.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httptools

from bench.errors import BenchError

ANSWER_SECONDS: Final = 120.0
STREAM: Final = {"Accept": "text/event-stream"}
_SMALLEST_WINDOW: Final = 4096  # bytes


@dataclass(frozen=True)
class Answer:
    """A status and the whole body."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """One connection: asks one thing after another, and in the end may follow a stream.

    `deaf` reads nothing that comes once a stream is followed, as a client that hangs.
    """

    def __init__(self) -> None:
        self._parser: Any = None
        self._body = bytearray()
        self._asked: asyncio.Future[Answer] | None = None
        self._following: Callable[[bytes], None] | None = None
        self._transport: Any = None
        self.lost = asyncio.Event()

    @classmethod
    async def open(cls, port: int, source: str, *, small: bool = False) -> "Connection":
        """Connects to `port` of loopback from `source`; `small` has the least buffer it can."""
        loop = asyncio.get_running_loop()
        sock = socket.socket()
        sock.setblocking(False)
        if small:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALLEST_WINDOW)
        sock.bind((source, 0))
        await loop.sock_connect(sock, ("127.0.0.1", port))
        _, connection = await loop.create_connection(cls, sock=sock)
        return connection

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
    ) -> Answer:
        """Sends a request and returns the answer; raises BenchError if none comes."""
        self._asked = asyncio.get_running_loop().create_future()
        self._send(method, path, headers, body)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._asked
        except TimeoutError as error:
            raise BenchError(f"No answer to {method} within {ANSWER_SECONDS:.0f} s.") from error

    def follow(self, path: str, headers: Mapping[str, str], heard: Callable[[bytes], None]) -> None:
        """Sends a request whose answer does not end; `heard` gets its body as it comes."""
        self._following = heard
        self._send("GET", path, {**headers, **STREAM}, b"")

    def stop_reading(self) -> None:
        """From now on nothing that comes is read, as by a client that hangs."""
        self._transport.pause_reading()

    def close(self) -> None:
        self._transport.abort()

    @property
    def socket(self) -> Any:
        """The socket beneath, to be watched."""
        return self._transport.get_extra_info("socket")

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body.clear()
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        self._transport.write("\r\n".join([*lines, "", ""]).encode() + body)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, _: Exception | None) -> None:
        self.lost.set()
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(BenchError("The service closed a connection."))

    # What httptools calls.
    def on_body(self, body: bytes) -> None:
        if self._following is not None and self._parser.get_status_code() == 200:
            self._following(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        if self._following is None and self._asked is not None and not self._asked.done():
            self._asked.set_result(Answer(self._parser.get_status_code(), bytes(self._body)))
