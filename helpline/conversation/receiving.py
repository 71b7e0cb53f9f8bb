"""What a young person sends: screened, and kept with its verdict, the warning and the queue's
change in one transaction; the assistant's answer is `answering`'s.
"""

import asyncio
from dataclasses import dataclass, replace

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from helpline.conversation import consent, first_words, handoff, tally
from helpline.conversation.access import Access, refresh
from helpline.conversation.answering import Answering, Unanswered, assessment_of
from helpline.conversation.bubbles import Bubble, add_bubbles, from_policy
from helpline.conversation.errors import ConversationEnded, IdUsed, UnknownButton, UnknownToken
from helpline.conversation.events import Button, Message, Noticed
from helpline.conversation.first_words import LATER, NUMBERS
from helpline.conversation.heart import Heart
from helpline.conversation.incoming import Incoming
from helpline.conversation.locks import Locks
from helpline.conversation.sealing import open_event, seal_message
from helpline.store import conversations, queue
from helpline.store.conversations import ConversationRow
from helpline.store.database import INCOMING, URGENT
from safeguarding import Course
from safeguarding.policy import NOT_NOW, TALK

HIGH_RISK = 3
OF_A_HELPER = (TALK, NOT_NOW, *first_words.ANSWERS)
"""What is tapped about a helper: it says nothing of danger, and is answered here."""


@dataclass(frozen=True)
class Receipt:
    """A message that is on disk: its number, and whether it was there before."""

    number: int
    repeated: bool


@dataclass(frozen=True)
class _Done:
    """What followed a grave message: whose place in the queue changed, and whether a helper was
    offered to somebody whom the desk does not show."""

    told: list[bytes]
    offered: bool = False


