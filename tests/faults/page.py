"""A young person's page without its page: sends, retries and follows as chat.js and stream.js do.

A message that was not acknowledged is sent again under the same id; a lost stream is resumed after
the last number seen. What is done, and when, is `people`'s.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import aiohttp

from tests.faults.record import Event, Page, Sent, Stream

PATIENCE_S = 15.0
SILENCE_S = 35.0
LONGEST_WAIT_S = 15.0
"""As in chat.js and stream.js."""

LOST = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


class Refused(Exception):
    """The service said no for good (409, 404 …), or the chat is not open any more."""


class Browser:
    """One tab of a young person; all that happens in it goes into `log`."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, log: Page, resumes: str, chance: random.Random
    ) -> None:
        self.log, self.owner, self.last = log, "assistant", 0
        self.buttons: dict[str, str] = {}
        self._http, self._url, self._resumes, self._chance = http, url, resumes, chance
        self._news = asyncio.Event()
        self._turn, self._starting = asyncio.Lock(), asyncio.Lock()
        self._waiting: list[Sent] = []
        self._mine: set[int] = set()
        self._following: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self.closed = False

    def put(self, text: str, *, danger: bool = False, button: str | None = None) -> Sent:
        """Sends a text, or taps the button of that id, and goes on trying; returns at once."""
        sent = Sent(str(uuid4()), text, time.monotonic(), danger, tapped=button is not None)
        self.log.sent.append(sent)
        self._waiting.append(sent)
        body = {"id": sent.id, **({"button": button} if button else {"text": text})}
        task = asyncio.create_task(self._deliver(sent, body))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return sent

    async def settled(self, sent: Sent, seconds: float) -> bool:
        """Waits until a message is acknowledged; False if it was refused or time ran out."""
        await self.until(lambda: sent not in self._waiting or self.closed, seconds)
        return sent.number is not None

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Waits until something that the page was shown makes `holds` true."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        return holds()

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """One request; raises Refused, or one of LOST where it is worth trying again."""
        async with asyncio.timeout(PATIENCE_S):
            headers = {"Authorization": f"Bearer {self.log.token}"} if self.log.token else {}
            async with self._http.request(
                method, self._url + path, json=body, headers=headers
            ) as answer:
                said = await answer.read()
        if answer.status == 401:
            self.gone()
            raise Refused
        if answer.status == 429 or answer.status >= 500:
            raise ValueError(answer.status)
        if answer.status >= 400:
            raise Refused
        return json.loads(said) if said else None

    async def ask(self, method: str, path: str) -> bool:
        """A request that is pressed again until it is heard; False if it was refused."""
        while not self.closed:
            with suppress(*LOST):
                try:
                    await self.begin()
                    await self.call(method, path, {} if method == "POST" else None)
                except Refused:
                    return False
                return True
            await self._again()
        return False

    async def begin(self) -> None:
        """Starts the conversation, once; raises LOST."""
        async with self._starting:
            if not self.log.token:
                await self._start()

    async def _start(self) -> None:
        started = await self.call("POST", "/api/conversations", {})
        self.log.token = started["token"]
        for public in started["events"]:
            self._show(Event.of(public), public)
        self.follow(self.last)

    def follow(self, after: int) -> None:
        """Opens the stream, after a number; one that is open is closed."""
        self.unfollow()
        if not self.closed:
            self._following = asyncio.create_task(self._follow(after))

    @property
    def following(self) -> bool:
        """Whether the page is open on its stream, or trying to be."""
        return self._following is not None and not self._following.done()

    def waits(self, sent: Sent) -> bool:
        """Whether a message is neither kept nor refused yet."""
        return sent in self._waiting

    def unfollow(self) -> None:
        """Closes the stream without a word, as a lost network or a hidden page does."""
        if self._following is not None:
            self._following.cancel()

    async def exit(self) -> None:
        """The quick exit, sent once and without waiting for an answer, as the page sends it."""
        self.close()
        form = {"token": self.log.token, "quiet": "1"}
        with suppress(*LOST):
            async with asyncio.timeout(PATIENCE_S):
                async with self._http.post(f"{self._url}/exit", data=form) as answer:
                    await answer.read()

    def close(self) -> None:
        """The page is gone: nothing is sent or shown any more."""
        self.closed = True
        if self.log.left_at is None:
            self.log.left_at = time.monotonic()
        self.unfollow()
        self._news.set()

    def gone(self) -> None:
        """The service does not know the token."""
        if not self.closed:
            self.log.unknown = True
            self.close()

    async def listed(self) -> list[Event]:
        """The whole chat, asked for at once; raises LOST or Refused."""
        async with asyncio.timeout(PATIENCE_S):
            async with self._http.get(
                f"{self._url}/api/conversation/events",
                params={"after": 0},
                headers={
                    "Authorization": f"Bearer {self.log.token}",
                    "Accept": "application/json",
                },
            ) as answer:
                if answer.status != 200:
                    raise Refused if answer.status == 401 else ValueError(answer.status)
                said = await answer.json()
        for public in said["events"]:
            self._show(Event.of(public), public)
        return [Event.of(public) for public in said["events"]]

    async def _deliver(self, sent: Sent, body: dict[str, str]) -> None:
        while sent in self._waiting and not self.closed:
            async with self._turn:  # a try at a time, in the order they are made
                if sent not in self._waiting or self.closed:
                    break
                try:
                    await self.begin()
                    answer = await self.call("POST", "/api/conversation/messages", body)
                    self._acknowledged(sent, answer["number"])
                except Refused:
                    self._waiting.remove(sent)
                except LOST:
                    pass
            self._news.set()
            if sent in self._waiting:
                await self._again()

    def _acknowledged(self, sent: Sent, number: int) -> None:
        if sent in self._waiting:
            self._waiting.remove(sent)
        if sent.number is None:
            sent.number, sent.acked_at = number, time.monotonic()
            self._mine.add(number)

    async def _again(self) -> None:
        """Until they press "Try again"."""
        await asyncio.sleep(self._chance.uniform(0.5, 2.0))

    async def _follow(self, after: int) -> None:
        last, wait = after, 1.0
        while not self.closed:
            stream = Stream(last, time.monotonic())
            with suppress(*LOST):
                async for public in self._read(stream, last):
                    wait = 1.0
                    event = Event.of(public)
                    stream.events.append(event)
                    last = max(last, event.number)
                    self._show(event, public)
            stream.closed_at = time.monotonic()
            await asyncio.sleep(wait * self._chance.uniform(0.75, 1.25))
            wait = min(wait * 2, LONGEST_WAIT_S)

    async def _read(self, stream: Stream, last: int) -> AsyncIterator[dict[str, Any]]:
        resumes = {"Last-Event-ID": str(last)} if self._resumes == "Last-Event-ID" else {}
        headers = {"Authorization": f"Bearer {self.log.token}", "Accept": "text/event-stream"}
        try:
            async with self._http.get(
                f"{self._url}/api/conversation/events",
                params={} if resumes else {"after": last},
                headers={**headers, **resumes},
                timeout=aiohttp.ClientTimeout(total=None, sock_read=SILENCE_S),
            ) as answer:
                if answer.status == 401:
                    self.gone()
                if answer.status != 200:
                    return
                stream.opened_at = time.monotonic()
                self.log.streams.append(stream)
                async for line in answer.content:
                    if line.startswith(b"data: ") and line.endswith(b"\n"):
                        public = json.loads(line[6:])
                        if "number" in public:
                            yield public
        finally:
            stream.closed_at = time.monotonic()

    def _show(self, event: Event, public: dict[str, Any]) -> None:
        if event.number in self.log.seen:
            return
        self.log.seen[event.number] = event
        self.log.seen_at[event.number] = time.monotonic()
        self.last = max(self.last, event.number)
        if public["type"] == "state":
            self.owner = event.text
        for button in public.get("buttons", ()):
            self.buttons[f"{event.sender}: {button['title']}"] = button["id"]
        if event.sender == "young_person" and event.number not in self._mine:
            # The page takes what it is shown for kept: the answer to the send may have been lost
            mine = next((one for one in self._waiting if one.text == event.text), None)
            if mine is not None:
                self._acknowledged(mine, event.number)
        self._news.set()
