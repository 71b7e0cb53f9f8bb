"""The worker's side: the queue, taking a chat, reading what may be read, writing, ending."""

import asyncio
from collections.abc import AsyncGenerator

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from helpline.broadcast import DESK, Signal
from helpline.conversation import ending, handoff, staffing
from helpline.conversation.errors import (
    AlreadyTaken,
    ConversationEnded,
    Invalid,
    NotOpen,
    UnknownConversation,
)
from helpline.conversation.events import Event, Message
from helpline.conversation.heart import Heart
from helpline.conversation.incoming import Incoming
from helpline.conversation.opening import (
    check_helper,
    excerpt_ring,
    held,
    identity_of,
    open_excerpts,
    ring_of,
    said_before,
    unread_language,
)
from helpline.conversation.receiving import Receipt
from helpline.conversation.sealing import open_event, seal_message
from helpline.conversation.sessions import Session, Sessions
from helpline.conversation.shown import DeskChange, QueueRow, Transcript
from helpline.store import conversations, queue, staff
from helpline.store.database import URGENT
from helpline.store.queue import QueueEntry

HEARTBEAT_S = 15
UNANSWERED_AFTER_S = 60


class DeskSide:
    """Everything a worker or supervisor can do; each method gets their session."""

    def __init__(self, heart: Heart, sessions: Sessions) -> None:
        self._heart = heart
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
            held_by = [e for e in queue.open_entries(connection) if e.staff == session.staff]
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

    async def queue(self, session: Session) -> list[QueueRow]:
        """Returns whom nobody has taken: highest level first, then longest wait."""
        return await self._rows(session, mine=False)

    async def mine(self, session: Session) -> list[QueueRow]:
        """Returns the chats that this worker holds or watches."""
        return await self._rows(session, mine=True)

    async def offered(self, session: Session) -> int:
        """Returns how many were offered a helper at level 3 and have not answered yet."""
        check_helper(session)
        return self._heart.offered.count(self._heart.now(), self._heart.broadcast.followed)

    async def _rows(self, session: Session, *, mine: bool) -> list[QueueRow]:
        check_helper(session)

        def find(connection: Connection) -> list[QueueRow]:
            entries = queue.open_entries(connection)
            wanted = [e for e in entries if (e.staff == session.staff if mine else not e.staff)]
            rows = (self._row(connection, session, entry) for entry in wanted)
            return [row for row in rows if row is not None]

        return await self._heart.database.read(find)

    def _row(self, connection: Connection, session: Session, entry: QueueEntry) -> QueueRow | None:
        row = conversations.by_id(connection, entry.conversation)
        if row is None or row.hidden_hour is not None:
            return None
        holder = staff.by_id(connection, entry.staff) if entry.staff else None
        shown = open_excerpts(connection, session, entry.conversation)
        noticed = [notice for message in shown for notice in message.noticed]
        worst = max(noticed, key=lambda notice: notice.level, default=None)
        waited = self._heart.now() - entry.asked_at
        return QueueRow(
            conversation=entry.conversation.hex(),
            level=entry.level,
            waiting_s=max(0, int(waited)),
            reason=entry.reason,  # type: ignore[arg-type]  # written by `handoff` only
            trigger=worst.evidence if worst else None,
            signals=tuple(dict.fromkeys(notice.id for notice in noticed)),
            agreed=entry.agreed,  # type: ignore[arg-type]
            worker=holder.alias if holder else None,
            unanswered_60s=entry.staff is None and waited >= UNANSWERED_AFTER_S,
            owner=row.owner,  # type: ignore[arg-type]
            left_quickly=row.left_quickly,
            connected=self._heart.broadcast.followed(row.id),
            unread=unread_language(connection, session, row, shown),
        )

    async def take(self, session: Session, conversation: str) -> None:
        """Takes a waiting chat; raises AlreadyTaken for all but the first who tries.

        Until the young person says yes the worker only watches; with the yes the chat is the
        worker's and the assistant is silent.
        """
        check_helper(session)
        heart, identity = self._heart, identity_of(conversation)

        def take(connection: Connection) -> list[bytes]:
            queue.lock(connection)
            row = conversations.by_id(connection, identity, lock=True)
            entry = queue.entry_of(connection, identity)
            if row is None or entry is None or row.hidden_hour is not None:
                raise UnknownConversation
            if not queue.claim(connection, identity, session.staff, heart.now()):
                raise AlreadyTaken
            if entry.agreed == "yes" and row.owner == "queue":
                handoff.change_owner(connection, row, "worker", session.alias)
            staff.note(connection, heart.now(), "took", session.staff, identity)
            return handoff.renumber_queue(connection)

        told = await heart.database.write(take, URGENT)
        heart.queue_changed(identity, told)

    async def transcript(self, session: Session, conversation: str, after: int = 0) -> Transcript:
        """Returns what this worker may read after number `after`: the excerpt, or all on a yes.

        Only for the one who took it. Messages under a key epoch that the team was not given are
        not in it: nothing here could open them.
        """
        identity = identity_of(conversation)

        def find(connection: Connection) -> Transcript:
            row, entry = held(connection, session, identity)
            ring = ring_of(connection, session, row)
            opened: dict[int, Event] = {}
            for message in open_excerpts(connection, session, identity):
                opened[message.number] = message
            if ring.keys:
                for sealed in conversations.events_after(connection, identity, 0):
                    if event := open_event(ring, sealed):
                        opened[event.number] = event
            events = [opened[number] for number in sorted(opened) if number > after]
            return Transcript(
                events=events,
                opened=bool(ring.keys),
                agreed=entry.agreed,  # type: ignore[arg-type]
                owner=row.owner,  # type: ignore[arg-type]
                left_quickly=row.left_quickly,
                connected=self._heart.broadcast.followed(row.id),
            )

        return await self._heart.database.read(find)

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
            message = Message(number, "worker", text, heart.clock())
            sealed = seal_message(ring, identity, row.key_epoch, message, incoming.id.bytes)
            conversations.add_event(connection, sealed)
            conversations.change(connection, identity, last_number=number, hour=heart.hour())
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
        """Shows the young person that the worker is writing; only once they let them in."""
        identity = identity_of(conversation)
        row, _ = await self._heart.database.read(lambda c: held(c, session, identity))
        if row.owner == "worker":
            self._heart.broadcast.send(Signal("typing", identity, "worker"))

    async def end(self, session: Session, conversation: str) -> None:
        """Ends a chat this worker holds; only they and supervisors can open it afterwards.

        A danger that the young person gave no yes to is closed, and the assistant goes on.
        """
        heart, identity = self._heart, identity_of(conversation)

        def end(connection: Connection) -> list[bytes]:
            queue.lock(connection)
            conversations.by_id(connection, identity, lock=True)
            row, _ = held(connection, session, identity)
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
