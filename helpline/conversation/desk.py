"""The worker's side: the queue, taking a chat, reading what may be read, writing, ending."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from helpline.broadcast import DESK, Signal
from helpline.conversation import ending, handoff, staffing
from helpline.conversation.errors import (
    AlreadyTaken,
    ConversationEnded,
    IdUsed,
    Invalid,
    NotAllowed,
    NotOpen,
    NotYours,
    UnknownConversation,
)
from helpline.conversation.events import Event, Message, Noticed, Owner
from helpline.conversation.heart import Heart
from helpline.conversation.incoming import Incoming
from helpline.conversation.sealing import open_event, seal_message
from helpline.conversation.sessions import Session, Sessions
from helpline.conversation.young_person import Receipt
from helpline.store import conversations, queue, staff
from helpline.store.conversations import ConversationRow, ExcerptRow
from helpline.store.queue import QueueEntry
from helpline.vault import KeyRing, Place, WrapBroken, open_for_team, open_sealed

HEARTBEAT_S = 15
UNANSWERED_AFTER_S = 60

Agreed = Literal["yes", "no", "unanswered"]


@dataclass(frozen=True)
class QueueRow:
    """One waiting or held chat as the desk shows it; `trigger` only where an excerpt was sealed."""

    conversation: str
    level: int
    waiting_s: int
    reason: handoff.Reason
    trigger: str | None
    signals: tuple[str, ...]
    agreed: Agreed
    worker: str | None
    unanswered_60s: bool
    owner: Owner
    left_quickly: bool


@dataclass(frozen=True)
class Transcript:
    """What a worker may read of a chat; `opened` is False while it is the excerpt alone."""

    events: list[Event]
    opened: bool
    agreed: Agreed
    owner: Owner
    left_quickly: bool


@dataclass(frozen=True)
class DeskChange:
    """Something the desk should show anew."""

    kind: Literal["queue", "conversation", "typing"]
    conversation: str | None


class DeskSide:
    """Everything a worker or supervisor can do; each method gets their session."""

    def __init__(self, heart: Heart, sessions: Sessions) -> None:
        self._heart = heart
        self.sessions = sessions
        self.sign_in = sessions.sign_in
        self.open = sessions.open
        self.sign_out = sessions.sign_out
        self.here = sessions.here
        self.away = sessions.away

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

    async def _rows(self, session: Session, *, mine: bool) -> list[QueueRow]:
        _check_helper(session)
        async with self._heart.database.read() as connection:
            entries = await queue.open_entries(connection)
            wanted = [e for e in entries if (e.staff == session.staff if mine else not e.staff)]
            return [
                found
                for entry in wanted
                if (found := await self._row(connection, session, entry)) is not None
            ]

    async def _row(
        self, connection: AsyncConnection, session: Session, entry: QueueEntry
    ) -> QueueRow | None:
        row = await conversations.by_id(connection, entry.conversation)
        if row is None or row.hidden_hour is not None:
            return None
        holder = await staff.by_id(connection, entry.staff) if entry.staff else None
        shown = _open_excerpts(
            session, await conversations.excerpts(connection, entry.conversation)
        )
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
        )

    async def take(self, session: Session, conversation: str) -> None:
        """Takes a waiting chat; raises AlreadyTaken for all but the first who tries.

        Until the young person says yes the worker only watches; with the yes the chat is the
        worker's and the assistant is silent.
        """
        _check_helper(session)
        heart, identity = self._heart, _identity(conversation)
        async with heart.database.write() as connection:
            row = await self._locked(connection, identity)
            entry = await queue.entry_of(connection, identity)
            if entry is None or row.hidden_hour is not None:
                raise UnknownConversation
            if not await queue.claim(connection, identity, session.staff, heart.now()):
                raise AlreadyTaken
            if entry.agreed == "yes" and row.owner == "queue":
                await handoff.change_owner(connection, row, "worker", session.alias)
            told = await handoff.renumber_queue(connection)
            await staff.note(connection, heart.now(), "took", session.staff, identity)
        for other in {identity, *told}:
            heart.broadcast.send(Signal("conversation", other))
        heart.broadcast.send(Signal("queue", identity))

    async def transcript(self, session: Session, conversation: str, after: int = 0) -> Transcript:
        """Returns what this worker may read after number `after`: the excerpt, or all on a yes.

        Only for the one who took it. Messages under a key epoch that the team was not given are
        not in it: nothing here could open them.
        """
        identity = _identity(conversation)
        async with self._heart.database.read() as connection:
            row, entry = await self._held(connection, session, identity)
            ring = await _ring(connection, session, row)
            if not ring.keys:
                excerpts = await conversations.excerpts(connection, identity)
                events: list[Event] = [
                    m for m in _open_excerpts(session, excerpts) if m.number > after
                ]
            else:
                rows = await conversations.events_after(connection, identity, after)
                opened = (open_event(ring, event) for event in rows)
                events = [event for event in opened if event is not None]
        return Transcript(
            events=events,
            opened=bool(ring.keys),
            agreed=entry.agreed,  # type: ignore[arg-type]
            owner=row.owner,  # type: ignore[arg-type]
            left_quickly=row.left_quickly,
        )

    async def say(self, session: Session, conversation: str, incoming: Incoming) -> Receipt:
        """Writes to the young person; raises NotOpen until their yes, ConversationEnded after."""
        if incoming.text is None:
            raise Invalid
        heart, identity = self._heart, _identity(conversation)
        try:
            async with heart.database.write() as connection:
                row = await self._locked(connection, identity)
                row, entry = await self._held(connection, session, identity)
                if row.owner == "ended":
                    raise ConversationEnded
                if entry.agreed != "yes" or row.owner != "worker":
                    raise NotOpen
                ring = await _ring(connection, session, row)
                number = row.last_number + 1
                message = Message(number, "worker", incoming.text, heart.clock())
                sealed = seal_message(ring, identity, row.key_epoch, message, incoming.id.bytes)
                await conversations.add_event(connection, sealed)
                await conversations.change(
                    connection, identity, last_number=number, hour=heart.hour()
                )
        except IntegrityError as error:
            return await self._said_before(session, identity, incoming, error)
        heart.broadcast.send(Signal("conversation", identity))
        return Receipt(number, repeated=False)

    async def _said_before(
        self, session: Session, identity: bytes, incoming: Incoming, error: IntegrityError
    ) -> Receipt:
        async with self._heart.database.read() as connection:
            row, _ = await self._held(connection, session, identity)
            ring = await _ring(connection, session, row)
            kept = await conversations.by_client_id(connection, identity, incoming.id.bytes)
        if kept is None:
            raise error
        message = open_event(ring, kept)
        if not isinstance(message, Message) or message.text != incoming.text:
            raise IdUsed
        return Receipt(kept.number, repeated=True)

    async def typing(self, session: Session, conversation: str) -> None:
        """Shows the young person that the worker is writing; only once they let them in."""
        identity = _identity(conversation)
        async with self._heart.database.read() as connection:
            row, _ = await self._held(connection, session, identity)
        if row.owner == "worker":
            self._heart.broadcast.send(Signal("typing", identity, "worker"))

    async def end(self, session: Session, conversation: str) -> None:
        """Ends a chat this worker holds; only they and supervisors can open it afterwards.

        A danger that the young person gave no yes to is closed, and the assistant goes on.
        """
        heart, identity = self._heart, _identity(conversation)
        async with heart.database.write() as connection:
            row = await self._locked(connection, identity)
            row, _ = await self._held(connection, session, identity)
            ring = await _ring(connection, session, row)
            await queue.change(connection, identity, closed=True)
            if row.owner == "worker":
                row = await handoff.change_owner(connection, row, "ended")
                await ending.keep_for_holder_only(connection, ring, row)
            elif row.owner == "queue":
                await handoff.change_owner(connection, row, "assistant")
            told = await handoff.renumber_queue(connection)
            await staff.note(connection, heart.now(), "ended", session.staff, identity)
        for other in {identity, *told}:
            heart.broadcast.send(Signal("conversation", other))
        heart.broadcast.send(Signal("queue", identity))

    async def follow(self, session: Session) -> AsyncGenerator[DeskChange | None, None]:
        """Yields what changes on the desk, None after 15 quiet seconds; counts as being here."""
        _check_helper(session)
        with self._heart.broadcast.listen(DESK) as signals:
            await self.sessions.here(session)
            while True:
                try:
                    signal = await asyncio.wait_for(signals.get(), HEARTBEAT_S)
                except TimeoutError:
                    await self.sessions.here(session)
                    yield None
                    continue
                if signal.kind == "typing" and signal.sender != "young_person":
                    continue
                conversation = signal.conversation.hex() if signal.conversation else None
                yield DeskChange(signal.kind, conversation)

    async def _locked(self, connection: AsyncConnection, identity: bytes) -> ConversationRow:
        row = await conversations.by_id(connection, identity, lock=True)
        if row is None:
            raise UnknownConversation
        return row

    async def _held(
        self, connection: AsyncConnection, session: Session, identity: bytes
    ) -> tuple[ConversationRow, QueueEntry]:
        _check_helper(session)
        row = await conversations.by_id(connection, identity)
        entry = await queue.entry_of(connection, identity)
        if row is None or entry is None or row.hidden_hour is not None:
            raise UnknownConversation
        if entry.staff != session.staff:
            raise NotYours
        return row, entry


def _check_helper(session: Session) -> None:
    if session.role not in staffing.HELPERS:
        raise NotAllowed
    if not session.team:
        raise NotAllowed("A supervisor must give you access first.")


def _identity(conversation: str) -> bytes:
    try:
        identity = bytes.fromhex(conversation)
    except ValueError as error:
        raise UnknownConversation from error
    return identity


async def _ring(connection: AsyncConnection, session: Session, row: ConversationRow) -> KeyRing:
    """Opens every key epoch that was sealed to the team or, after the end, to this person."""
    ring = KeyRing({})
    holders = {f"team:{epoch}": private for epoch, private in session.team.items()}
    for holder, private in (holders | {f"staff:{session.staff}": session.private}).items():
        for epoch, key in (await conversations.wraps(connection, row.id, holder)).items():
            ring.keys[epoch] = open_for_team(private, key, row.id, epoch)
    return ring


def _open_excerpts(session: Session, excerpts: list[ExcerptRow]) -> list[Message]:
    """Opens what level 4 danger sealed for the team; the trigger carries what was noticed."""
    shown: dict[int, Message] = {}
    for row in excerpts:
        private = session.team.get(row.team_epoch)
        if private is None:
            continue
        try:
            key = open_for_team(private, row.wrapped, row.conversation, row.number)
        except WrapBroken:
            continue
        place = Place(row.conversation, row.number, "excerpt", row.team_epoch)
        data = json.loads(open_sealed(key, place, row.sealed))
        for number, text, at in data["messages"]:
            message = Message(number, "young_person", text, datetime.fromtimestamp(at, UTC))
            if number == row.number:
                noticed = tuple(Noticed(*notice) for notice in data["noticed"])
                message = replace(message, level=data["level"], noticed=noticed)
            if number == row.number or number not in shown:
                shown[number] = message
    return [shown[number] for number in sorted(shown)]
