"""What a young person sends: screened, kept with its verdict in one transaction, then answered."""

import asyncio
from dataclasses import dataclass, replace

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from helpline.conversation import handoff
from helpline.conversation.access import Access, refresh
from helpline.conversation.answering import NOT_NOW, TALK, Answering
from helpline.conversation.errors import ConversationEnded, IdUsed, UnknownButton
from helpline.conversation.events import Button, Message, Noticed
from helpline.conversation.heart import Heart
from helpline.conversation.incoming import Incoming
from helpline.conversation.locks import Locks
from helpline.conversation.sealing import open_event, seal_message
from helpline.store import conversations, queue
from helpline.store.database import ORDINARY, URGENT
from safeguarding import Course


@dataclass(frozen=True)
class Receipt:
    """A message that is on disk: its number, and whether it was there before."""

    number: int
    repeated: bool


class Receiving:
    """Takes messages in, those of one conversation in the order they came."""

    def __init__(self, heart: Heart, answering: Answering) -> None:
        self._heart = heart
        self._answering = answering
        self._locks = Locks()

    async def receive(self, access: Access, incoming: Incoming) -> Receipt:
        """Returns once the message is on disk; see `YoungPersonSide.receive`."""
        database = self._heart.database
        async with self._locks.hold(access.conversation):
            before, tapped = await database.read(lambda c: _before(c, access, incoming.button))
            message = await asyncio.to_thread(self._screened, incoming, tapped, before)
            try:
                number = await self._keep(access, incoming, message, before)
            except (IntegrityError, ConversationEnded):
                kept = await database.read(lambda c: _kept_before(c, access, incoming))
                if kept is None:
                    raise
                return Receipt(kept, repeated=True)
        self._answering.wake(access)
        return Receipt(number, repeated=False)

    def _screened(
        self, incoming: Incoming, tapped: Button | None, before: list[Message]
    ) -> Message:
        """The message with its verdict, not yet numbered; a tapped button needs no screening."""
        course = next((m.course for m in reversed(before) if m.course), Course())
        message = Message(0, "young_person", "", self._heart.clock(), course=course)
        if tapped is not None:
            return replace(message, text=tapped.title, payload=tapped.payload)
        assert incoming.text is not None
        assessment = self._heart.screener.screen(incoming.text, course)
        return replace(
            message,
            text=incoming.text,
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
        matters = message.level >= 3 or message.payload == TALK
        changes_queue = message.level == 4 or message.payload in (TALK, NOT_NOW)

        def keep(connection: Connection) -> tuple[int, list[bytes]]:
            if changes_queue:
                queue.lock(connection)
            row = refresh(connection, access)
            if row.owner == "ended":
                raise ConversationEnded
            team = handoff.team_if_here(connection, heart.now()) if matters else None
            number = row.last_number + 1
            numbered = replace(message, number=number, helper_here=team is not None)
            sealed = seal_message(access.ring, row.id, row.key_epoch, numbered, incoming.id.bytes)
            conversations.add_event(connection, sealed)
            conversations.change(connection, row.id, last_number=number, hour=heart.hour())
            row, told = replace(row, last_number=number), list[bytes]()
            if message.level == 4 and team:
                handoff.raise_alarm(
                    connection, row, numbered, before=before, team=team, now=heart.now()
                )
                told = handoff.renumber_queue(connection)
            elif message.payload == TALK and team:
                told = handoff.say_yes(
                    connection, access, row, team, course=message.course, now=heart.now()
                )
            elif message.payload == NOT_NOW:
                told = handoff.say_no(connection, access, row)
            return number, told

        number, told = await heart.database.write(keep, URGENT if changes_queue else ORDINARY)
        if changes_queue:
            heart.queue_changed(access.conversation, told)
        else:
            heart.changed(access.conversation)
        return number


def last_messages(connection: Connection, access: Access) -> list[Message]:
    """The young person's last messages, oldest first: as many as an excerpt shows."""
    rows = conversations.last_from(
        connection, access.conversation, "young_person", handoff.EXCERPT_MESSAGES
    )
    opened = (open_event(access.ring, row) for row in rows)
    return [message for message in opened if isinstance(message, Message)]


def _before(
    connection: Connection, access: Access, button: str | None
) -> tuple[list[Message], Button | None]:
    """What a new message is read in the light of: the last messages, and the button tapped."""
    return last_messages(connection, access), _tapped(connection, access, button)


def _tapped(connection: Connection, access: Access, button: str | None) -> Button | None:
    """Finds a button among those this conversation was sent; raises UnknownButton."""
    if button is None:
        return None
    for row in conversations.events_after(connection, access.conversation, 0):
        event = open_event(access.ring, row)
        for sent in event.buttons if isinstance(event, Message) else ():
            if sent.id == button:
                return sent
    raise UnknownButton


def _kept_before(connection: Connection, access: Access, incoming: Incoming) -> int | None:
    """The number under which this message was kept before; raises IdUsed for other words."""
    row = conversations.by_client_id(connection, access.conversation, incoming.id.bytes)
    if row is None:
        return None
    message = open_event(access.ring, row)
    tapped = _tapped(connection, access, incoming.button)
    expected = (tapped.title, tapped.payload) if tapped else (incoming.text, None)
    if not isinstance(message, Message) or (message.text, message.payload) != expected:
        raise IdUsed
    return row.number
