"""Who holds a chat: taking it, passing it on, handing it back to the assistant, going on a break.

Design.md, decision 5: one owner. Every change of hands goes through the queue's lock, so that of
two who try at once one is told.
"""

from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from helpline.conversation import ending, first_words, handoff, notes, presence, waiting
from helpline.conversation.bubbles import add_by
from helpline.conversation.errors import (
    AlreadyTaken,
    ConversationEnded,
    HoldsOthers,
    Invalid,
    NotAllowed,
    NotOpen,
    PassedOn,
    UnknownConversation,
)
from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper, excerpt_ring, held, identity_of, ring_of
from helpline.conversation.sessions import Session
from helpline.store import conversations, queue, staff
from helpline.store.conversations import ConversationRow
from helpline.store.database import URGENT
from helpline.store.queue import QueueEntry
from helpline.store.waiting import attending

BESIDE_LEVEL_4: Final = "You hold a chat at level 4. Pass it on, or end it, before another."
RESERVED_S: Final = 60
"""For so many seconds a chat that was passed on to one person is theirs to take."""


async def take(heart: Heart, session: Session, conversation: str) -> None:
    """Takes a waiting chat; raises AlreadyTaken for all but the first who tries.

    Until the young person says yes the worker only watches; with the yes the chat is the worker's,
    the assistant is silent, and the worker's first words are asked. Raises HoldsOthers for who
    has as many as they take at once, or a level 4, and PassedOn where it waits for another.
    """
    check_helper(session)
    identity = identity_of(conversation)

    def take(connection: Connection) -> list[bytes]:
        queue.lock(connection)
        row = conversations.by_id(connection, identity, lock=True)
        entry = queue.entry_of(connection, identity)
        if row is None or entry is None or row.hidden_hour is not None:
            raise UnknownConversation
        _check_free(connection, session, entry, heart.now())
        if not queue.claim(connection, identity, session.staff, heart.now()):
            raise AlreadyTaken
        queue.change(connection, identity, wanted=None)
        if entry.agreed == "yes" and row.owner == "queue":
            begin(connection, session, row, heart)
        staff.note(connection, heart.now(), "took", session.staff, identity)
        return handoff.renumber_queue(connection)

    told = await heart.database.write(take, URGENT)
    heart.queue_changed(identity, told)


def begin(connection: Connection, session: Session, row: ConversationRow, heart: Heart) -> None:
    """The chat is this worker's from now on: the young person sees who, and is asked if it is OK
    to talk."""
    ring = ring_of(connection, session, row)
    if row.key_epoch not in ring.keys:
        raise NotAllowed("A supervisor must give you access first.")
    row = handoff.change_owner(connection, row, "worker", session.alias)
    first_words.ask(connection, row, ring, heart)


def _check_free(connection: Connection, session: Session, entry: QueueEntry, now: float) -> None:
    if entry.staff is not None or entry.closed:
        raise AlreadyTaken
    ordinary = entry.level < handoff.EMERGENCY  # danger waits for nobody
    reserved = entry.wanted not in (None, session.staff) and now - entry.promised_at < RESERVED_S
    if reserved and ordinary and entry.wanted in staff.here(connection, now - handoff.HERE_S):
        raise PassedOn
    theirs = queue.held_by(connection, session.staff)
    if any(each.level >= handoff.EMERGENCY for each in theirs):
        raise HoldsOthers(BESIDE_LEVEL_4)
    person = staff.by_id(connection, session.staff)
    most = person.at_once if person else staff.AT_ONCE
    if len(theirs) >= most and entry.level < handoff.EMERGENCY:
        raise HoldsOthers


def _check_can_take(
    connection: Connection, session: Session, entry: QueueEntry, to: int, now: float
) -> None:
    """Raises Invalid for whom this chat cannot be passed to."""
    here = {each.staff: each for each in presence.helpers(connection, now)}
    them = here.get(to)
    if to == session.staff or them is None or them.quiet or them.presence == "break":
        raise Invalid("That helper is not here now. Choose another, or the queue.")
    grave = any(e.level >= handoff.EMERGENCY for e in queue.held_by(connection, to))
    if grave or (them.holds >= them.at_once and entry.level < handoff.EMERGENCY):
        raise Invalid("That helper holds as much as they can. Choose another, or the queue.")


async def pass_on(
    heart: Heart, session: Session, conversation: str, *, to: int | None = None, note: str = ""
) -> None:
    """Gives a chat to another helper, or back to the top of the queue, with a note for them.

    The one it is passed to has a minute to take it; then anybody may. Raises Invalid for somebody
    who is not here, ConversationEnded, NotYours and UnknownConversation.
    """
    identity = identity_of(conversation)

    def give(connection: Connection) -> list[bytes]:
        queue.lock(connection)
        conversations.by_id(connection, identity, lock=True)
        row, entry = held(connection, session, identity)
        if row.owner == "ended" or entry.closed:
            raise ConversationEnded
        if to is not None:
            _check_can_take(connection, session, entry, to, heart.now())
        if note.strip():
            notes.add(connection, heart, session, identity, note, kind="transfer")
        release(connection, entry, heart.now(), to=to)
        staff.note(connection, heart.now(), "passed on", session.staff, identity, about=to)
        return handoff.renumber_queue(connection)

    told = await heart.database.write(give, URGENT)
    heart.queue_changed(identity, told)


