"""Waymark's whole way from outside, by contract.md alone: starting, talking; measures nothing."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.errors import BenchError
from bench.load import Turn
from bench.processes import Group, Part, free_port

_READY_SECONDS = 120.0
_REPLY_SECONDS = 10.0


@dataclass(frozen=True)
class Arrival:
    """A numbered event and the moment it was read from the stream (perf_counter seconds)."""

    event: dict[str, Any]
    at: float


@dataclass(frozen=True)
class Waymark:
    """Talks to a running service as the young person's page does."""

    port: int

    @property
    def address(self) -> str:
        """Where the service listens, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    async def converse(
        self, session: aiohttp.ClientSession, texts: Sequence[str]
    ) -> AsyncGenerator[Turn]:
        """A new conversation with its stream open.

        A turn ends with the last of the assistant's messages that came at once; it counts as
        unanswered if none came within 10 s. Raises BenchError if the service refuses.
        """
        async with session.post(f"{self.address}/api/conversations", json={}) as answer:
            opened = await _expect(answer, 201)
        headers = {"Authorization": f"Bearer {opened['token']}"}
        after = max((event.get("number", 0) for event in opened["events"]), default=0)
        stream = _Stream()
        async with session.get(
            f"{self.address}/api/conversation/events",
            params={"after": str(after)},
            headers={**headers, "Accept": "text/event-stream"},
        ) as events:
            if events.status != 200:
                await _expect(events, 200)
            reader = asyncio.create_task(stream.read(events))
            try:
                for text in texts:
                    yield await self._turn(session, headers, stream, text)
            finally:
                reader.cancel()

    async def _turn(
        self,
        session: aiohttp.ClientSession,
        headers: dict[str, str],
        stream: "_Stream",
        text: str,
    ) -> Turn:
        begun = time.perf_counter()
        async with session.post(
            f"{self.address}/api/conversation/messages",
            json={"id": str(uuid.uuid4()), "text": text},
            headers=headers,
        ) as answer:
            number = (await _expect(answer, 201))["number"]
        acknowledged = time.perf_counter() - begun
        last = await stream.last_reply(number)
        if last is None:
            return Turn(False, time.perf_counter() - begun, acknowledged)
        return Turn(True, last - begun, acknowledged)


@dataclass
class _Stream:
    """What was read from one event stream so far."""

    arrivals: asyncio.Queue[Arrival] = field(default_factory=asyncio.Queue)

    async def read(self, answer: aiohttp.ClientResponse) -> None:
        """Puts every event with its moment into the queue until the stream ends."""
        rest = b""
        async for chunk in answer.content.iter_any():
            at = time.perf_counter()
            *blocks, rest = (rest + chunk).replace(b"\r\n", b"\n").split(b"\n\n")
            for block in blocks:
                lines = [ln[5:].strip() for ln in block.split(b"\n") if ln.startswith(b"data:")]
                if lines:
                    self.arrivals.put_nowait(Arrival(json.loads(b"\n".join(lines)), at))

    async def last_reply(self, number: int) -> float | None:
        """The moment of the assistant's reply to message `number`; None if none comes in 10 s."""
        try:
            async with asyncio.timeout(_REPLY_SECONDS):
                while not _is_reply(arrival := await self.arrivals.get(), number):
                    pass
        except TimeoutError:
            return None
        last = arrival.at
        while not self.arrivals.empty():
            arrival = self.arrivals.get_nowait()
            if _is_reply(arrival, number):
                last = arrival.at
        return last


def _is_reply(arrival: Arrival, number: int) -> bool:
    event = arrival.event
    return (
        event.get("type") == "message"
        and event.get("from") == "assistant"
        and event["number"] > number
    )


def part(project: Path, workspace: Path) -> tuple[Waymark, Part]:
    """The command to start, with its state in `workspace`, and the side that talks to it."""
    launcher = project / "waymark"
    if not launcher.is_file():
        raise BenchError("The launcher ./waymark is missing.")
    port, home = free_port(), workspace / "home"
    command = [str(launcher), "up", "--port", str(port), "--home", str(home), "--demo"]
    return Waymark(port), Part(
        "Waymark", command, project, {}, workspace / "waymark.log", more_logs=home / "log"
    )


async def wait_until_ready(side: Waymark, group: Group, text: str) -> None:
    """Returns once the service said READY and `text` was answered by the assistant."""
    while not group.said("READY"):
        group.check()
        if time.perf_counter() - group.started > _READY_SECONDS:
            raise BenchError(f"Waymark did not say READY within {_READY_SECONDS:.0f} s.")
        await asyncio.sleep(0.05)
    async with aiohttp.ClientSession() as session:
        async for turn in side.converse(session, [text]):
            if not turn.answered:
                raise BenchError("Waymark said READY, but its assistant does not answer.")


async def _expect(answer: aiohttp.ClientResponse, status: int) -> dict[str, Any]:
    if answer.status == 429:
        raise BenchError(
            "Waymark slowed the benchmark down (429): its limit is lower than the load."
        )
    if answer.status != status:
        raise BenchError(f"Waymark answered {answer.status} where {status} was due.")
    body: dict[str, Any] = await answer.json()
    return body
