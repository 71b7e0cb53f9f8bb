"""The young person's side: starts, receives, follows, asks for a person, leaves."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from secrets import token_bytes

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from helpline.broadcast import Signal
from helpline.conversation import ending, handoff
from helpline.conversation.access import Access, open_access, refresh
from helpline.conversation.answering import NOT_NOW, TALK, Answering
from helpline.conversation.errors import (
    ConversationEnded,
    IdUsed,
    Invalid,
    UnknownButton,
    UnknownToken,
)
from helpline.conversation.events import Button, Event, Message, Noticed, Typing
from helpline.conversation.heart import Heart
from helpline.conversation.incoming import Incoming
from helpline.conversation.locks import Locks
from helpline.conversation.sealing import open_event, seal_message
from helpline.store import conversations, queue
from helpline.store.conversations import ConversationRow
from helpline.store.database import ORDINARY, URGENT
from helpline.vault import KeyRing, new_key, new_token, token_hash, token_key, wrap
from safeguarding import Course

HEARTBEAT_S = 15
TRUTH_AFTER_S = 120


@dataclass(frozen=True)
class Receipt:
    """A message that is on disk: its number, and whether it was there before."""

    number: int
    repeated: bool


class YoungPersonSide:
    """Everything a young person can do; each method gets the `Access` that their token opened."""

    def __init__(self, heart: Heart, answering: Answering) -> None:
        self._heart = heart
        self._answering = answering
        self._receiving = Locks()

    async def start(self) -> tuple[str, list[Event]]:
        """Begins a conversation; returns the token, which is kept nowhere, and the greeting."""
        heart, token, identity = self._heart, new_token(), token_bytes(16)
        access = Access(identity, token_key(token), KeyRing({0: new_key()}))
        greeting = [
            Message(number, "service", text, heart.clock())
            for number, text in enumerate(heart.wording.greeting, start=1)
        ]
        row = ConversationRow(
            id=identity,
            token_hash=token_hash(token),
            owner="assistant",
            epoch=0,
            key_epoch=0,
            last_number=len(greeting),
            warned=0,
            answered=0,
            carried=None,
            carried_number=0,
            carried_key_epoch=0,
            hour=heart.hour(),
            handed_off=False,
            left_quickly=False,
            hidden_hour=None,
        )
        async with heart.database.write() as connection:
            await conversations.create(connection, row)
            wrapped = wrap(access.under, access.ring.keys[0], identity, 0)
            await conversations.add_wrap(connection, identity, 0, "token", wrapped)
            for message in greeting:
                sealed = seal_message(access.ring, identity, 0, message)
                await conversations.add_event(connection, sealed)
        return token, list(greeting)

    async def open(self, token: str) -> Access:
        """Opens the conversation of a token; raises UnknownToken."""
        async with self._heart.database.read() as connection:
            access, _ = await open_access(connection, token)
        return access

    async def receive(self, access: Access, incoming: Incoming) -> Receipt:
        """Screens and keeps a message, then has it answered; returns once it is on disk.

        Raises ConversationEnded, UnknownButton, IdUsed (the id came with other words before) and
        UnknownToken (revoked meanwhile). The same message again is kept once.
        """
        async with self._receiving.hold(access.conversation):
            async with self._heart.database.read() as connection:
                before = await self._last_messages(connection, access)
                tapped = await self._tapped(connection, access, incoming.button)
            message = await self._screened(incoming, tapped, before)
            try:
                number = await self._keep(access, incoming, message, before)
            except (IntegrityError, ConversationEnded):
                async with self._heart.database.read() as connection:
                    kept = await self._earlier(connection, access, incoming)
                if kept is None:
                    raise
                return Receipt(kept, repeated=True)
        self._heart.broadcast.send(Signal("conversation", access.conversation))
        self._answering.wake(access)
        return Receipt(number, repeated=False)

    async def _earlier(
        self, connection: AsyncConnection, access: Access, incoming: Incoming
    ) -> int | None:
        row = await conversations.by_client_id(connection, access.conversation, incoming.id.bytes)
        if row is None:
            return None
        if row.key_epoch not in access.ring.keys:
            wrapped = await conversations.wraps(connection, access.conversation, "token")
            access.take_in(wrapped)
        message = open_event(access.ring, row)
        if not isinstance(message, Message):
            raise IdUsed
        if incoming.text is not None and (message.text != incoming.text or message.payload):
            raise IdUsed
        if incoming.button is not None:
            tapped = await self._tapped(connection, access, incoming.button)
            if tapped is None or message.payload != tapped.payload:
                raise IdUsed
        return row.number

    async def _last_messages(self, connection: AsyncConnection, access: Access) -> list[Message]:
        rows = await conversations.last_from(
            connection, access.conversation, "young_person", handoff.EXCERPT_MESSAGES
        )
        opened = (open_event(access.ring, row) for row in rows)
        return [message for message in opened if isinstance(message, Message)]

    async def _tapped(
        self, connection: AsyncConnection, access: Access, button: str | None
    ) -> Button | None:
        """Finds a button among those this conversation was sent; raises UnknownButton."""
        if button is None:
            return None
        for row in await conversations.events_after(connection, access.conversation, 0):
            event = open_event(access.ring, row)
            for sent in event.buttons if isinstance(event, Message) else ():
                if sent.id == button:
                    return sent
        raise UnknownButton

    async def _screened(
        self, incoming: Incoming, tapped: Button | None, before: list[Message]
    ) -> Message:
        """The message with its verdict, not yet numbered; a tapped button needs no screening."""
        heart = self._heart
        course = next((m.course for m in reversed(before) if m.course), Course())
        if tapped is not None:
            return Message(
                0,
                "young_person",
                tapped.title,
                heart.clock(),
                payload=tapped.payload,
                course=course,
            )
        if incoming.text is None:
            raise Invalid
        assessment = await asyncio.to_thread(heart.screener.screen, incoming.text, course)
        return Message(
            0,
            "young_person",
            incoming.text,
            heart.clock(),
            level=assessment.level,
            noticed=tuple(Noticed(s.id, s.level, s.evidence) for s in assessment.signals),
            read=assessment.read,
            failed=assessment.failed,
            course=assessment.course,
        )

    async def _keep(
        self, access: Access, incoming: Incoming, message: Message, before: list[Message]
    ) -> int:
        heart = self._heart
        urgency = URGENT if message.level == 4 or message.payload == TALK else ORDINARY
        told: list[bytes] = []
        async with heart.database.write(urgency) as connection:
            row = await refresh(connection, access)
            if row.owner == "ended":
                raise ConversationEnded
            matters = message.level >= 3 or message.payload == TALK
            team = await handoff.team_if_here(connection, heart.now()) if matters else None
            number = row.last_number + 1
            message = replace(message, number=number, helper_here=team is not None)
            sealed = seal_message(access.ring, row.id, row.key_epoch, message, incoming.id.bytes)
            await conversations.add_event(connection, sealed)
            await conversations.change(connection, row.id, last_number=number, hour=heart.hour())
            row = replace(row, last_number=number)
            if message.level == 4 and team:
                await handoff.raise_alarm(
                    connection, row, message, before=before, team=team, now=heart.now()
                )
                told = await handoff.renumber_queue(connection)
            elif message.payload == TALK and team:
                told = await handoff.say_yes(
                    connection, access, row, team, course=message.course, now=heart.now()
                )
            elif message.payload == NOT_NOW:
                told = await handoff.say_no(connection, access, row)
        self._queue_changed(access.conversation, told)
        return number

    def _queue_changed(self, conversation: bytes, told: list[bytes]) -> None:
        for other in told:
            if other != conversation:
                self._heart.broadcast.send(Signal("conversation", other))
        self._heart.broadcast.send(Signal("queue", conversation))

    async def ask_for_person(self, access: Access) -> None:
        """Asks for a helper: with one here, the chat is opened to the team and queued.

        With nobody here nothing is opened, and the young person is told who answers now.
        """
        heart, told = self._heart, list[bytes]()
        async with (
            self._receiving.hold(access.conversation),
            heart.database.write(URGENT) as connection,
        ):
            row = await refresh(connection, access)
            if row.owner == "ended":
                raise ConversationEnded
            team = await handoff.team_if_here(connection, heart.now())
            if team:
                last = await self._last_messages(connection, access)
                course = last[-1].course if last else None
                told = await handoff.say_yes(
                    connection, access, row, team, course=course, now=heart.now()
                )
        self._queue_changed(access.conversation, told)
        await self._answering.tell_handoff(access)

    async def events(self, access: Access, after: int) -> list[Event]:
        """Returns what happened after number `after`, in order; raises UnknownToken if revoked."""
        return (await self._look(access, after))[1]

    async def _look(self, access: Access, after: int) -> tuple[str, list[Event]]:
        """The owner of the conversation, and what happened after number `after`."""
        async with self._heart.database.read() as connection:
            row = await conversations.by_id(connection, access.conversation)
            if row is None or row.token_hash is None:
                raise UnknownToken
            if row.key_epoch not in access.ring.keys:
                wrapped = await conversations.wraps(connection, row.id, "token")
                access.take_in(wrapped)
            rows = []
            if row.last_number > after:
                rows = await conversations.events_after(connection, row.id, after)
        opened = (open_event(access.ring, event) for event in rows)
        return row.owner, [event for event in opened if event is not None]

    async def follow(
        self, access: Access, after: int
    ) -> AsyncGenerator[Event | Typing | None, None]:
        """Yields what happens after number `after` as it happens, None after 15 quiet seconds.

        While somebody follows, messages that a crash left unanswered are answered, and who waits
        for a helper in vain is told so. Ends when the token is revoked.
        """
        loop = asyncio.get_running_loop()
        with self._heart.broadcast.listen(access.conversation) as signals:
            self._answering.wake(access)
            spoke, signal = loop.time(), Signal("conversation", access.conversation)
            while True:
                if signal.kind == "typing":
                    if signal.sender != "young_person":
                        yield Typing(signal.sender or "assistant")  # type: ignore[arg-type]
                else:
                    try:
                        owner, new = await self._look(access, after)
                    except UnknownToken:
                        return
                    for event in new:
                        after, spoke = event.number, loop.time()
                        yield event
                wait = spoke + HEARTBEAT_S - loop.time()
                if owner == "queue":
                    wait = min(wait, await self._until_truth(access))
                try:
                    signal = await asyncio.wait_for(signals.get(), max(wait, 0.0))
                except TimeoutError:
                    signal = Signal("conversation", access.conversation)
                    if loop.time() - spoke >= HEARTBEAT_S:
                        spoke = loop.time()
                        yield None

    async def _until_truth(self, access: Access) -> float:
        """Seconds until the young person is told that nobody could come; tells when it is time."""
        async with self._heart.database.read() as connection:
            entry = await queue.entry_of(connection, access.conversation)
        if entry is None or entry.closed or entry.staff or entry.told_at or entry.agreed == "no":
            return float(HEARTBEAT_S)
        left = entry.asked_at + TRUTH_AFTER_S - self._heart.now()
        if left > 0:
            return left
        await self._answering.tell_nobody_came(access)
        return 0.0

    async def settled(self, access: Access, number: int, timeout: float) -> None:
        """Returns when message `number` has been answered, or after `timeout` seconds."""
        with self._heart.broadcast.listen(access.conversation) as signals:
            try:
                async with asyncio.timeout(timeout):
                    while True:
                        async with self._heart.database.read() as connection:
                            row = await conversations.by_id(connection, access.conversation)
                        if row is None or row.answered >= number:
                            return
                        await signals.get()
            except TimeoutError:
                return

    async def typing(self, access: Access) -> None:
        """Shows a worker that the young person is writing."""
        self._heart.broadcast.send(Signal("typing", access.conversation, "young_person"))

    async def end(self, access: Access) -> None:
        """Ends the conversation and wipes the token; a chat nobody was let into is deleted."""
        async with self._heart.database.write() as connection:
            row = await refresh(connection, access)
            await ending.end_by_young_person(connection, access.ring, row)
            told = await handoff.renumber_queue(connection)
        self._queue_changed(access.conversation, told)
        self._heart.broadcast.send(Signal("conversation", access.conversation))

    async def leave_quickly(self, access: Access) -> None:
        """Quick exit: revokes the token; a chat that no helper could ever see is deleted."""
        async with self._heart.database.write() as connection:
            row = await refresh(connection, access)
            await ending.leave_quickly(connection, row)
        self._queue_changed(access.conversation, [])
        self._heart.broadcast.send(Signal("conversation", access.conversation))

    async def delete(self, access: Access) -> None:
        """Hides the chat at once and for good, and wipes it as design.md says."""
        async with self._heart.database.write() as connection:
            row = await refresh(connection, access)
            await ending.delete(connection, row, self._heart.hour())
            told = await handoff.renumber_queue(connection)
        self._queue_changed(access.conversation, told)
        self._heart.broadcast.send(Signal("conversation", access.conversation))
