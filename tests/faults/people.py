"""Young people who follow their scripts on a page, whatever happens to the service meanwhile."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

import aiohttp

from tests.faults.page import LOST, Browser, Refused
from tests.faults.plan import ASKS, CONFIDES, DANGERS, Script, Step
from tests.faults.promises import owner_at
from tests.faults.record import Page, Sent

PATIENT_S = 6.0
"""How long somebody looks at the page for an answer before they go on."""
FOR_A_PERSON_S = 20.0
ANSWERED_WITHIN_S = 60.0
"""When all faults are over every chat is answered within this, however much is made up for."""


class YoungPerson:
    """One young person: `live` until they leave or are done, then `last` when all is over."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, script: Script, over: asyncio.Event
    ) -> None:
        self.log = Page(script.name)
        self.page = Browser(
            http,
            url,
            self.log,
            script.resumes,
            random.Random(script.seed),  # noqa: S311
        )
        self._script, self._over = script, over
        self._chance = random.Random(script.seed)  # noqa: S311
        self._said = 0
        self._tapped: set[str] = set()

    async def live(self) -> None:
        """Plays the script; what takes time is cut short once all is over."""
        await self._pause(self._script.begins)
        for step, amount in self._script.steps:
            if self.page.closed or self.page.owner == "ended":
                break
            await self._do(step, amount)
            await self._answer_offers()
        await self._stay()

    async def last(self) -> None:
        """All faults are over: writes once more and waits for an answer, then reads the chat."""
        page = self.page
        if page.closed or not self.log.token:
            page.unfollow()
            return
        if page.owner == "ended":
            return
        if not page.following:
            page.follow(page.last)
        # What is unanswered from before is answered without another word of theirs, and then this
        self.log.answered = await self._answered(self._left_open()) and await self._answered(
            self._write(ASKS)
        )

    async def _answered(self, sent: Sent | None) -> bool:
        """Whether a message, if there is one, is kept and answered, or was refused for good."""
        if sent is None:
            return True
        if not await self.page.settled(sent, ANSWERED_WITHIN_S):
            return not self.page.waits(sent)
        number = sent.number or 0
        return await self.page.until(lambda: self._heard_after(number), ANSWERED_WITHIN_S)

    def _left_open(self) -> Sent | None:
        """Their last message, if it was written to the assistant; a tap may need no answer."""
        kept = [one for one in self.log.sent if one.number is not None]
        last = max(kept, key=lambda one: one.number or 0, default=None)
        owner = owner_at(self.log, last.number or 0) if last else ""
        return last if last and owner == "assistant" and not last.tapped else None

    async def read(self) -> None:
        """The whole chat as the service lists it, for the checks."""
        if self.log.left_at is None and self.log.token:
            for _ in range(5):
                with suppress(*LOST, Refused):
                    self.log.listed = await self.page.listed()
                    break
                await asyncio.sleep(1)
        self.page.unfollow()

    async def _do(self, step: Step, amount: float) -> None:
        page = self.page
        if step in ("ask", "confide"):
            sent = self._write(ASKS if step == "ask" else CONFIDES)
            await self._heard(sent)
            await self._pause(amount)
        elif step == "danger":
            await self._heard(self._write(DANGERS, danger=True))
            await self._pause(amount)
        elif step == "hasty":
            *_, last = [self._write(ASKS) for _ in range(3)]
            await self._heard(last)
        elif step == "person":
            if await page.ask("POST", "/api/conversation/handoff"):
                await self._until(lambda: page.owner in ("worker", "ended"), FOR_A_PERSON_S)
        elif step == "talk":
            await self._talk(int(amount))
        elif step == "wait":
            await self._pause(3 * amount)
        elif step in ("cut", "reload"):
            page.unfollow()
            await self._pause(amount)
            if self.log.token:
                page.follow(page.last if step == "cut" else 0)
        elif self.log.token:
            await self._leave(step)

    async def _talk(self, times: int) -> None:
        """Answers what is offered, waits for a person, and writes with them."""
        page = self.page
        await self._answer_offers()
        if not await self._until(lambda: page.owner in ("worker", "ended"), FOR_A_PERSON_S):
            return
        for _ in range(times):
            await self._answer_offers()
            if page.owner != "worker" or page.closed:
                return
            await self._heard(self._write(ASKS))
            await self._pause(0.5)

    async def _stay(self) -> None:
        """Leaves the page open, and answers a helper who comes now."""
        page, replies = self.page, 0
        while not (self._over.is_set() or page.closed or page.owner == "ended"):
            await self._answer_offers()
            last = self.log.seen.get(page.last)
            if page.owner == "worker" and last and last.sender == "worker" and replies < 4:
                await self._heard(self._write(ASKS))
                replies += 1
            await self._pause(1.0)

    async def _answer_offers(self) -> None:
        """Taps what a helper's coming hangs on, each offer once."""
        wanted = (f"service: {self._script.talks}", f"worker: {self._script.safe}", "worker: Yes")
        for name in wanted:
            button = self.page.buttons.get(name)
            if button is None or button in self._tapped or self.page.closed:
                continue
            self._tapped.add(button)
            sent = self.page.put(name.partition(": ")[2], button=button)
            await self.page.settled(sent, PATIENT_S)

    async def _leave(self, step: Step) -> None:
        if step == "exit":
            await self.page.exit()
            return
        method, path = ("POST", "/end") if step == "end" else ("DELETE", "")
        path = f"/api/conversation{path}"
        if await self.page.ask(method, path) or self.page.closed:
            self.log.unknown = False  # a try that was heard and not answered ended it already
            self.page.close()

    def _write(self, texts: tuple[str, ...], *, danger: bool = False) -> Sent:
        """Writes something; the mark at its end makes it known again wherever it appears."""
        self._said += 1
        text = f"{self._chance.choice(texts)} ({self._script.name}.{self._said})"
        return self.page.put(text, danger=danger)

    async def _heard(self, sent: Sent) -> None:
        """Waits a while for the acknowledgement and for anybody's answer."""
        if await self.page.settled(sent, PATIENT_S):
            number = sent.number or 0
            await self._until(lambda: self._heard_after(number), PATIENT_S)

    def _heard_after(self, number: int) -> bool:
        if self.page.owner == "ended":
            return True
        seen = self.log.seen
        others = ("assistant", "worker", "service")
        return any(n > number and event.sender in others for n, event in seen.items())

    async def _until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """As `Browser.until`; not for long once all is over."""
        return await self.page.until(holds, 1.0 if self._over.is_set() else seconds)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
