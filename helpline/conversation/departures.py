"""Somebody leaves the staff: cut off at once, their chats given back, the team key renewed."""

from dataclasses import dataclass

from sqlalchemy import Connection

from helpline.broadcast import Signal
from helpline.conversation import handoff, team_keys
from helpline.conversation.errors import NotAllowed, UnknownStaff
from helpline.conversation.heart import Heart
from helpline.conversation.sessions import Session
from helpline.conversation.staffing import HELPERS, Member
from helpline.store import holding, queue, sessions, staff
from helpline.store.staff import StaffRow

LEFT = "left the staff"


@dataclass(frozen=True)
class Departure:
    """What somebody's leaving changed.

    `released` are the chats that went back to the queue, `told` those whose place changed;
    `renewed` is whether the team key is a new one now: None where they never had it.
    """

    released: list[bytes]
    told: list[bytes]
    renewed: bool | None


def may_let_go(session: Session, person: Member | StaffRow) -> bool:
    """An admin may let anybody go, a supervisor a worker or a supervisor, nobody themselves."""
    identity = person.staff if isinstance(person, Member) else person.id
    if person.left_at is not None or identity == session.staff:
        return False
    return session.role == "admin" or (session.role == "supervisor" and person.role in HELPERS)


async def let_go(heart: Heart, session: Session, identity: int) -> Departure:
    """Has a member of staff leave, at once; raises NotAllowed (`may_let_go`) and UnknownStaff."""
    if session.role not in {"admin", "supervisor"}:
        raise NotAllowed
    now = heart.now()

    def go(connection: Connection) -> Departure:
        queue.lock(connection)
        person = staff.by_id(connection, identity)
        if person is None or person.left_at is not None:
            raise UnknownStaff
        if not may_let_go(session, person):
            raise NotAllowed
        return leave(connection, person, now, session.staff)

    done = await heart.database.write(go)
    for conversation in (*done.released, *done.told):
        heart.changed(conversation)
    heart.broadcast.send(Signal("queue"))  # every open desk asks anew who it is, and theirs closes
    await heart.database.forget()
    return done


def leave(connection: Connection, person: StaffRow, now: float, by: int | None) -> Departure:
    """Cuts somebody off, all in this transaction; the queue's lock is held.

    Their sessions end, they can sign in no more, the chats they hold go back to the queue, the
    team keys sealed to them go, and so does every key of a chat or record that somebody else has
    too. If nothing is left that only they could open, their own private key goes as well.
    """
    sessions.end_of(connection, person.id)
    staff.change(connection, person.id, left_at=now)
    held = [entry for entry in queue.open_entries(connection) if entry.staff == person.id]
    for entry in held:
        handoff.give_back(connection, entry, now)
    queue.unwant(connection, person.id)
    had_access = staff.drop_memberships(connection, person.id)
    holding.drop_shared(connection, person.id)
    if not holding.holds_any(connection, person.id):
        staff.change(connection, person.id, wrapped=b"")
    staff.note(connection, now, LEFT, by, about=person.id)
    renewed = team_keys.renew(connection, now, by) if had_access else None
    told = handoff.renumber_queue(connection)
    return Departure([entry.conversation for entry in held], told, renewed)
