"""The service's sockets: how many, how long one may take to say what it wants, and whose gives way.

Sanic restarts its clock at every byte, so that one byte a minute holds a connection for ever; here
a request has one deadline for all of it.
"""

import asyncio
import resource
from asyncio.transports import BaseTransport, Transport
from typing import Any, Final, cast

from sanic import Sanic
from sanic.exceptions import RequestTimeout
from sanic.http import Stage

from helpline.limits.addresses import line_of
from helpline.limits.places import Place
from helpline.limits.readers import Reader

MOST_CONNECTIONS: Final = 8_000
"""2,000 open streams are promised (issue 6); four times as many, at some 50 kB each, are 400 MB."""
KEPT_BACK: Final = 256
"""Descriptors for the database, the assistant, files, and sockets that are being closed."""
FIRST_BYTE_S: Final = 20.0
"""A browser opens a connection ahead of need; one that says nothing is closed after so long."""
WHOLE_REQUEST_S: Final = 20.0
"""The largest form of a young person takes 13 s at 5 kB a second, a telephone's slowest network."""
LOOKED_THROUGH_EVERY_S: Final = 1.0
BACKLOG: Final = 1_024
"""Connections that the system holds until they are accepted: a burst, not a refusal."""


def most_connections() -> int:
    """How many connections to serve: raises this process's own limit of open files first."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + KEPT_BACK
    allowed = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(1, min(MOST_CONNECTIONS, allowed - KEPT_BACK))


class Connection(Reader):
    """Sanic's connection, with a place of its own, a deadline, and bounds for who reads slowly."""

    __slots__ = ("_overdue", "_place", "_since", "_spoke")

    def connection_made(self, transport: BaseTransport) -> None:
        """Takes a place; the address that has most gives one up when there are too many."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._spoke = self._overdue = False
        limits = self.app.ctx.limits
        peer = transport.get_extra_info("peername")
        bucket = limits.addresses.number(line_of(peer[0]) if peer else "")
        abort = cast(Transport, transport).abort
        self._place = Place(bucket, None, abort, lambda: bool(self.http))
        limits.connections.take(self._place)
        limits.open_connections[self._place] = self

    def connection_lost(self, exc: Exception | None) -> None:
        """Frees the place."""
        limits = self.app.ctx.limits
        limits.connections.leave(self._place)
        limits.open_connections.pop(self._place, None)
        super().connection_lost(exc)  # type: ignore[no-untyped-call]

    def data_received(self, data: bytes) -> None:
        """Notes when a request began."""
        http = self.http
        if http is None or (http.stage is Stage.IDLE and not http.request_body):
            self._since, self._spoke = self.loop.time(), True
        super().data_received(data)

    def end_if_overdue(self, now: float) -> None:
        """Ends a connection that said nothing, or not all of a request, for too long: with a 408
        where a request had begun."""
        http, lasted = self.http, now - self._since
        if http is None or self._task is None:
            return
        if self._overdue:  # answered, and Sanic waits for the rest of the body all the same
            cast(Transport, self.transport).abort()
            return
        unfinished = http.stage is Stage.REQUEST or http.request_body
        if not self._spoke and lasted > FIRST_BYTE_S:
            self.close()
        elif unfinished and lasted > WHOLE_REQUEST_S:
            self._overdue = True
            http.exception = RequestTimeout("Request Timeout")
            self._task.cancel()


async def look_through(app: Sanic[Any, Any]) -> None:
    """Ends what is overdue, for as long as the service runs."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOKED_THROUGH_EVERY_S)
        for connection in list(app.ctx.limits.open_connections.values()):
            connection.end_if_overdue(loop.time())
