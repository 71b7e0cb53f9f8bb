"""A helpline without its web: both sides of a conversation over a real database and assistant."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from helpline.broadcast import Broadcast
from helpline.conversation import Answering, DeskSide, Heart, Sessions, YoungPersonSide
from helpline.conversation.access import Access
from helpline.conversation.events import Event, Message
from helpline.conversation.incoming import Incoming
from helpline.conversation.offered import Offered
from helpline.conversation.sessions import TEAM, Session
from helpline.conversation.wording import Wording
from helpline.dialogue import Dialogue
from helpline.facts import Facts, values_of
from helpline.store import conversations, staff
from helpline.store.database import Database
from helpline.vault import (
    StaffSecret,
    TeamKey,
    create_staff_secret,
    create_team_key,
    seal_for_team,
)
from safeguarding import Policy, Screener
from tests.conftest import ROOT, Assistant

PASSWORD = "a long enough password"


@dataclass
class Clock:
    """The time as the helpline sees it; tests move it."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 21, 20, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Helpline:
    """Both sides and what they stand on."""

    heart: Heart
    clock: Clock
    young: YoungPersonSide
    desk: DeskSide
    answering: Answering

    async def say(self, access: Access, text: str) -> int:
        """Sends a text and waits until it has been answered; returns its number."""
        receipt = await self.young.receive(access, Incoming(uuid4(), text=text))
        await self.settled(access, receipt.number)
        return receipt.number

    async def kept(self, query: Callable[..., Any], *arguments: Any) -> Any:
        """What a query of the store finds."""
        return await self.heart.database.read(lambda c: query(c, *arguments))

    async def settled(self, access: Access, number: int) -> None:
        """Returns once message `number` has been answered."""

        def answered(connection: Connection) -> bool:
            row = conversations.by_id(connection, access.conversation)
            return row is None or row.answered >= number

        with self.heart.broadcast.listen(access.conversation) as signals:
            async with asyncio.timeout(20):
                while not await self.heart.database.read(answered):
                    await signals.get()

    async def tap(self, access: Access, title: str) -> int:
        """Taps the newest button of that title and waits for what follows."""
        for event in reversed(await self.young.events(access, 0)):
            for button in event.buttons if isinstance(event, Message) else ():
                if button.title == title:
                    sent = Incoming(uuid4(), button=button.id)
                    receipt = await self.young.receive(access, sent)
                    await self.settled(access, receipt.number)
                    return receipt.number
        raise AssertionError(f"no button {title}")

    async def begin(self) -> tuple[str, Access]:
        token, _ = await self.young.start()
        return token, await self.young.open(token)

    async def sign_in(self, name: str) -> Session:
        session, cookie = await self.desk.sign_in(name, PASSWORD, None)
        await self.desk.here(session)
        return await self.desk.open(cookie)


def texts(events: list[Event], sender: str) -> list[str]:
    """The texts that a sender wrote, in order."""
    return [e.text for e in events if isinstance(e, Message) and e.sender == sender]


@pytest.fixture(scope="session")
def screener() -> Screener:
    return Screener.load(ROOT / "data" / "safeguarding")


@pytest.fixture(scope="session")
def read_once(screener: Screener) -> dict[str, Any]:
    """What every helpline reads from data/ and nobody changes: read once."""
    return {
        "screener": screener,
        "policy": Policy.load(ROOT / "data" / "safeguarding"),
        "facts": Facts.load(ROOT / "data" / "facts", values_of()),
        "wording": Wording.load(ROOT / "data" / "service" / "wording.yml"),
    }


@pytest.fixture
def make_helpline(database: Database, read_once: dict[str, Any]) -> Callable[..., Helpline]:
    def make(dialogue: Dialogue, **parts: Any) -> Helpline:
        clock = Clock()
        heart = Heart(
            **{"opens": lambda _: "9am", "clock": clock, **read_once, **parts},
            database=database,
            broadcast=Broadcast(),
            offered=Offered(),
            dialogue=dialogue,
        )
        answering = Answering(heart)
        return Helpline(
            heart,
            clock,
            YoungPersonSide(heart, answering),
            DeskSide(heart, Sessions(heart, demo=True)),
            answering,
        )

    return make


@dataclass(frozen=True)
class Team:
    """The staff of every test's helpline; hashing their passwords once saves minutes."""

    people: tuple[tuple[str, str, StaffSecret], ...]
    key: TeamKey

    async def join(self, database: Database) -> None:
        """Adds everybody, with access to handed-off chats."""

        def join(connection: Connection) -> None:
            key = self.key
            staff.add_team_key(connection, 1, key.public, key.recovery_copy, key.recovery_public)
            for name, role, secret in self.people:
                person = staff.add(
                    connection, name, name.capitalize(), role, secret, second_factor=False
                )
                sealed = seal_for_team(secret.public, self.key.private, TEAM, 1)
                staff.add_member(connection, person, 1, sealed)

        await database.write(join)


@pytest.fixture(scope="session")
def team() -> Team:
    """A supervisor "sam", and workers "robin" and "kit"."""
    roles = {"sam": "supervisor", "robin": "worker", "kit": "worker"}
    people = [(name, role, create_staff_secret(PASSWORD, "")) for name, role in roles.items()]
    return Team(tuple(people), create_team_key())


@pytest.fixture
async def helpline(
    make_helpline: Callable[..., Helpline], assistant: Assistant, team: Team
) -> AsyncIterator[Helpline]:
    """A helpline with the real assistant and its staff."""
    dialogue = Dialogue(
        url=assistant.url, actions_url=assistant.actions_url, secret=assistant.secret
    )
    await dialogue.open()
    helpline = make_helpline(dialogue)
    await team.join(helpline.heart.database)
    yield helpline
    await asyncio.wait_for(helpline.answering.finish(), 10)
    await dialogue.close()


@pytest.fixture
async def quiet(make_helpline: Callable[..., Helpline], team: Team) -> AsyncIterator[Helpline]:
    """A helpline with its staff, whose assistant does not answer: for what does not hang on it."""
    nobody = "http://127.0.0.1:9"
    dialogue = Dialogue(url=nobody, actions_url=nobody, secret="")
    await dialogue.open()
    helpline = make_helpline(dialogue)
    await team.join(helpline.heart.database)
    yield helpline
    await asyncio.wait_for(helpline.answering.finish(), 10)
    await dialogue.close()
