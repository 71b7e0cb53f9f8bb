"""Sends the same messages to either side and times the replies; how to talk is the side's own."""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiohttp

from bench.errors import BenchError

CONVERSATION = 20  # messages in one conversation: about as long as a chat with a helpline is
_REQUEST_SECONDS = 30.0


@dataclass(frozen=True)
class Turn:
    """One message and what came back; seconds since its POST was begun.

    `replied` ends with the last reply that arrived, `acknowledged` with the answer to the POST.
    """

    answered: bool
    replied: float
    acknowledged: float


class Side(Protocol):
    """What can be talked to: stock Rasa or Waymark."""

    def converse(
        self, session: aiohttp.ClientSession, texts: Sequence[str]
    ) -> AsyncGenerator[Turn]:
        """A new conversation of these messages, each sent when the one before is answered."""
        ...


@dataclass(frozen=True)
class Throughput:
    """What several clients got in a window of `seconds`."""

    answered: int
    unanswered: int
    seconds: float

    @property
    def rate(self) -> float:
        """Replies per second."""
        return self.answered / self.seconds


def read_messages(path: Path) -> list[str]:
    """The messages of a file, enough of them for a conversation (`read_lines`)."""
    messages = read_lines(path)
    if len(messages) < CONVERSATION:
        raise BenchError(f"{path.name} needs at least {CONVERSATION} messages.")
    return messages


def read_lines(path: Path) -> list[str]:
    """The messages of a file, one a line; lines that begin with `#` are remarks."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise BenchError(f"The messages cannot be read from {path.name}.") from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def client_session() -> aiohttp.ClientSession:
    """An HTTP client without a limit on connections; each request has 30 s to begin."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=_REQUEST_SECONDS),
    )


async def one_client(side: Side, messages: Sequence[str], count: int) -> list[Turn]:
    """Sends `count` messages one after the other, in conversations of 20; gives every turn."""
    turns: list[Turn] = []
    async with client_session() as session:
        for conversation in _conversations(messages, 0):
            wanted = conversation[: count - len(turns)]
            turns += [turn async for turn in side.converse(session, wanted)]
            if len(turns) >= count:
                break
    return turns


async def many_clients(
    side: Side, messages: Sequence[str], clients: int, seconds: float
) -> Throughput:
    """Lets `clients` talk at once, each in conversations of its own, for `seconds`.

    Opening the conversations lies inside the window; a reply after its end is not counted.
    """
    begun = time.perf_counter()
    end = begun + seconds
    async with client_session() as session:
        counts = await asyncio.gather(
            *(
                _until(side, session, _conversations(messages, 5 * client), end)
                for client in range(clients)
            )
        )
    answered, unanswered = (sum(column) for column in zip(*counts, strict=True))
    return Throughput(answered, unanswered, seconds)


async def _until(
    side: Side, session: aiohttp.ClientSession, conversations: Iterator[list[str]], end: float
) -> tuple[int, int]:
    answered = unanswered = 0
    for conversation in conversations:
        async with aclosing(side.converse(session, conversation)) as turns:
            async for turn in turns:
                if time.perf_counter() > end:
                    return answered, unanswered
                answered += turn.answered
                unanswered += not turn.answered
    return answered, unanswered


def _conversations(messages: Sequence[str], offset: int) -> Iterator[list[str]]:
    endless = itertools.islice(itertools.cycle(messages), offset, None)
    while True:
        yield list(itertools.islice(endless, CONVERSATION))
