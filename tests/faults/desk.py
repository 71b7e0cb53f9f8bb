"""A worker's desk without its page: signs in, is here, reads the lists and chats as they are drawn.

What a worker does, and when, is `workers`'.
"""

import asyncio
import html
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from tests.conftest import Login
from tests.faults.page import LOST
from tests.faults.record import STATE, Event, Sent, View

PATIENCE_S: Final = 10.0
"""As in desk.js."""
_LINE: Final = re.compile(r'<li class="line (state|from-\w+)" id="m-(\d+)">(.*?)</li>', re.S)
_SAID: Final = re.compile(r'<div class="said" dir="auto">(.*?)</div>', re.S)
_TAG: Final = re.compile(r"<[^>]+>")
_WAITS: Final = re.compile(r'data-waiting-row="([0-9a-f]{32})" data-level="(\d)"')
_MINE: Final = re.compile(r'data-mine="([0-9a-f]{32})" data-level="(\d)"')


class Nothing(Exception):
    """No answer of any use came: the connection was lost, or a part is down."""


@dataclass(frozen=True)
class Lists:
    """Who waits, in order, and whom this worker has: ids with their levels."""

    waiting: dict[str, int]
    mine: dict[str, int]


@dataclass(frozen=True)
class Chat:
    """An open chat: its lines, and what may be done in it."""

    lines: tuple[Event, ...] = field(repr=False)
    theirs: bool
    may_write: bool
    may_ask_again: bool
    left: bool
    ended: bool


class Desk:
    """One signed-in worker. Every method raises Nothing where nothing of use was answered."""

    def __init__(self, url: str, login: Login) -> None:
        self.name, self._url, self._login, self._csrf = login.name, url, login, ""
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Origin": url}
        )
        self.connected = False

    async def close(self) -> None:
        await self._http.close()

    async def sign_in(self) -> None:
        form = {"name": self.name, "password": self._login.password}
        status, _ = await self._call("POST", "/desk/login", data=form, allow_redirects=False)
        assert status != 401, "the desk knows no such login"
        if status != 303:
            raise Nothing
        _, page = await self._call("GET", "/desk/")
        found = re.search(r'"X-CSRF-Token": ?"(\w+)"', page)
        if found is None:
            raise Nothing
        self._csrf = found[1]

    async def follow(self) -> None:
        """Keeps the desk's stream open, which says that somebody is here, and opens it again."""
        while True:
            with suppress(*LOST):
                async with self._http.get(
                    f"{self._url}/desk/stream",
                    timeout=aiohttp.ClientTimeout(total=None, sock_read=35),
                ) as answer:
                    self.connected = answer.status == 200
                    async for _ in answer.content:
                        pass
            self.connected = False
            await asyncio.sleep(2)  # as the stream itself asks for (`retry`)

    async def lists(self) -> Lists:
        """Both lists; signs in again where the session is gone."""
        status, page = await self._call("GET", "/desk/queue")
        if status == 401:
            await self.sign_in()
        if status != 200:
            raise Nothing
        waiting = {found[1]: int(found[2]) for found in _WAITS.finditer(page)}
        return Lists(waiting, {found[1]: int(found[2]) for found in _MINE.finditer(page)})

    async def chat(self, conversation: str) -> Chat | None:
        """A chat of this worker's own; None where it is theirs no longer."""
        status, page = await self._call(
            "GET", f"/desk/chat/{conversation}", headers={"HX-Request": "true"}
        )
        if status >= 500 or status == 429:
            raise Nothing
        if 'id="chat"' not in page or f'data-conversation="{conversation}"' not in page:
            return None
        box = re.search(r'<textarea id="box"[^>]*>', page)
        return Chat(
            lines=tuple(_line(found) for found in _LINE.finditer(page)),
            theirs='data-dialog="hand-back-dialog"' in page,
            may_write=box is not None and " disabled" not in box[0],
            may_ask_again='id="ask-again"' in page,
            left="They left quickly" in page,
            ended="data-ended=yes" in page,
        )

    async def do(self, conversation: str, what: str, **form: str) -> int:
        """Presses something in a chat: take, pass-on, hand-back, ask-again, end. The status."""
        status, _ = await self._call(
            "POST", f"/desk/chat/{conversation}/{what}", data=form, headers=self._signed()
        )
        if status >= 500 or status == 429:
            raise Nothing
        return status

    async def say(self, conversation: str, sent: Sent) -> int:
        """One try to write; puts the acknowledgement into `sent`."""
        status, answer = await self._call(
            "POST",
            f"/desk/chat/{conversation}/messages",
            json={"id": sent.id, "text": sent.text},
            headers=self._signed(),
        )
        if status >= 500 or status == 429:
            raise Nothing
        if status in (200, 201):
            found = re.search(r'"number": ?(\d+)', answer)
            assert found
            sent.number, sent.acked_at = int(found[1]), time.monotonic()
        return status

    def view(self, conversation: str, chat: Chat, *, whole: bool) -> View:
        return View(conversation, self.name, whole, chat.lines)

    def _signed(self) -> dict[str, str]:
        return {"X-CSRF-Token": self._csrf, "HX-Request": "true"}

    async def _call(self, method: str, path: str, **parts: Any) -> tuple[int, str]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                async with self._http.request(method, self._url + path, **parts) as answer:
                    return answer.status, await answer.text()
        except LOST as error:
            raise Nothing from error


def _line(found: re.Match[str]) -> Event:
    kind, number, inner = found[1], int(found[2]), found[3]
    if kind == STATE:
        return Event(number, STATE, html.unescape(inner))
    said = _SAID.search(inner)
    text = html.unescape(_TAG.sub("", said[1])) if said else ""
    return Event(number, kind.removeprefix("from-"), text)
