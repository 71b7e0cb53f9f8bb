"""Somebody who asks for far too much: a process of its own, so that it slows no clock of a test.

`python -m tests.attacks.flood KIND URL COUNT FROM` floods the service from the address FROM and
prints what it was answered as JSON: how often each status, "closed" where there was none.
"""

import asyncio
import json
import resource
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

TEN_MB: Final = 10_000_000
MANY: Final = 100
"""Conversations of a flood that comes from many."""
LINES: Final = 200
"""Connections that requests are sent over at once."""
DRIP_S: Final = 0.5


@dataclass(frozen=True)
class Target:
    """The service, and the address that the flood comes from."""

    host: str
    port: int
    source: str

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port, local_addr=(self.source, 0))


def head(method: str, path: str, length: int = 0, **headers: str) -> bytes:
    """The head of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def status_of(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """The status of an answer, and its body."""
    top = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(row[15:]) for row in top.lower().split(b"\r\n") if row.startswith(b"content-length:")),
        0,
    )
    return top.split(b" ")[1].decode(), await reader.readexactly(length)


async def begin(target: Target, count: int) -> list[str]:
    """Begins conversations; returns their tokens."""
    reader, writer = await target.connect()
    tokens = []
    for _ in range(count):
        writer.write(head("POST", "/api/conversations"))
        status, body = await status_of(reader)
        assert status == "201", status
        tokens.append(json.loads(body)["token"])
    writer.close()
    return tokens


async def bodies(target: Target, count: int, answers: Counter[str]) -> None:
    """Sends bodies of 10 MB: every other one does not say so beforehand."""

    async def one(number: int) -> None:
        reader, writer = await target.connect()
        length = {"Transfer-Encoding": "chunked"} if number % 2 else {}
        top = head("POST", "/api/conversations/return", TEN_MB, **length)
        if number % 2:
            top = top.replace(f"Content-Length: {TEN_MB}\r\n".encode(), b"")
        chunk = b"a" * 65_536
        framed = b"10000\r\n" + chunk + b"\r\n" if number % 2 else chunk
        sent = 0
        try:
            writer.write(top)
            while sent < TEN_MB:
                writer.write(framed)
                await writer.drain()
                sent += len(chunk)
                if reader._buffer:  # type: ignore[attr-defined]  # it has answered already
                    break
            answers[(await status_of(reader))[0]] += 1
        except (OSError, asyncio.IncompleteReadError):
            answers["closed"] += 1
        answers["megabytes"] += round(sent / 1e6)
        writer.close()

    for start in range(0, count, 10):
        await asyncio.gather(*(one(number) for number in range(start, min(start + 10, count))))


def messages(conversations: int) -> Callable[[Target, int, Counter[str]], Awaitable[None]]:
    """Sends messages from so many conversations, as fast as it can over 200 connections."""

    async def flood(target: Target, count: int, answers: Counter[str]) -> None:
        tokens = cycle(await begin(target, conversations))
        left = iter([next(tokens) for _ in range(count)])

        async def line() -> None:
            reader, writer = await target.connect()
            for token in left:
                body = json.dumps({"id": str(uuid4()), "text": "is anybody there"}).encode()
                top = head(
                    "POST",
                    "/api/conversation/messages",
                    len(body),
                    Authorization=f"Bearer {token}",
                )
                writer.write(top + body)
                answers[(await status_of(reader))[0]] += 1
            writer.close()

        await asyncio.gather(*(line() for _ in range(LINES)))

    return flood


def streams(conversations: int) -> Callable[[Target, int, Counter[str]], Awaitable[None]]:
    """Tries to hold so many streams open, and counts which are still open at the end."""

    async def flood(target: Target, count: int, answers: Counter[str]) -> None:
        tokens = cycle(await begin(target, conversations))
        held: list[tuple[asyncio.Task[bytes], asyncio.StreamWriter]] = []

        async def one(token: str) -> None:
            try:
                reader, writer = await target.connect()
                bearer = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
                writer.write(head("GET", "/api/conversation/events", 0, **bearer))
                await reader.readuntil(b"\r\n\r\n")
                held.append((asyncio.create_task(reader.read()), writer))
            except (OSError, asyncio.IncompleteReadError):
                answers["closed"] += 1

        for start in range(0, count, LINES):
            batch = range(start, min(start + LINES, count))
            await asyncio.gather(*(one(next(tokens)) for _ in batch))
        if held:  # those that are being closed are not open
            await asyncio.wait({ended for ended, _ in held}, timeout=1)
        answers["tried"] = count
        answers["open"] = sum(not ended.done() for ended, _ in held)
        for _, writer in held:
            writer.transport.abort()
        await asyncio.gather(*(ended for ended, _ in held), return_exceptions=True)

    return flood


async def school(target: Target, count: int, answers: Counter[str]) -> None:
    """No flood: so many young people behind one address begin and write at the same moment."""

    async def one() -> None:
        reader, writer = await target.connect()
        writer.write(head("POST", "/api/conversations"))
        status, body = await status_of(reader)
        answers[status] += 1
        sent = json.dumps({"id": str(uuid4()), "text": "is anybody there"}).encode()
        bearer = {"Authorization": f"Bearer {json.loads(body)['token']}"}
        writer.write(head("POST", "/api/conversation/messages", len(sent), **bearer) + sent)
        answers[(await status_of(reader))[0]] += 1
        writer.close()

    await asyncio.gather(*(one() for _ in range(count)))


async def halves(target: Target, count: int, answers: Counter[str]) -> None:
    """Says nothing at all, or a head or a body one byte at a time, until each is closed."""
    body = head("POST", "/api/conversations/return", 4_000)
    refused = head("POST", "/nothing", 900)

    async def one(number: int) -> None:
        try:
            reader, writer = await target.connect()
            closed = asyncio.ensure_future(reader.read())
            if number % 3 == 2:
                writer.write(body if number % 2 else refused)
            for byte in cycle(b"GET / HTTP/1.1\r\nX: " + b"a" * 4000):
                if number % 3:
                    writer.write(bytes([byte]))
                done, _ = await asyncio.wait({closed}, timeout=DRIP_S)
                if done:
                    answers["408" if b" 408 " in closed.result()[:20] else "closed"] += 1
                    break
            writer.close()
        except OSError:
            answers["closed"] += 1

    await asyncio.gather(*(one(number) for number in range(count)))


KINDS: Final = {
    "bodies": bodies,
    "messages-of-one": messages(1),
    "messages-of-many": messages(MANY),
    "streams-of-one": streams(1),
    "streams-of-many": streams(300),
    "halves": halves,
    "school": school,
}


def main() -> None:
    """Floods, and prints what came of it."""
    kind, url, count, source = sys.argv[1:]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    parts = urlsplit(url)
    target = Target(parts.hostname or "", parts.port or 0, source)
    answers: Counter[str] = Counter()
    asyncio.run(KINDS[kind](target, int(count), answers))
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
