"""The worker's side: the queue, taking a chat, reading what may be read, writing, ending."""

import asyncio
from collections.abc import AsyncGenerator

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from helpline.broadcast import DESK, Signal
from helpline.conversation import (
    ending,
    first_words,
    handoff,
    looking,
    owning,
    staffing,
    tally,
    waiting,
)
from helpline.conversation.board import Board, Waiting
from helpline.conversation.errors import (
    ConversationEnded,
    DoesNotOpen,
    Invalid,
    NotOpen,
)
from helpline.conversation.events import Message
from helpline.conversation.heart import Heart
from helpline.conversation.incoming import Incoming
from helpline.conversation.opening import (
    check_helper,
    events_open_to,
    excerpt_ring,
    held,
    identity_of,
    ring_of,
    said_before,
)
from helpline.conversation.receiving import Receipt
from helpline.conversation.sealing import seal_message
from helpline.conversation.sessions import Session, Sessions
from helpline.conversation.shown import DeskChange, QueueRow, Transcript
from helpline.store import conversations, looks, queue, staff

HEARTBEAT_S = 15
LATER = ("no", "numbers")
TYPING_COUNTS_S = 15


class DeskSide:
    """Everything a worker or supervisor can do; each method gets their session."""

    def __init__(self, heart: Heart, sessions: Sessions) -> None:
        self._heart = heart
        self._board = Board(heart)
        self.sessions = sessions
        self.sign_in = sessions.sign_in
        self.open = sessions.open
        self.here = sessions.here

    async def sign_out(self, session: Session) -> None:
        """Ends the session at once; what this person held goes back on the queue."""
        await self.sessions.sign_out(session)
        heart = self._heart

        def release(connection: Connection) -> list[bytes]:
            queue.lock(connection)
            if session.staff in staff.here(connection, heart.now() - handoff.HERE_S):
                return []
            held_by = queue.held_by(connection, session.staff)
            for entry in held_by:
                handoff.give_back(connection, entry, heart.now())
            return [*(e.conversation for e in held_by), *handoff.renumber_queue(connection)]

        for conversation in await heart.database.write(release):
            heart.queue_changed(conversation, [])

    async def newcomers(self, session: Session) -> list[staffing.Newcomer]:
        """Returns who waits for a supervisor to give access; raises NotAllowed."""
        return await staffing.newcomers(self._heart.database, session)

    async def give_access(self, session: Session, identity: int) -> None:
        """Gives a newcomer the team key; raises NotAllowed for all but a supervisor."""
        await staffing.give_access(self._heart.database, session, identity, self._heart.now())

    async def waiting(self, session: Session) -> Waiting:
        """Returns whom nobody has taken (`Board.waiting`)."""
        return await self._board.waiting(session)

    async def queue(self, session: Session) -> list[QueueRow]:
        """Returns the first whom nobody has taken: highest level first, then longest wait."""
        return list((await self._board.waiting(session)).rows)

    async def mine(self, session: Session) -> list[QueueRow]:
        """Returns the chats that this worker holds or watches."""
        return list(await self._board.mine(session))

    async def offered(self, session: Session) -> int:
        """Returns how many were offered a helper at level 3 and have not answered yet."""
        check_helper(session)
        return self._heart.offered.count(self._heart.now(), self._heart.broadcast.followed)

    async def take(self, session: Session, conversation: str) -> None:
        """Takes a waiting chat (`owning.take`)."""
        await owning.take(self._heart, session, conversation)

    async def transcript(self, session: Session, conversation: str, after: int = 0) -> Transcript:
        """Returns what this person may read after number `after`: the excerpt, or all on a yes.

        Only for who took it, or looks at it. Messages under a key epoch that the team was not given
        are not in it: nothing here could open them.
        """
        heart, identity = self._heart, identity_of(conversation)

        def find(connection: Connection) -> Transcript:
            now = heart.now()
            row, entry = looking.readable(connection, session, identity, now)
            ring = ring_of(connection, session, row)
            events = events_open_to(connection, session, row, ring)
            return Transcript(
                events=[event for event in events if event.number > after],
                opened=bool(ring.keys),
                agreed=entry.agreed,  # type: ignore[arg-type]
                owner=row.owner,  # type: ignore[arg-type]
                left_quickly=row.left_quickly,
                connected=heart.broadcast.followed(row.id),
                safe=first_words.answer(events)[0],
                held=entry.staff == session.staff and not entry.closed,
                looking=entry.staff != session.staff,
                lookers=tuple(looks.lookers(connection, identity, now - looking.FOR_S)),
                asked_to_open=looks.unsealing(connection, identity) is not None,
            )

        return await heart.database.read(find)

    async def say(self, session: Session, conversation: str, incoming: Incoming) -> Receipt:
        """Writes to the young person; raises NotOpen until their yes, ConversationEnded after."""
        if incoming.text is None:
            raise Invalid
        heart, identity, text = self._heart, identity_of(conversation), incoming.text

        def say(connection: Connection) -> int:
            conversations.by_id(connection, identity, lock=True)
            row, entry = held(connection, session, identity)
            if row.owner == "ended":
                raise ConversationEnded
            if entry.agreed != "yes" or row.owner != "worker":
                raise NotOpen
            ring, number = ring_of(connection, session, row), row.last_number + 1
            if row.key_epoch not in ring.keys:
                raise DoesNotOpen
            if first_words.answer(events_open_to(connection, session, row, ring))[0] in LATER:
                raise NotOpen("They said not now. Ask again first.")
            message = Message(number, "worker", text, heart.clock())
            sealed = seal_message(ring, identity, row.key_epoch, message, incoming.id.bytes)
            conversations.add_event(connection, sealed)
            conversations.change(connection, identity, last_number=number, hour=heart.hour())
            queue.change(connection, identity, unanswered_since=None, away_told_at=None)
            return number

        try:
            number = await heart.database.write(say)
        except (IntegrityError, ConversationEnded):
            kept = await heart.database.read(lambda c: said_before(c, session, identity, incoming))
            if kept is None:
                raise
            return Receipt(kept, repeated=True)
        heart.changed(identity)
        return Receipt(number, repeated=False)

    async def typing(self, session: Session, conversation: str) -> None:
        """Shows the young person that the worker is writing; only once they let them in.

        An answer that is being written is owed a little longer.
        """
        heart, identity = self._heart, identity_of(conversation)
        row, entry = await heart.database.read(lambda c: held(c, session, identity))
        if row.owner != "worker":
            return
        heart.broadcast.send(Signal("typing", identity, "worker"))
        owed, now = entry.unanswered_since, heart.now()
        if owed is not None and now - owed >= TYPING_COUNTS_S:
            await heart.database.write(lambda c: queue.put_off(c, identity, session.staff, now))

    async def end(self, session: Session, conversation: str) -> None:
        """Ends a chat this worker holds; only they and supervisors can open it afterwards.

        A danger that the young person gave no yes to is closed, and the assistant goes on.
        """
        heart, identity = self._heart, identity_of(conversation)

        def end(connection: Connection) -> list[bytes]:
            queue.lock(connection)
            conversations.by_id(connection, identity, lock=True)
            row, entry = held(connection, session, identity)
            if entry.closed:
                return []
            tally.count_end_by_worker(connection, heart, row.owner, entry.level)
            waiting.keep_held_time(connection, row.owner, entry, heart.now())
            excerpts = excerpt_ring(connection, session, identity)
            ending.end_by_worker(connection, row, ring_of(connection, session, row), excerpts)
            staff.note(connection, heart.now(), "ended", session.staff, identity)
            return handoff.renumber_queue(connection)

        told = await heart.database.write(end)
        heart.queue_changed(identity, told)
        await heart.database.forget()

    async def follow(self, session: Session) -> AsyncGenerator[DeskChange | None]:
        """Yields what changes on the desk, None after 15 quiet seconds; counts as being here."""
        check_helper(session)
        loop, heard = asyncio.get_running_loop(), float("-inf")
        with self._heart.broadcast.listen(DESK) as signals:
            while True:
                if loop.time() - heard >= HEARTBEAT_S:
                    heard = loop.time()
                    await self.sessions.here(session)
                try:
                    signal = await asyncio.wait_for(signals.get(), HEARTBEAT_S)
                except TimeoutError:
                    yield None
                    continue
                conversation = signal.conversation.hex() if signal.conversation else None
                if signal.kind != "typing" or signal.sender == "young_person":
                    yield DeskChange(signal.kind, conversation)
