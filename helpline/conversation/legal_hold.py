"""Holding a chat as evidence: one supervisor asks, another agrees, and the same to end it; logged.

A chat can be held until it is erased: a day after the young person deleted it, or when its
retention ends. To ask is not to hold: nobody alone keeps what was to be gone.
"""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from helpline.conversation import evidence
from helpline.conversation.errors import (
    ChangedElsewhere,
    Invalid,
    NotAllowed,
    UnknownConversation,
)
from helpline.conversation.events import Opened
from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper, events_open_to, identity_of, ring_of
from helpline.conversation.retention import erased_at
from helpline.conversation.sessions import Session
from helpline.settings import Settings
from helpline.store import conversations, legal_holds, queue, staff
from helpline.store.conversations import ConversationRow
from helpline.store.legal_holds import HoldRow, WaitingRow

GROUNDS: Final = {
    "police": "The police asked us to keep it",
    "court": "A court ordered us to keep it",
    "enquiry": "A safeguarding enquiry needs it",
    "claim": "A legal claim, made or expected",
}
"""Why a chat may be held: a draft for the charity to sign."""


@dataclass(frozen=True)
class Held:
    """A chat that waits to be erased or is held, as the list shows it: never a word of it.

    `deleted_at` is when the young person deleted it, `erased_at` when it is erased unless two
    people hold it (seconds, UTC, both to the hour). `mine` is whether this person asked for what
    waits now, `reads` whether they may read it.
    """

    conversation: str
    level: int
    deleted_at: float | None
    erased_at: float
    ground: str | None = None
    asked_by: str | None = None
    agreed_by: str | None = None
    agreed_at: float | None = None
    ending_by: str | None = None
    mine: bool = False
    reads: bool = False


async def listed(heart: Heart, settings: Settings, session: Session) -> list[Held]:
    """All that waits to be erased after deletion, and all that is held; raises NotAllowed."""
    _check(session)

    def find(connection: Connection) -> list[Held]:
        names = {person.id: person.name for person in staff.everybody(connection)}
        return [_shown(row, names, settings, session) for row in legal_holds.listed(connection)]

    return await heart.database.read(find)


async def ask(
    heart: Heart, settings: Settings, session: Session, conversation: str, ground: str
) -> None:
    """A supervisor who can open a chat asks to hold it; nothing is held until another agrees.

    Raises NotAllowed, Invalid for a ground that is none and for a chat that no helper was let into
    or that goes on, UnknownConversation, and ChangedElsewhere where it was asked or is held.
    """
    _check(session)
    if ground not in GROUNDS:
        raise Invalid("Choose a ground.")
    identity = identity_of(conversation)

    def ask(connection: Connection) -> None:
        row = _still_there(connection, heart, settings, identity)
        if not row.handed_off or row.owner != "ended":
            raise Invalid("Only a chat that a helper was let into and that has ended can be held.")
        hold = legal_holds.of(connection, identity)
        if hold is not None and (hold.holders or _stands(connection, hold.asked_by)):
            if hold.asked_by == session.staff and not hold.holders:
                return
            raise ChangedElsewhere("Somebody has asked already. Look at it again.")
        if not ring_of(connection, session, row).keys:
            raise NotAllowed("Only somebody who was given the key of this chat can ask.")
        legal_holds.put(connection, HoldRow(identity, ground, session.staff, heart.now()))
        _note(connection, heart, session, identity, "asked to hold", detail=ground)

    await heart.database.write(ask)


async def agree(heart: Heart, settings: Settings, session: Session, conversation: str) -> None:
    """Another supervisor agrees, and the chat is held.

    Raises NotAllowed for who asked, UnknownConversation when nothing waits or the chat is to be
    erased by now, and ChangedElsewhere when it is held already.
    """
    _check(session)
    identity = identity_of(conversation)

    def agree(connection: Connection) -> None:
        row = _still_there(connection, heart, settings, identity)
        hold = _asked(connection, identity)
        if hold.holders:
            raise ChangedElsewhere("It is held already. Look at it again.")
        _second(connection, session, hold.asked_by)
        now = heart.now()
        legal_holds.change(connection, identity, agreed_by=session.staff, agreed_at=now)
        if row.hidden_hour is not None:
            evidence.set_aside(connection, identity, hour=row.hidden_hour)
        _note(connection, heart, session, identity, "agreed to hold", about=hold.asked_by)

    await heart.database.write(agree)


async def withdraw(heart: Heart, session: Session, conversation: str) -> None:
    """Takes back, or refuses, a wish to hold a chat: it is erased in its time."""
    _check(session)
    identity = identity_of(conversation)

    def withdraw(connection: Connection) -> None:
        queue.lock(connection)
        hold = _asked(connection, identity)
        if hold.holders:
            raise ChangedElsewhere("It is held already. Look at it again.")
        legal_holds.drop(connection, identity)
        _note(connection, heart, session, identity, "did not hold", about=hold.asked_by)

    await heart.database.write(withdraw)


