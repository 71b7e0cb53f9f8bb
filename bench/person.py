"""One young person of a crowd: their stream, what they sent and what came; judges nothing."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bench.errors import BenchError
from bench.wire import Connection

_EVENTS = "/api/conversation/events"


@dataclass(frozen=True)
class Sent:
    """A message that was acknowledged; moments are perf_counter seconds.

    `due` is when it was to be sent: what it waited for the one before counts too.
    """

    number: int
    text: str
    due: float
    acknowledged: float


@dataclass(frozen=True)
class Arrival:
    """A numbered event and the moment it was read from the stream."""

    event: dict[str, Any]
    at: float

    @property
    def number(self) -> int:
        number: int = self.event["number"]
        return number

    @property
    def sender(self) -> str | None:
        """Who wrote it; None for a state."""
        return self.event.get("from")


def source(place: int) -> str:
    """The loopback address of the person at this place, each another one (127.x.y.z)."""
    return f"127.{1 + place // 62_500}.{place // 250 % 250}.{1 + place % 250}"


@dataclass
class Person:
    """A conversation with its stream open and a connection to send on."""

    port: int
    place: int
    sent: list[Sent] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    _headers: dict[str, str] = field(default_factory=dict)
    _rest: bytes = b""
    _stream: Connection | None = None
    _sending: Connection | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _first: int = 0

    async def start(self) -> None:
        """Begins the conversation."""
        self._sending = await Connection.open(self.port, source(self.place))
        answer = await self._sending.ask("POST", "/api/conversations", {})
        if answer.status != 201:
            raise BenchError(f"A conversation was refused with {answer.status}.")
        begun = json.loads(answer.body)
        self._headers = {"Authorization": f"Bearer {begun['token']}"}
        self._first = max((event["number"] for event in begun["events"]), default=0)

    async def follow(self, *, small: bool = False) -> None:
        """Opens the stream after what has come so far; returns once the service has answered.

        `small` has the least receive buffer that the system gives.
        """
        if self._sending is not None and not small:
            self._stream, self._sending = self._sending, None  # as a browser uses it again
        else:
            self._stream = await Connection.open(self.port, source(self.place), small=small)
        self._rest = b""
        self._news.clear()
        after = {"Last-Event-ID": str(self.last)}
        self._stream.follow(_EVENTS, {**self._headers, **after}, self._hear)
        async with asyncio.timeout(120):
            await self._news.wait()

    @property
    def stream(self) -> Connection:
        """The connection of the stream; raises BenchError before `follow`."""
        if self._stream is None:
            raise BenchError("A stream was asked for before it was opened.")
        return self._stream

    @property
    def last(self) -> int:
        """The number of the last event that came, the greeting included."""
        return self.arrivals[-1].number if self.arrivals else self._first

    async def send(self, text: str, due: float) -> Sent:
        """Sends a text after those before it; raises BenchError if it is not taken."""
        body = json.dumps({"id": str(uuid.uuid4()), "text": text}).encode()
        headers = {**self._headers, "Content-Type": "application/json"}
        async with self._turn:
            if self._sending is None or self._sending.lost.is_set():
                self._sending = await Connection.open(self.port, source(self.place))
            answer = await self._sending.ask("POST", "/api/conversation/messages", headers, body)
            acknowledged = time.perf_counter()
            if answer.status != 201:
                raise BenchError(f"A message was refused with {answer.status}.")
            sent = Sent(json.loads(answer.body)["number"], text, due, acknowledged)
            self.sent.append(sent)
        return sent

    async def history(self) -> list[dict[str, Any]]:
        """What the service has kept of the conversation since its greeting."""
        headers = {**self._headers, "Accept": "application/json"}
        async with self._turn:
            if self._sending is None or self._sending.lost.is_set():
                self._sending = await Connection.open(self.port, source(self.place))
            answer = await self._sending.ask("GET", f"{_EVENTS}?after={self._first}", headers)
        if answer.status != 200:
            raise BenchError(f"A history was refused with {answer.status}.")
        events: list[dict[str, Any]] = json.loads(answer.body)["events"]
        return events

    def first(self, wanted: Callable[[Arrival], bool]) -> Arrival | None:
        """The first arrival of that kind so far."""
        return next((arrival for arrival in self.arrivals if wanted(arrival)), None)

    async def until(self, wanted: Callable[[Arrival], bool]) -> Arrival:
        """Waits for the first arrival of that kind."""
        while (found := self.first(wanted)) is None:
            self._news.clear()
            await self._news.wait()
        return found

    async def answered(self, patience: float) -> None:
        """Waits until every message has a reply of the assistant, `patience` seconds at most."""

        def all_answered(_: Arrival) -> bool:
            replies = [one.number for one in self.arrivals if one.sender == "assistant"]
            last = max((each.number for each in self.sent), default=0)
            return len(replies) >= len(self.sent) and max(replies, default=0) > last

        if self.sent:
            await self._within(all_answered, patience)

    async def reached(self, number: int, patience: float) -> None:
        """Waits until the stream has come up to a number, `patience` seconds at most."""
        if self.last < number:
            await self._within(lambda arrival: arrival.number >= number, patience)

    async def _within(self, wanted: Callable[[Arrival], bool], patience: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.until(wanted)

    def close(self) -> None:
        for connection in (self._stream, self._sending):
            if connection is not None:
                connection.close()

    def _hear(self, part: bytes) -> None:
        at = time.perf_counter()
        *blocks, self._rest = (self._rest + part).split(b"\n\n")
        for block in blocks:
            data = block.rpartition(b"data: ")[2]
            if block.startswith(b"id: "):
                self.arrivals.append(Arrival(json.loads(data), at))
        self._news.set()
