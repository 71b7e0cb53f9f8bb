"""Who is at the desk: what each says of themselves, how much they hold; who decides is `owning`."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from sqlalchemy import Connection

from helpline.broadcast import Signal
from helpline.conversation import handoff, staffing
from helpline.conversation.errors import Invalid, NotAllowed
from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper
from helpline.conversation.sessions import Session
from helpline.store import queue, staff

Presence = Literal["here", "busy", "break"]
PRESENCES: Final = get_args(Presence)


@dataclass(frozen=True)
class Helper:
    """A worker or supervisor whose desk is open: `holds` of at most `at_once` chats.

    `quiet` is True when the desk was not heard of for a little while: a closed laptop, or a lost
    network.
    """

    staff: int
    alias: str
    role: str
    presence: Presence
    holds: int
    at_once: int
    quiet: bool = False


def helpers(connection: Connection, now: float) -> list[Helper]:
    """Everybody whose desk is open and who has the team key, workers and supervisors by name."""
    lately = staff.here(connection, now - handoff.HERE_S)
    at_all = staff.here(connection, now - handoff.AWAY_S)
    entries = queue.open_entries(connection)
    found = [
        Helper(
            person.id,
            person.alias,
            person.role,
            person.presence,  # type: ignore[arg-type]  # written by `say` only
            sum(entry.staff == person.id for entry in entries),
            person.at_once,
            person.id not in lately,
        )
        for person in staff.with_access(connection, *staffing.HELPERS)
        if person.id in at_all
    ]
    return sorted(found, key=lambda each: each.alias.casefold())


async def here(heart: Heart, session: Session) -> list[Helper]:
    """Who is at the desk now; raises NotAllowed."""
    check_helper(session)
    return await heart.database.read(lambda c: helpers(c, heart.now()))


async def say(heart: Heart, session: Session, presence: str) -> None:
    """Says of oneself: here, busy or on a break. Raises Invalid for another word, NotAllowed."""
    check_helper(session)
    if presence not in PRESENCES:
        raise Invalid("Say here, busy or break.")

    def change(connection: Connection) -> None:
        staff.change(connection, session.staff, presence=presence)
        staff.note(connection, heart.now(), "presence", session.staff, detail=presence)

    await heart.database.write(change)
    heart.broadcast.send(Signal("queue"))


async def mine(heart: Heart, session: Session) -> Presence:
    """What this person last said of themselves."""
    person = await heart.database.read(lambda c: staff.by_id(c, session.staff))
    if person is None:
        raise NotAllowed
    return person.presence  # type: ignore[return-value]  # written by `say` only
