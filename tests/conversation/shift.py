"""A shift in the tests: time passes in steps, and with it all that the service does by itself."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from helpline.conversation.access import Access
from helpline.conversation.alerting import Alerting
from helpline.conversation.events import Message
from helpline.conversation.following import look
from helpline.conversation.incoming import Incoming
from helpline.conversation.lookout import Lookout
from helpline.conversation.sessions import Session
from helpline.dialogue import Dialogue
from helpline.settings import Settings
from helpline.store import queue
from helpline.store.queue import QueueEntry
from tests.conversation.conftest import Helpline, Team, texts

DANGER = "he wont let me leave, the door is locked"
TRUTHS = ("Nobody could come yet", "Nobody will read this", "nobody reads this", "Nobody can read")
STEP_S = 5


@asynccontextmanager
async def quiet_helpline(
    make_helpline: Callable[..., Helpline], team: Team, **parts: Any
) -> AsyncIterator[Helpline]:
    """The fixture `quiet` with other parts, such as `on_call` or `opens`."""
    nobody = "http://127.0.0.1:9"
    dialogue = Dialogue(url=nobody, actions_url=nobody, secret="")
    await dialogue.open()
    helpline = make_helpline(dialogue, **parts)
    await team.join(helpline.heart.database)
    yield helpline
    await helpline.answering.finish()
    await dialogue.close()


@dataclass
class Shift:
    """A helpline with its lookout, and who is at the desk: their pages say so as time passes."""

    helpline: Helpline
    lookout: Lookout
    here: set[str] = field(default_factory=set)
    sessions: dict[str, Session] = field(default_factory=dict)

    @classmethod
    def of(cls, helpline: Helpline, alerting: Alerting | None = None, **settings: Any) -> "Shift":
        quiet = alerting or Alerting((), lambda _: False)
        return cls(helpline, Lookout(helpline.heart, quiet, Settings(**settings)))

    async def signs_in(self, name: str) -> Session:
        self.sessions[name] = await self.helpline.sign_in(name)
        self.here.add(name)
        return self.sessions[name]

    async def signs_out(self, name: str) -> None:
        self.here.discard(name)
        await self.helpline.desk.sign_out(self.sessions.pop(name))

    def crashes(self, name: str) -> None:
        """Their page is gone without a word."""
        self.here.discard(name)

    async def passes(self, seconds: float, *connected: Access) -> None:
        """Time passes; who is `connected` has their page open."""
        left = seconds
        while left > 0:
            self.helpline.clock.pass_seconds(min(STEP_S, left))
            left -= STEP_S
            await self.tick(connected)

    async def tick(self, connected: Iterable[Access] = ()) -> None:
        """What happens in every moment: desks say that they are here, and all is looked after."""
        for name in self.here:
            await self.helpline.desk.here(self.sessions[name])
        await self.lookout.look()
        for access in connected:
            await self.helpline.young.events(access, 0)

    async def entry(self, access: Access) -> QueueEntry | None:
        found: QueueEntry | None = await self.helpline.kept(queue.entry_of, access.conversation)
        return found

    async def writes(self, access: Access, text: str = DANGER) -> int:
        """The young person writes; returns the number of their message."""
        receipt = await self.helpline.young.receive(access, Incoming(uuid4(), text=text))
        return receipt.number

    async def told(self, access: Access, after: int = 0) -> list[str]:
        """What the service said after a number, without looking whether more is due."""
        events = (await look(self.helpline.heart, access, after)).events
        return texts(events, "service")

    async def truth_told(self, access: Access, after: int = 0) -> list[float]:
        """When the young person was told that nobody comes, or will read it."""
        events = (await look(self.helpline.heart, access, after)).events
        return [
            event.at.timestamp()
            for event in events
            if isinstance(event, Message) and any(truth in event.text for truth in TRUTHS)
        ]
