"""Queries that erase a chat, in two steps: what opens it, and then what is left of it.

The first step is small and commits by itself: whatever happens after it (a kill, a full disk),
nothing opens the chat any more. That no key of a chat is left is all that tells the second step to
delete it, so that it can be done again at any time.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, select, update

from helpline.store import records, tables

CHAT_KEYS = (tables.wrapped_key, tables.excerpt_key, tables.desk_key)
"""Every table of wrapped keys that open something of a chat."""

_CHAT = tables.conversation.c
_FIRST = (
    *CHAT_KEYS,
    tables.return_code,
    tables.legal_hold,
    tables.unsealing,
    tables.look,
    tables.queue_entry,
)
"""What the first step takes: keys, the code to come back, and all that shows it at the desk."""
_REST = [
    table
    for table in reversed(tables.metadata.sorted_tables)
    if any(key.column is _CHAT.id for key in table.foreign_keys)
]


def no_key_left() -> ColumnElement[bool]:
    """A condition on `conversation`: nobody will ever open anything of it."""
    return and_(*(~exists().where(table.c.conversation == _CHAT.id) for table in CHAT_KEYS))


def forget_keys(connection: Connection, chats: Sequence[bytes]) -> None:
    """First step: nothing opens these chats from now on, and no page shows them."""
    for table in _FIRST:
        connection.execute(delete(table).where(table.c.conversation.in_(chats)))
    connection.execute(
        update(tables.conversation).where(_CHAT.id.in_(chats)).values(token_hash=None, carried=None)
    )


def keyless(connection: Connection, among: Sequence[bytes] | None = None) -> list[bytes]:
    """Returns the chats of which no key is left, among some or among all."""
    query = select(_CHAT.id).where(no_key_left())
    if among is not None:
        query = query.where(_CHAT.id.in_(among))
    return list(connection.execute(query).scalars())


def forget_rows(connection: Connection, chats: Sequence[bytes]) -> int:
    """Second step: deletes what is left of those chats of which no key is; returns how many.

    What outlives a chat (`records`) is kept without its id.
    """
    gone = keyless(connection, chats)
    records.forget_conversations(connection, gone)
    for table in _REST:
        connection.execute(delete(table).where(table.c.conversation.in_(gone)))
    connection.execute(delete(tables.conversation).where(_CHAT.id.in_(gone)))
    return len(gone)
