"""A supervisor looks at a chat that another holds, or that has ended; taking it is `owning`'s.

Each look is in the audit log, and who holds the chat sees it.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from helpline.conversation.errors import NotAllowed, NotYours, UnknownConversation
from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper, identity_of
from helpline.conversation.sessions import Session
from helpline.store import conversations, looks, queue, staff, tables
from helpline.store.conversations import ConversationRow
from helpline.store.queue import QueueEntry

FOR_S: Final = 60
"""A look ends by itself when its page was not heard of for so many seconds."""
LISTED: Final = 200


@dataclass(frozen=True)
class Past:
    """A chat that came to the desk: who holds or held it, and whether it has ended.

    `hour` is that of the last activity, in hours since 1970 (UTC). `may_hold`: it can be held as
    evidence (`legal_hold`).
    """

    conversation: str
    level: int
    hour: int
    worker: str | None
    ended: bool
    mine: bool
    may_hold: bool


async def look(heart: Heart, session: Session, conversation: str) -> None:
    """Opens a chat for a supervisor to read; raises NotAllowed and UnknownConversation."""
    check_helper(session)
    if session.role != "supervisor":
        raise NotAllowed
    identity = identity_of(conversation)

    def begin(connection: Connection) -> None:
        row, entry = conversations.by_id(connection, identity), queue.entry_of(connection, identity)
        if row is None or entry is None or row.hidden_hour is not None:
            raise UnknownConversation
        now, since = heart.now(), looks.since(connection, identity, session.staff)
        looks.look(connection, identity, session.staff, now)
        if since is None or now - since >= FOR_S:
            staff.note(connection, now, "looked in", session.staff, identity, about=entry.staff)

    await heart.database.write(begin)
    heart.queue_changed(identity, [])


async def stop(heart: Heart, session: Session, conversation: str) -> None:
    """Ends a look; who holds the chat sees that."""
    identity = identity_of(conversation)
    await heart.database.write(lambda c: looks.end(c, identity, session.staff))
    heart.queue_changed(identity, [])


async def still(heart: Heart, session: Session, conversation: str) -> None:
    """The page of a look is still open; nothing for who does not look."""
    identity = identity_of(conversation)

    def touch(connection: Connection) -> None:
        if looks.looks(connection, identity, session.staff):
            looks.look(connection, identity, session.staff, heart.now())

    await heart.database.write(touch)


def readable(
    connection: Connection, session: Session, identity: bytes, now: float
) -> tuple[ConversationRow, QueueEntry]:
    """The chat and its entry, if this person may read it: they hold it, or look at it.

    Raises UnknownConversation and NotYours.
    """
    check_helper(session)
    row, entry = conversations.by_id(connection, identity), queue.entry_of(connection, identity)
    if row is None or entry is None or row.hidden_hour is not None:
        raise UnknownConversation
    if entry.staff == session.staff:
        return row, entry
    since = looks.since(connection, identity, session.staff)
    if session.role == "supervisor" and since is not None and now - since < FOR_S:
        return row, entry
    raise NotYours


async def past(heart: Heart, session: Session) -> list[Past]:
    """The chats that this person may open again: a supervisor all, a worker their own; newest
    first. Raises NotAllowed.
    """
    check_helper(session)
    chat, entry = tables.conversation.c, tables.queue_entry.c
    query = (
        select(
            chat.id,
            entry.level,
            chat.hour,
            entry.staff,
            chat.owner,
            chat.handed_off,
            tables.staff.c.alias,
        )
        .join(tables.queue_entry, entry.conversation == chat.id)
        .outerjoin(tables.staff, tables.staff.c.id == entry.staff)
        .where(chat.hidden_hour.is_(None))
        .order_by(chat.hour.desc(), entry.asked_at.desc())
        .limit(LISTED)
    )
    if session.role != "supervisor":
        query = query.where(entry.staff == session.staff)

    def find(connection: Connection) -> list[Past]:
        return [
            Past(
                row.id.hex(),
                row.level,
                row.hour,
                row.alias,
                row.owner == "ended",
                row.staff == session.staff,
                may_hold=session.role == "supervisor" and row.handed_off and row.owner == "ended",
            )
            for row in connection.execute(query)
        ]

    return await heart.database.read(find)
