"""Puts the table's limits before every route; what a route then does is its own concern."""

import functools
import time
from asyncio.transports import Transport
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, cast
from urllib.parse import parse_qs

from sanic import Request, Sanic
from sanic.exceptions import NotFound
from sanic.response import HTTPResponse
from sanic_ext.extensions.openapi.builders import OperationStore

from helpline.conversation.errors import SignInRefused, UnknownCode
from helpline.desk.roles import address_of, named
from helpline.limits.addresses import ADDRESSES, CHATS, Seeded, line_of
from helpline.limits.connections import Connection
from helpline.limits.paces import ALL
from helpline.limits.pacing import Pace, Pacing
from helpline.limits.places import Place, Places
from helpline.limits.row import Row
from helpline.limits.slowing import Slowing
from helpline.limits.table import TABLE
from helpline.limits.turns import Turns
from helpline.vault import WrapBroken, token_hash

Handler = Callable[..., Awaitable[HTTPResponse | None]]

STREAMS_OF_ALL: Final = 3 / 4
"""Of the connections, so that a quarter is left for messages and pages however many listen."""
STREAMS_OF_A_CHAT: Final = 6
"""A tab or two; a phone that changes networks leaves a stream behind that nobody reads. The newest
count: the oldest is closed, and a page that still wants it comes back after the last number."""
STREAMS_OF_THE_DESK: Final = 500
STREAMS_OF_A_SESSION: Final = 12
"""A worker's tabs."""
SIGN_INS_AT_ONCE: Final = 15
"""Of the 20 that may wait for a password to be hashed: an office's shift, and room for others."""


class Limits:
    """What is counted in one process; nothing in it leads back to an address or a chat."""

    def __init__(self, connections: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.addresses = Seeded(ADDRESSES, clock)
        self.chats = Seeded(CHATS, clock)
        self.turns = Turns()
        self.pacing = {pace: Pacing(pace, clock) for pace in ALL}
        self.connections = Places(connections)
        self.open_connections: dict[Place, Connection] = {}
        self.streams = Places(int(connections * STREAMS_OF_ALL), STREAMS_OF_A_CHAT)
        self.desk_streams = Places(STREAMS_OF_THE_DESK, STREAMS_OF_A_SESSION)
        self.codes = Slowing(self.addresses, UnknownCode, clock)
        self.sign_ins = Slowing(self.addresses, SignInRefused, clock, at_once=SIGN_INS_AT_ONCE)


def limits_of(request: Request) -> Limits:
    """The limits of this process, as the composition root made them."""
    limits: Limits = request.app.ctx.limits
    return limits


def line(request: Request) -> str:
    """The line that a request came over: of `Forwarded` only with the shared secret."""
    return line_of(request.client_ip)


async def keep_pace(request: Request, pace: Pace) -> None:
    """Waits as the pace asks for this chat or address; raises SlowDown.

    What is no token waits for nothing: it is told that it is none.
    """
    limits = limits_of(request)
    if pace.per == "address":
        await limits.pacing[pace].wait(limits.addresses.number(line(request)))
        return
    with suppress(WrapBroken):
        await limits.pacing[pace].wait(limits.chats.number(token_hash(_token(request)).hex()))


def _token(request: Request) -> str:
    """The token of the header, or of the form where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    try:
        given = parse_qs(request.body.decode("utf-8"), max_num_fields=16)
    except ValueError:
        return ""
    return given.get("token", [""])[-1]


@asynccontextmanager
async def slowed(request: Request, slowing: Slowing) -> AsyncIterator[None]:
    """One try of what may be guessed: it waits in a line of its own, not in the address's."""
    request.ctx.turn.release()
    async with slowing.turn(line(request)):
        yield


@asynccontextmanager
async def streaming(request: Request, places: Places, owner: bytes) -> AsyncIterator[None]:
    """Holds a place among the streams; the address's turn is over, others may have theirs."""
    request.ctx.turn.release()
    bucket = limits_of(request).addresses.number(line(request))
    abort = cast(Transport, request.transport).abort
    place = Place(bucket, owner, abort, lambda: True)
    places.take(place)
    try:
        yield
    finally:
        places.leave(place)


def limited(handler: Handler, row: Row) -> Handler:
    """The handler with its row's limits before it: the chat's pace first, so that who is slowed
    for being fast does not take the turn of others at the same address."""

    @functools.wraps(handler)
    async def run(request: Request, *given: object, **named: object) -> HTTPResponse | None:
        for pace in row.paces:
            await keep_pace(request, pace)
        if not row.turn:
            return await handler(request, *given, **named)
        limits = limits_of(request)
        request.ctx.turn = turn = await limits.turns.take(limits.addresses.number(line(request)))
        try:
            return await handler(request, *given, **named)
        finally:
            turn.release()

    return run


def enforce(app: Sanic[Any, Any], connections: int) -> None:
    """Puts the limits before every route of `app`, which has all of its routes by now."""
    app.ctx.limits = Limits(connections)
    operations = OperationStore()  # type: ignore[no-untyped-call]
    for route in app.router.routes:
        row = TABLE.get(named(min(route.methods), route.path))
        if row is not None:
            described = operations.get(route.handler)
            route.handler = limited(route.handler, row)
            if described is not None:
                operations[route.handler] = described

    @app.signal("http.routing.after")
    async def before_the_body(request: Request, route: Any, **_: object) -> None:
        row = TABLE.get(address_of(request))
        if row is None:
            raise NotFound
        if request.stream is None:
            return
        request.stream.request_max_size = row.largest
        if request.stream.request_body and route.extra.ignore_body:
            # Else Sanic writes a line to the log for each.
            await request.receive_body()  # type: ignore[no-untyped-call]
