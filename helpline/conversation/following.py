"""Follows a conversation for the young person's page: what happens in it, as it happens."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from sqlalchemy import Connection

from helpline.broadcast import Signal
from helpline.conversation.access import Access
from helpline.conversation.answering import Answering
from helpline.conversation.errors import UnknownToken
from helpline.conversation.events import Broken, Event, Message, Opened, Typing
from helpline.conversation.heart import Heart
from helpline.conversation.sealing import open_event
from helpline.conversation.watching import watch
from helpline.store import conversations
from helpline.store.database import ORDINARY, URGENT

HEARTBEAT_S = 15
AT_ONCE = 10
"""So many events are opened at a time for one who follows: who reads slowly holds no more."""


@dataclass(frozen=True)
class Look:
    """What a look at a conversation found: its owner, and events up to number `last`; `more` if
    there are others after it."""

    owner: str
    events: list[Event]
    last: int
    more: bool


async def look(
    heart: Heart,
    access: Access,
    after: int,
    at_most: int | None = None,
    urgency: int = ORDINARY,
) -> Look:
    """What happened after number `after`, the first `at_most` events of it.

    Raises UnknownToken if the token was revoked.
    """

    def find(connection: Connection) -> Look:
        row = conversations.by_id(connection, access.conversation)
        if row is None or row.token_hash != access.name:
            raise UnknownToken
        if row.last_number <= after:
            return Look(row.owner, [], after, more=False)
        access.keep_up(connection, row, committed=True)
        since = max(after, row.shown_from - 1)
        rows = conversations.events_after(connection, row.id, since, at_most=at_most)
        opened = (open_event(access.ring, event) for event in rows)
        events = [_shown(heart, event) for event in opened if event is not None]
        last = rows[-1].number if rows else after
        return Look(row.owner, events, last, more=len(rows) == at_most)

    return await heart.database.read(find, urgency)


def _shown(heart: Heart, event: Opened) -> Event:
    """The event; in the place of one that does not open, words that say so."""
    if isinstance(event, Broken):
        return Message(event.number, "service", heart.wording.does_not_open, heart.clock())
    return event


async def follow(
    heart: Heart, answering: Answering, access: Access, after: int
) -> AsyncGenerator[Event | Typing | None]:
    """Yields what happens after number `after` as it happens, None after 15 quiet seconds.

    While somebody follows, messages that a crash left unanswered are answered, and who waits for a
    helper in vain is told so. Ends when the token is revoked.
    """
    loop = asyncio.get_running_loop()
    with heart.broadcast.listen(access.conversation) as signals:
        answering.wake(access)
        spoke, signal = loop.time(), Signal("conversation", access.conversation)
        concerned = False
        asked = True  # once at least: of what happened while nobody followed
        while True:
            if signal.kind == "typing":
                if signal.sender != "young_person":
                    yield Typing(signal.sender or "assistant")  # type: ignore[arg-type]
            else:
                try:
                    urgency = URGENT if signal.urgent else ORDINARY
                    found = await look(heart, access, after, AT_ONCE, urgency)
                    concerned = concerned or found.owner in ("queue", "worker")
                    asked = asked or concerned
                except UnknownToken:
                    return
                after = found.last
                for event in found.events:
                    spoke = loop.time()
                    yield event
                if found.more:
                    continue
            wait = spoke + HEARTBEAT_S - loop.time()
            try:
                if asked:
                    wait = min(wait, await watch(heart, access))
                    asked = concerned
            except UnknownToken:
                return
            try:
                signal = await asyncio.wait_for(signals.get(), max(wait, 0.0))
            except TimeoutError:
                signal = Signal("conversation", access.conversation)
                if loop.time() - spoke >= HEARTBEAT_S:
                    spoke = loop.time()
                    yield None
