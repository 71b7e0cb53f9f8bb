"""Workers who take, answer, pass on, hand back and end chats, each in the manner it was planned."""

import asyncio
import itertools
import time
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from tests.faults.desk import Chat, Desk, Lists, Nothing
from tests.faults.plan import Manner
from tests.faults.record import Hold, Record, Sent, View, Written

EVERY_S = 1.0
EMERGENCY = 4
CHATS_AT_ONCE = 3


@dataclass
class _Held:
    """A chat that this worker has, how it goes, and what they wrote that nobody acknowledged."""

    manner: Manner
    hold: Hold
    since: float
    said: int = 0
    asked_again: bool = False
    sending: Sent | None = None
    whole: bool = False
    view: View | None = None


class Worker:
    """One worker; all that they do and see goes into `record`."""

    def __init__(
        self,
        desk: Desk,
        record: Record,
        manners: tuple[Manner, ...],
        away: tuple[tuple[float, float], ...],
        over: asyncio.Event,
    ) -> None:
        self._desk, self._record, self._over = desk, record, over
        self._manners, self._away = itertools.cycle(manners), list(away)
        self._held: dict[str, _Held] = {}
        self._words = itertools.count(1)
        self._free_at: float | None = None
        self.had: dict[str, bool] = {}
        self.here, self.idle = asyncio.Event(), asyncio.Event()

    async def shift(self) -> None:
        """Works until cancelled; walks off and comes back as planned."""
        began, following = time.monotonic(), None
        while True:
            try:
                await self._desk.sign_in()
                break
            except Nothing:
                await asyncio.sleep(1)
        while True:
            if following is None:
                following = asyncio.create_task(self._desk.follow())
            if self._away and time.monotonic() - began > self._away[0][0]:
                _, seconds = self._away.pop(0)
                following.cancel()
                following = None
                self._free_at = None
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), seconds)
            try:
                await self._look()
            except Nothing:
                self._free_at = None
            await asyncio.sleep(EVERY_S)

    async def _look(self) -> None:
        lists = await self._desk.lists()
        self._keep_books(lists)
        for conversation in list(self._held):
            await self._go_on(conversation)
        grave = EMERGENCY in lists.mine.values()
        for conversation, level in lists.waiting.items():
            if grave or (len(lists.mine) >= CHATS_AT_ONCE and level < EMERGENCY):
                break
            began = time.monotonic()
            if await self._desk.do(conversation, "take") == 200:
                self._takes(conversation, began)
            break  # the lists are old now
        if not lists.waiting and not lists.mine:
            self.idle.set()
        else:
            self.idle.clear()

    def _keep_books(self, lists: Lists) -> None:
        """What the desk says is mine is mine: the answer to a take or an end may have been lost."""
        now, name = time.monotonic(), self._desk.name
        for conversation in lists.mine.keys() - self._held.keys():
            self._takes(conversation, now)
        for conversation in self._held.keys() - lists.mine.keys():
            self._lets_go(conversation)
        if self._desk.connected:
            self.here.set()
        free = self._desk.connected and EMERGENCY not in lists.mine.values()
        if free and self._free_at is not None:
            self._record.free.setdefault(name, []).append((self._free_at, now))
        self._free_at = now if free else None

    def _takes(self, conversation: str, at: float) -> None:
        hold = Hold(conversation, self._desk.name, at)
        self._record.holds.append(hold)
        self._held[conversation] = _Held(next(self._manners), hold, time.monotonic())
        self.had[conversation] = False

    def _lets_go(self, conversation: str) -> None:
        self._held.pop(conversation).hold.ends = time.monotonic()

    async def _go_on(self, conversation: str) -> None:
        held, chat = self._held[conversation], await self._desk.chat(conversation)
        if chat is None:
            self._lets_go(conversation)
            return
        held.whole = chat.theirs
        view = self._desk.view(conversation, chat, whole=held.whole)
        if view != held.view:
            self._record.views.append(view)
            held.view = view
        waited = time.monotonic() - held.since
        if held.sending is not None:
            await self._send(conversation, held)
        elif chat.left or chat.ended:
            await self._ends(conversation, held)
        elif not chat.theirs:
            if waited > held.manner.patience:
                await self._ends(conversation, held)
        elif chat.may_write and (_owes(chat) or held.said == 0):
            number = next(self._words)
            held.sending = Sent(
                str(uuid4()), f"I am here ({self._desk.name}.{number})", time.monotonic()
            )
            self._record.written.append(Written(conversation, self._desk.name, held.sending))
            await self._send(conversation, held)
        elif chat.may_ask_again and not held.asked_again:
            held.asked_again = await self._desk.do(conversation, "ask-again") < 300
        elif held.said >= held.manner.answers or waited > 2 * held.manner.patience:
            await self._leaves(conversation, held)

    async def _send(self, conversation: str, held: _Held) -> None:
        """Tries until it is kept or refused, under the same id."""
        assert held.sending is not None
        await self._desk.say(conversation, held.sending)
        held.sending, held.said, held.since = None, held.said + 1, time.monotonic()

    async def _leaves(self, conversation: str, held: _Held) -> None:
        how = held.manner.leaves
        if self._over.is_set() and how == "pass on":
            how = "hand back"  # nobody is to come any more
        if how == "end":
            await self._ends(conversation, held)
            return
        if await self._desk.do(conversation, how.replace(" ", "-")) < 300:
            self._lets_go(conversation)

    async def _ends(self, conversation: str, held: _Held) -> None:
        if await self._desk.do(conversation, "end") < 300:
            self.had[conversation] = held.whole
            self._lets_go(conversation)

    async def close(self) -> None:
        await self._desk.close()

    async def read_again(self) -> None:
        """Every chat that this worker ended, as it can still be read."""
        for conversation, whole in self.had.items():
            with suppress(Nothing):
                chat = await self._desk.chat(conversation)
                if chat is not None:
                    view = self._desk.view(conversation, chat, whole=whole and chat.ended)
                    self._record.views.append(view)


def _owes(chat: Chat) -> bool:
    """Whether the young person wrote last, or nobody has written since the worker came."""
    said = [line.sender for line in chat.lines if line.sender in ("young_person", "worker")]
    return not said or said[-1] == "young_person"
