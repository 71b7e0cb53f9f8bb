"""The young person's side: starts, follows, asks for a person, leaves; sending is `receiving`."""

from collections.abc import AsyncGenerator
from secrets import token_bytes
from weakref import WeakValueDictionary

from sqlalchemy import Connection

from helpline.broadcast import Signal
from helpline.conversation import consent, ending, erasure, feedback, handoff, tally
from helpline.conversation.access import Access, open_access, refresh
from helpline.conversation.answering import Answering
from helpline.conversation.bubbles import Bubble, add_bubbles
from helpline.conversation.errors import ConversationEnded, UnknownToken
from helpline.conversation.events import Event, Message, Typing
from helpline.conversation.following import follow, look
from helpline.conversation.heart import Heart
from helpline.conversation.incoming import Incoming
from helpline.conversation.receiving import Receipt, Receiving, last_messages
from helpline.conversation.sealing import seal_message
from helpline.conversation.watching import watch
from helpline.store import conversations, queue
from helpline.store.conversations import ConversationRow
from helpline.store.database import URGENT
from helpline.vault import (
    KeyRing,
    WrapBroken,
    new_key,
    new_token,
    token_hash,
    token_key,
    wrap,
)


class YoungPersonSide:
    """Everything a young person can do; each method gets the `Access` that their token opened."""

    def __init__(self, heart: Heart, answering: Answering) -> None:
        self._heart = heart
        self._answering = answering
        self._receiving = Receiving(heart, answering)
        self._followed: WeakValueDictionary[bytes, Access] = WeakValueDictionary()

    async def start(self) -> tuple[str, list[Event]]:
        """Begins a conversation; returns the token, which is kept nowhere, and the greeting."""
        heart, token, identity = self._heart, new_token(), token_bytes(16)
        access = Access(identity, token_hash(token), token_key(token), KeyRing({0: new_key()}))
        greeting: list[Event] = [
            Message(number, "service", text, heart.clock())
            for number, text in enumerate(heart.wording.greeting, start=1)
        ]
        row = ConversationRow(
            id=identity,
            token_hash=access.name,
            owner="assistant",
            epoch=0,
            key_epoch=0,
            last_number=len(greeting),
            answered=0,
            carried=None,
            carried_number=0,
            carried_key_epoch=0,
            hour=heart.hour(),
            handed_off=False,
            left_quickly=False,
            hidden_hour=None,
        )

        def begin(connection: Connection) -> None:
            conversations.create(connection, row)
            wrapped = wrap(access.under, access.ring.keys[0], identity, 0)
            conversations.add_wrap(connection, identity, 0, "token", wrapped)
            for message in greeting:
                assert isinstance(message, Message)
                conversations.add_event(connection, seal_message(access.ring, identity, 0, message))

        await heart.database.write(begin)
        return token, greeting

    async def open(self, token: str) -> Access:
        """Opens the conversation of a token; raises UnknownToken.

        While a stream holds it open, another call with the token gets what the stream has: whether
        the token was revoked meanwhile is asked of the store by whatever is done next.
        """
        try:
            name = token_hash(token)
        except WrapBroken as error:
            raise UnknownToken from error
        access = self._followed.get(name)
        if access is None:
            opened = await self._heart.database.read(lambda c: open_access(c, token))
            # Of two that open it at once the first is kept: a stream may hold that one already
            access = self._followed.setdefault(name, opened)
        return access

    def followed(self, conversation: bytes) -> Access | None:
        """The open conversation whose page is connected now, with its keys; None without one."""
        if not self._heart.broadcast.followed(conversation):
            return None
        return next((a for a in self._followed.values() if a.conversation == conversation), None)

    async def receive(self, access: Access, incoming: Incoming) -> Receipt:
        """Screens and keeps a message, then has it answered; returns once it is on disk.

        Raises ConversationEnded, UnknownButton, IdUsed (the id came with other words before) and
        UnknownToken (revoked meanwhile). The same message again is kept once.
        """
        return await self._receiving.receive(access, incoming)

    async def ask_for_person(self, access: Access) -> None:
        """Asks for a helper: with one here, the chat is opened to the team and queued.

        With nobody here nothing is opened, and the young person is told who answers now.
        """
        heart = self._heart

        def ask(connection: Connection) -> list[bytes]:
            queue.lock(connection)
            row = refresh(connection, access)
            if row.owner == "ended":
                raise ConversationEnded
            last = last_messages(connection, access)
            course = last[-1].course if last else None
            before = row.owner
            row, words, told = consent.talk(connection, access, row, course, heart)
            add_bubbles(connection, access, row, [Bubble("service", words)], heart)
            consent.greet(connection, access, row, before, heart)
            return told

        told = await heart.database.write(ask, URGENT)
        heart.offered.forget(access.conversation)
        heart.queue_changed(access.conversation, told)

    async def events(self, access: Access, after: int) -> list[Event]:
        """Returns what happened after number `after`, in order; raises UnknownToken if revoked.

        Who waits for a helper in vain is told so first: a page that only asks is told as well.
        """
        await watch(self._heart, access)
        return (await look(self._heart, access, after)).events

    def follow(self, access: Access, after: int) -> AsyncGenerator[Event | Typing | None]:
        """Yields what happens after number `after` as it happens (see `following.follow`).

        While somebody follows, messages that a crash left unanswered are answered, and who waits
        for a helper in vain is told so. Ends when the token is revoked.
        """
        return follow(self._heart, self._answering, access, after)

    async def typing(self, access: Access) -> None:
        """Shows a worker that the young person is writing."""
        self._heart.broadcast.send(Signal("typing", access.conversation, "young_person"))

    async def stop_waiting(self, access: Access) -> None:
        """Leaves the queue, as Not now does; raises ConversationEnded."""
        heart = self._heart

        def stop(connection: Connection) -> list[bytes]:
            queue.lock(connection)
            row = refresh(connection, access)
            if row.owner == "ended":
                raise ConversationEnded
            row, words, told = consent.not_now(connection, access, row, heart)
            add_bubbles(connection, access, row, [Bubble("service", words)], heart)
            return told

        told = await heart.database.write(stop, URGENT)
        heart.offered.forget(access.conversation)
        heart.queue_changed(access.conversation, told)

    async def may_be_asked(self, access: Access) -> bool:
        """Whether the four questions are asked in this chat; raises UnknownToken."""

        def look(connection: Connection) -> bool:
            row = conversations.by_id(connection, access.conversation)
            if row is None or row.token_hash != access.name:
                raise UnknownToken
            access.keep_up(connection, row, committed=True)
            return feedback.may_ask(connection, access, row)

        return await self._heart.database.read(look)

    async def give_feedback(self, access: Access, answers: feedback.Answers) -> None:
        """Counts answers, which then lead back to nobody; raises NotAsked and UnknownToken."""

        def give(connection: Connection) -> None:
            row = refresh(connection, access)
            feedback.keep(connection, access, row, answers, self._heart)

        await self._heart.database.write(give)

    async def end(self, access: Access, answers: feedback.Answers | None = None) -> None:
        """Ends the conversation and wipes the token; a chat nobody was let into is deleted, unless
        there is a code to come back. Raises NotAsked for answers where nothing is asked.
        """

        def end(connection: Connection, row: ConversationRow) -> None:
            feedback.keep(connection, access, row, answers or {}, self._heart)
            feedback.count_end(connection, access, row, self._heart)
            ending.end_by_young_person(connection, access.ring, row)

        await self._finish(access, end)

    async def leave_quickly(self, access: Access) -> None:
        """Quick exit: revokes the token; a chat that nobody else could open is deleted."""

        def leave(connection: Connection, row: ConversationRow) -> None:
            tally.count(connection, self._heart, tally.LEFT_QUICKLY)
            ending.leave_quickly(connection, row)

        await self._finish(access, leave)

    async def delete(self, access: Access) -> None:
        """Hides the chat at once and for good, and wipes it as design.md says."""
        hour = self._heart.hour()

        def delete(connection: Connection, row: ConversationRow) -> None:
            tally.count(connection, self._heart, tally.DELETED)
            ending.delete(connection, access.ring, row, hour)

        await self._finish(access, delete)

    async def _finish(self, access: Access, how: ending.Ending) -> None:
        def finish(connection: Connection) -> list[bytes]:
            queue.lock(connection)
            row = refresh(connection, access)
            how(connection, row)
            return handoff.renumber_queue(connection)

        told = await self._heart.database.write(finish)
        self._followed.pop(access.name, None)
        self._heart.offered.forget(access.conversation)
        self._heart.queue_changed(access.conversation, told)
        await erasure.finish(self._heart.database, access.conversation)