async def ask_to_end(heart: Heart, session: Session, conversation: str) -> None:
    """A supervisor asks to end a hold; it holds until another agrees."""
    _check(session)
    identity = identity_of(conversation)

    def ask(connection: Connection) -> None:
        hold = _held(connection, identity)
        if hold.ending_by == session.staff:
            return
        if hold.ending_by is not None and _stands(connection, hold.ending_by):
            raise ChangedElsewhere("Somebody has asked already. Look at it again.")
        now = heart.now()
        legal_holds.change(connection, identity, ending_by=session.staff, ending_at=now)
        _note(connection, heart, session, identity, "asked to end hold")

    await heart.database.write(ask)


async def agree_to_end(heart: Heart, session: Session, conversation: str) -> None:
    """Another supervisor agrees, and the hold ends; the next purge erases what is due.

    Raises NotAllowed for who asked and UnknownConversation when nothing waits.
    """
    _check(session)
    identity = identity_of(conversation)

    def end(connection: Connection) -> None:
        hold = _held(connection, identity)
        if hold.ending_by is None:
            raise UnknownConversation("Nobody asked for this. Look at it again.")
        _second(connection, session, hold.ending_by)
        legal_holds.drop(connection, identity)
        _note(connection, heart, session, identity, "hold ended", about=hold.ending_by)

    await heart.database.write(end)


async def keep(heart: Heart, session: Session, conversation: str) -> None:
    """Takes back, or refuses, a wish to end a hold."""
    _check(session)
    identity = identity_of(conversation)

    def keep(connection: Connection) -> None:
        hold = _held(connection, identity)
        if hold.ending_by is None:
            raise UnknownConversation("Nobody asked for this. Look at it again.")
        legal_holds.change(connection, identity, ending_by=None, ending_at=None)
        _note(connection, heart, session, identity, "kept hold", about=hold.ending_by)

    await heart.database.write(keep)


async def read(heart: Heart, session: Session, conversation: str) -> list[Opened]:
    """What was said in a held chat that is gone for others; for the two who hold it alone.

    Each time is in the audit log. Raises NotAllowed and UnknownConversation.
    """
    _check(session)
    identity = identity_of(conversation)

    def read(connection: Connection) -> list[Opened]:
        row, hold = conversations.by_id(connection, identity), _held(connection, identity)
        if row is None or row.hidden_hour is None:
            raise UnknownConversation
        if session.staff not in hold.holders:
            raise NotAllowed("Only the two who hold it may read it.")
        _note(connection, heart, session, identity, "read evidence", detail=hold.ground)
        return events_open_to(connection, session, row, ring_of(connection, session, row))

    return await heart.database.write(read)


def _check(session: Session) -> None:
    check_helper(session)
    if session.role != "supervisor":
        raise NotAllowed


def _still_there(
    connection: Connection, heart: Heart, settings: Settings, identity: bytes
) -> ConversationRow:
    """The chat, locked against the purge; raises UnknownConversation once it is to be erased."""
    queue.lock(connection)
    row = conversations.by_id(connection, identity, lock=True)
    gone = "This chat is erased, or is about to be."
    if row is None:
        raise UnknownConversation(gone)
    if heart.now() >= erased_at(settings, row.hour, row.hidden_hour):
        raise UnknownConversation(gone)
    return row


def _asked(connection: Connection, identity: bytes) -> HoldRow:
    hold = legal_holds.of(connection, identity)
    if hold is None:
        raise UnknownConversation("Nobody asked for this. Look at it again.")
    return hold


def _held(connection: Connection, identity: bytes) -> HoldRow:
    queue.lock(connection)
    hold = _asked(connection, identity)
    if not hold.holders:
        raise ChangedElsewhere("It is not held yet. Look at it again.")
    return hold


def _stands(connection: Connection, asker: int) -> bool:
    """Whether who asked is still a supervisor here; what they asked for counts only then."""
    person = staff.by_id(connection, asker)
    return person is not None and person.left_at is None and person.role == "supervisor"


def _second(connection: Connection, session: Session, asker: int) -> None:
    if asker == session.staff:
        raise NotAllowed("Somebody else has to agree.")
    if not _stands(connection, asker):
        raise ChangedElsewhere("Who asked has left. Ask anew.")


def _shown(row: WaitingRow, names: dict[int, str], settings: Settings, session: Session) -> Held:
    deleted = row.hidden_hour * 3600.0 if row.hidden_hour is not None else None
    gone = erased_at(settings, row.hour, row.hidden_hour)
    shown, hold = Held(row.conversation.hex(), row.level, deleted, gone), row.hold
    if hold is None:
        return shown
    return replace(
        shown,
        ground=hold.ground,
        asked_by=names[hold.asked_by],
        agreed_by=names.get(hold.agreed_by or 0),
        agreed_at=hold.agreed_at,
        ending_by=names.get(hold.ending_by or 0),
        mine=session.staff == (hold.ending_by if hold.holders else hold.asked_by),
        reads=session.staff in hold.holders,
    )


def _note(
    connection: Connection,
    heart: Heart,
    session: Session,
    identity: bytes,
    action: str,
    *,
    about: int | None = None,
    detail: str | None = None,
) -> None:
    staff.note(connection, heart.now(), action, session.staff, identity, about=about, detail=detail)
