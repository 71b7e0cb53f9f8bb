"""Opening a whole chat without the young person's yes: two people decide, with a reason, logged.

Design.md, decision 4. The keys are wrapped under the young person's own token, which the server
does not keep: it can be done only while they are connected, and they are told.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from helpline.conversation import handoff
from helpline.conversation.access import Access, refresh
from helpline.conversation.bubbles import Bubble, add_bubbles
from helpline.conversation.errors import Invalid, NotAllowed, NotConnected, UnknownConversation
from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper, held, identity_of
from helpline.conversation.sessions import Session
from helpline.store import looks, queue, staff
from helpline.store.looks import UnsealingRow

REASONS: Final = {
    "life_in_danger": "A life may be in danger now",
    "being_hurt": "They may be being hurt now",
    "whereabouts": "To find out where they are",
}

LASTS_S: Final = 600
"""What nobody decided in ten minutes has to be asked anew."""

FindAccess = Callable[[bytes], Access | None]
"""What the young person's open page gives: their keys, in memory only; None when it is closed."""


async def ask(heart: Heart, session: Session, conversation: str, reason: str) -> None:
    """The worker who watches an alert asks to read the rest.

    Raises Invalid for a reason that is none, NotYours, and NotConnected when their page is closed.
    """
    if reason not in REASONS:
        raise Invalid("Choose a reason.")
    identity = identity_of(conversation)

    def ask(connection: Connection) -> None:
        _, entry = held(connection, session, identity)
        if entry.closed or entry.agreed == "yes":
            raise Invalid("This chat needs no opening now.")
        if not heart.broadcast.followed(identity):
            raise NotConnected
        row = UnsealingRow(identity, session.staff, reason, heart.now())
        looks.ask_unsealing(connection, row)
        staff.note(connection, heart.now(), "asked to open", session.staff, identity, detail=reason)

    await heart.database.write(ask)
    heart.queue_changed(identity, [])


async def waiting(heart: Heart, session: Session) -> list[UnsealingRow]:
    """The openings that this person can decide: a supervisor's, and none they asked for."""
    check_helper(session)
    if session.role != "supervisor":
        return []
    found = await heart.database.read(looks.unsealings)
    since = heart.now() - LASTS_S
    return [each for each in found if each.asked_by != session.staff and each.asked_at > since]


async def decide(
    heart: Heart, session: Session, conversation: str, *, agreed: bool, access_of: FindAccess
) -> None:
    """A supervisor who did not ask says yes, and the team can read all; or no.

    Raises NotAllowed, UnknownConversation when nothing was asked, and NotConnected.
    """
    check_helper(session)
    if session.role != "supervisor":
        raise NotAllowed
    identity = identity_of(conversation)
    access = access_of(identity)

    def decide(connection: Connection) -> None:
        queue.lock(connection)
        asked, entry = looks.unsealing(connection, identity), queue.entry_of(connection, identity)
        if asked is None or entry is None or entry.closed or entry.agreed == "yes":
            raise UnknownConversation
        if heart.now() - asked.asked_at > LASTS_S:
            raise UnknownConversation
        if asked.asked_by == session.staff:
            raise NotAllowed("Somebody else has to agree.")
        looks.drop_unsealing(connection, identity)
        now, said = heart.now(), "yes" if agreed else "no"
        staff.note(
            connection,
            now,
            "agreed to open" if agreed else "did not agree to open",
            session.staff,
            identity,
            about=asked.asked_by,
            detail=said,
        )
        if agreed:
            _open(connection, access)

    def _open(connection: Connection, access: Access | None) -> None:
        team = staff.newest_team_key(connection)
        if access is None or team is None:
            raise NotConnected
        row = refresh(connection, access)
        told = Bubble("service", heart.wording.whole_read)
        add_bubbles(connection, access, row, [told], heart)
        handoff.let_in(connection, access, row, team)

    await heart.database.write(decide)
    heart.queue_changed(identity, [])