class Receiving:
    """Takes messages in, those of one conversation in the order they came."""

    def __init__(self, heart: Heart, answering: Answering) -> None:
        self._heart = heart
        self._answering = answering
        self._locks = Locks()

    async def receive(self, access: Access, incoming: Incoming) -> Receipt:
        """Returns once the message is on disk; see `YoungPersonSide.receive`.

        A caller who is cut off meanwhile stops nothing: what is kept is also made known.
        """
        receiving = asyncio.ensure_future(self._receive(access, incoming))
        receiving.add_done_callback(_heard)
        return await asyncio.shield(receiving)

    async def _receive(self, access: Access, incoming: Incoming) -> Receipt:
        database = self._heart.database
        async with self._locks.hold(access.conversation):
            with self._heart.intake.taking():
                message, before = await database.read(
                    lambda c: self._screened(c, access, incoming), INCOMING
                )
                try:
                    return await self._keep(access, incoming, message, before)
                except (IntegrityError, ConversationEnded):
                    kept = await database.read(lambda c: _kept_before(c, access, incoming))
                    if kept is None:
                        raise
                    self._answering.wake(access)
                    return Receipt(kept, repeated=True)

    def _screened(
        self, connection: Connection, access: Access, incoming: Incoming
    ) -> tuple[Message, list[Message]]:
        """The message with its verdict, not yet numbered, and the young person's last ones.

        Runs in a thread of the database, off the event loop. A tapped button says its title, which
        is no less said for being tapped; only one that asks for a helper, or not, needs no
        screening.
        """
        row = conversations.by_id(connection, access.conversation)
        if row is None or row.token_hash != access.name:
            raise UnknownToken
        access.keep_up(connection, row, committed=True)
        before = last_messages(connection, access)
        course = next((m.course for m in reversed(before) if m.course), Course())
        if before and before[-1].number < row.shown_from:
            course = replace(course, answered=Course().answered)  # this page saw no words of it yet
        message = Message(0, "young_person", "", self._heart.clock(), course=course)
        tapped = _tapped(connection, access, incoming.button)
        if tapped is not None:
            message = replace(message, text=tapped.title, payload=tapped.payload)
            if tapped.payload in OF_A_HELPER:
                return message, before
        else:
            assert incoming.text is not None
            message = replace(message, text=incoming.text)
        words = [each.text for each in before]
        assessment = self._heart.screener.screen(message.text, course, words)
        screened = replace(
            message,
            level=assessment.level,
            noticed=tuple(Noticed(s.id, s.level, s.evidence) for s in assessment.signals),
            read=assessment.read,
            failed=assessment.failed,
            course=assessment.course,
            language=assessment.language,
        )
        return screened, before

    async def _keep(
        self, access: Access, incoming: Incoming, message: Message, before: list[Message]
    ) -> Receipt:
        heart = self._heart
        grave = message.level >= HIGH_RISK or message.payload in OF_A_HELPER

        def keep(connection: Connection) -> tuple[int, _Done, Unanswered | None]:
            if grave:
                queue.lock(connection)
            row = refresh(connection, access)
            if row.owner == "ended":
                raise ConversationEnded
            earlier = conversations.last_from(connection, row.id, "young_person", 1)
            behind = bool(earlier) and earlier[0].number > row.answered
            number = row.last_number + 1
            numbered = replace(message, number=number)
            sealed = seal_message(access.ring, row.id, row.key_epoch, numbered, incoming.id.bytes)
            conversations.add_event(connection, sealed)
            conversations.change(connection, row.id, last_number=number, hour=heart.hour())
            if row.owner == "worker":
                _owe(connection, row.id, message.payload, heart.now())
            row = replace(row, last_number=number)
            if grave:
                return number, self._respond(connection, access, row, numbered, before), None
            return number, _Done([]), (row, numbered) if not behind else None

        number, done, fresh = await heart.database.write(keep, URGENT if grave else INCOMING)
        self._answering.wake(access, fresh)
        if done.offered:
            heart.offered.add(access.conversation, heart.now())
        elif grave:
            heart.offered.forget(access.conversation)
        else:
            heart.offered.active(access.conversation, heart.now())
        if grave:
            heart.queue_changed(access.conversation, done.told, urgent=True)
        else:
            heart.changed(access.conversation)
        return Receipt(number, repeated=False)

    def _respond(
        self,
        connection: Connection,
        access: Access,
        row: ConversationRow,
        message: Message,
        before: list[Message],
    ) -> _Done:
        """Warns, changes the queue and says what was done."""
        heart, owner = self._heart, row.owner
        if message.payload == TALK:
            row, words, told = consent.talk(connection, access, row, message.course, heart)
        elif message.payload == NOT_NOW:
            row, words, told = consent.not_now(connection, access, row, heart)
        elif message.payload in first_words.ANSWERS:
            first_words.reply(connection, access, row, message.payload, heart)
            return _Done([])
        else:
            return self._warn(connection, access, row, message, before)
        add_bubbles(connection, access, row, [Bubble("service", words)], heart)
        if message.payload == TALK:
            consent.greet(connection, access, row, owner, heart)
        return _Done(told)

    def _warn(
        self,
        connection: Connection,
        access: Access,
        row: ConversationRow,
        message: Message,
        before: list[Message],
    ) -> _Done:
        heart, now = self._heart, self._heart.now()
        on_call = heart.on_call(heart.clock())
        team = handoff.team_if_here(connection, now, level=message.level, on_call=on_call)
        response = heart.policy.respond(
            assessment_of(message),
            helper_here=team is not None,
            opens=heart.opens(heart.clock()),
            form_active=False,
        )
        if message.level >= handoff.EMERGENCY and not any(_is_grave(each) for each in before):
            tally.count(connection, heart, tally.LEVEL_4)
        bubbles = from_policy(response.bubbles)
        entry = queue.entry_of(connection, row.id)
        waiting = entry is not None and not entry.closed
        if entry is not None and waiting:
            grave = message.level >= handoff.EMERGENCY and team is not None
            again = handoff.promise(entry, now) if grave else {}
            level = max(message.level, entry.level)
            queue.change(connection, row.id, level=level, **again)
        if row.owner == "worker" or (entry is not None and waiting and entry.agreed == "yes"):
            # They are let in already: the numbers, and no offer of what was accepted.
            bubbles = [bubble for bubble in bubbles if bubble.card]
            if bubbles and row.owner == "queue":
                words = consent.still_queued(connection, row, heart, team)
                bubbles.append(Bubble("service", words))
            add_bubbles(connection, access, row, bubbles, heart)
            return _Done(handoff.renumber_queue(connection))
        row = add_bubbles(connection, access, row, bubbles, heart)
        if response.alert and team is not None:
            since = [each for each in (*before, message) if each.number >= row.shown_from]
            shown = since[-handoff.EXCERPT_MESSAGES :]
            handoff.raise_alarm(connection, row, shown, team, now)
        offered = message.level == HIGH_RISK and team is not None and not waiting
        return _Done(handoff.renumber_queue(connection), offered)


def _heard(receiving: asyncio.Future[Receipt]) -> None:
    """A refusal whose caller is gone is nobody's: it needs no line in the log."""
    if not receiving.cancelled():
        receiving.exception()


def _is_grave(message: Message) -> bool:
    """Whether the chat had reached level 4 with this message."""
    return message.course is not None and message.course.level >= handoff.EMERGENCY


def last_messages(connection: Connection, access: Access) -> list[Message]:
    """The young person's last messages, oldest first: as many as an excerpt shows."""
    rows = conversations.last_from(
        connection, access.conversation, "young_person", handoff.EXCERPT_MESSAGES
    )
    opened = (open_event(access.ring, row) for row in rows)
    return [message for message in opened if isinstance(message, Message)]


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


def _owe(connection: Connection, conversation: bytes, payload: str | None, now: float) -> None:
    """Their worker owes an answer to what they wrote, and none once they said "Not now"."""
    if payload in (LATER, NUMBERS):
        queue.change(connection, conversation, unanswered_since=None)
    elif payload not in (TALK, NOT_NOW):
        queue.owe(connection, conversation, now)