def release(
    connection: Connection, entry: QueueEntry, now: float, *, to: int | None = None
) -> None:
    """Puts a chat that is passed on at the top of the queue, for one helper or for all.

    Only where another can come is it said that another does.
    """
    others = attending(connection, now - handoff.HERE_S) - {entry.staff}
    handoff.give_back(connection, entry, now, why="passed" if to or others else "left")
    queue.change(connection, entry.conversation, wanted=to)


async def hand_back(heart: Heart, session: Session, conversation: str) -> None:
    """Gives a chat back to the assistant: what is written from now on no helper can read.

    The new key epoch is made with the young person's own key, at the next thing that they or the
    assistant write. Raises NotOpen while the chat is not the worker's.
    """
    identity = identity_of(conversation)

    def give(connection: Connection) -> list[bytes]:
        queue.lock(connection)
        conversations.by_id(connection, identity, lock=True)
        row, entry = held(connection, session, identity)
        if row.owner == "ended":
            raise ConversationEnded
        if row.owner != "worker":
            raise NotOpen
        ring = ring_of(connection, session, row)
        row = add_by(connection, row, ring, heart.wording.handed_back, heart)
        excerpts = excerpt_ring(connection, session, identity)
        waiting.keep_held_time(connection, row.owner, entry, heart.now())
        ending.keep_for_keepers(connection, row, ring, excerpts)
        handoff.change_owner(connection, row, "assistant")
        conversations.change(connection, identity, new_epoch_due=True)
        queue.change(connection, identity, closed=True, position=None)
        staff.note(connection, heart.now(), "handed back", session.staff, identity)
        return handoff.renumber_queue(connection)

    told = await heart.database.write(give)
    heart.queue_changed(identity, told)


async def take_a_break(heart: Heart, session: Session) -> int:
    """A worker needs a break now: all they hold goes to the top of the queue.

    Returns how many chats that were.
    """
    check_helper(session)

    def leave(connection: Connection) -> tuple[list[QueueEntry], list[bytes]]:
        queue.lock(connection)
        theirs = queue.held_by(connection, session.staff)
        for entry in theirs:
            release(connection, entry, heart.now())
        staff.change(connection, session.staff, presence="break")
        staff.note(connection, heart.now(), "went on a break", session.staff)
        return theirs, handoff.renumber_queue(connection)

    theirs, told = await heart.database.write(leave, URGENT)
    for entry in theirs:
        heart.queue_changed(entry.conversation, told)
    return len(theirs)


async def take_over(heart: Heart, session: Session, conversation: str) -> None:
    """A supervisor takes a chat out of a worker's hands; both, and the young person, are told."""
    identity = identity_of(conversation)

    def seize(connection: Connection) -> list[bytes]:
        check_helper(session)
        if session.role != "supervisor":
            raise NotAllowed
        queue.lock(connection)
        row = conversations.by_id(connection, identity, lock=True)
        entry = queue.entry_of(connection, identity)
        if row is None or entry is None or row.hidden_hour is not None:
            raise UnknownConversation
        if row.owner == "ended" or entry.closed:
            raise ConversationEnded
        if entry.staff is None or entry.staff == session.staff:
            raise AlreadyTaken("Nobody else holds this chat: take it from the queue.")
        if any(e.level >= handoff.EMERGENCY for e in queue.held_by(connection, session.staff)):
            raise HoldsOthers(BESIDE_LEVEL_4)
        now = heart.now()
        queue.change(
            connection,
            identity,
            staff=session.staff,
            taken_at=now,
            wanted=None,
            unanswered_since=None,
            away_told_at=None,
            owed=None,
        )
        if row.owner == "worker":
            ring = ring_of(connection, session, row)
            row = add_by(connection, row, ring, heart.wording.taken_over, heart)
            begin(connection, session, replace(row, owner="worker"), heart)
        staff.note(connection, now, "took over", session.staff, identity, about=entry.staff)
        return handoff.renumber_queue(connection)

    told = await heart.database.write(seize, URGENT)
    heart.queue_changed(identity, told)


async def ask_again(heart: Heart, session: Session, conversation: str) -> None:
    """Asks once more whether it is OK to talk, after a "Not now"; raises NotOpen."""
    identity = identity_of(conversation)

    def ask(connection: Connection) -> None:
        conversations.by_id(connection, identity, lock=True)
        row, _ = held(connection, session, identity)
        if row.owner != "worker":
            raise NotOpen
        first_words.ask(connection, row, ring_of(connection, session, row), heart)
        queue.change(connection, identity, unanswered_since=None, away_told_at=None)

    await heart.database.write(ask)
    heart.changed(identity)
