"""Queries on conversations, their wrapped keys, their events and their excerpts."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from helpline.store import tables
from helpline.vault import Holder


@dataclass(frozen=True)
class ConversationRow:
    """One row of `conversation`; `id` 16 bytes, `hour` hours since 1970 (UTC).

    The token shows no event with a number below `shown_from`: it came of a return code.
    `new_epoch_due`: a worker handed it back to the assistant, and what comes next is written under
    a key that the team does not have (`access.refresh` makes it).
    """

    id: bytes
    token_hash: bytes | None
    owner: str
    epoch: int
    key_epoch: int
    last_number: int
    answered: int
    carried: bytes | None
    carried_number: int
    carried_key_epoch: int
    hour: int
    handed_off: bool
    left_quickly: bool
    hidden_hour: int | None
    shown_from: int = 0
    feedback_given: bool = False
    new_epoch_due: bool = False


@dataclass(frozen=True)
class EventRow:
    """One row of `event`: a sealed message, or a state in clear."""

    conversation: bytes
    number: int
    kind: str
    sender: str | None = None
    key_epoch: int | None = None
    client_id: bytes | None = None
    sealed: bytes | None = None
    owner: str | None = None
    position: int | None = None
    worker: str | None = None


@dataclass(frozen=True)
class ExcerptRow:
    """One row of `excerpt`: what level 4 danger showed the team, under a key of its own."""

    conversation: bytes
    number: int
    sealed: bytes


_CONVERSATION = [tables.conversation.c[name] for name in ConversationRow.__dataclass_fields__]
_EVENT = [tables.event.c[name] for name in EventRow.__dataclass_fields__]
_EXCERPT = [tables.excerpt.c[name] for name in ExcerptRow.__dataclass_fields__]

# What every message needs is built once: building a select costs as much as running it.
_KEYS, _EVENTS = tables.wrapped_key.c, tables.event.c
_BY_TOKEN = (
    select(*_CONVERSATION, _KEYS.key_epoch.label("wrap_epoch"), _KEYS.wrapped)
    .join(tables.wrapped_key, _KEYS.conversation == tables.conversation.c.id)
    .where(tables.conversation.c.token_hash == bindparam("token"), _KEYS.holder == "token")
)
_BY_ID = select(*_CONVERSATION).where(tables.conversation.c.id == bindparam("id"))
_LOCKED = _BY_ID.with_for_update()
_AFTER = (
    select(*_EVENT)
    .where(_EVENTS.conversation == bindparam("id"), _EVENTS.number > bindparam("after"))
    .order_by(_EVENTS.number)
    .limit(bindparam("at_most"))
)
_AFTER_FROM = _AFTER.where(_EVENTS.sender == bindparam("sender"))
_LAST_FROM = (
    select(*_EVENT)
    .where(_EVENTS.conversation == bindparam("id"), _EVENTS.sender == bindparam("sender"))
    .order_by(_EVENTS.number.desc())
    .limit(bindparam("count"))
)
_ADD_EVENT = insert(tables.event)
_CHANGE = update(tables.conversation).where(
    tables.conversation.c.id == bindparam("the_conversation")
)
_ALL = 2**31 - 1


def create(connection: Connection, row: ConversationRow) -> None:
    connection.execute(insert(tables.conversation).values(**vars(row)))


def by_token(
    connection: Connection, token_hash: bytes
) -> tuple[ConversationRow, dict[int, bytes]] | None:
    """Returns the conversation of a token with its keys as wrapped for it, by key epoch."""
    rows = connection.execute(_BY_TOKEN, {"token": token_hash}).all()
    if not rows:
        return None
    return ConversationRow(*rows[0][: len(_CONVERSATION)]), {row[-2]: row[-1] for row in rows}


def by_id(
    connection: Connection, conversation: bytes, *, lock: bool = False
) -> ConversationRow | None:
    """Returns the row; with `lock`, nobody else can change it until the transaction ends."""
    row = connection.execute(_LOCKED if lock else _BY_ID, {"id": conversation}).one_or_none()
    return ConversationRow(*row) if row else None


def change(connection: Connection, conversation: bytes, **values: Any) -> None:
    connection.execute(_CHANGE, {"the_conversation": conversation, **values})


def add_wrap(
    connection: Connection, conversation: bytes, key_epoch: int, holder: Holder, wrapped: bytes
) -> None:
    """Keeps a wrapped key; one that this holder has already is replaced."""
    keys = tables.wrapped_key
    connection.execute(
        delete(keys).where(
            keys.c.conversation == conversation,
            keys.c.key_epoch == key_epoch,
            keys.c.holder == holder,
        )
    )
    connection.execute(
        insert(keys).values(
            conversation=conversation, key_epoch=key_epoch, holder=holder, wrapped=wrapped
        )
    )


def wraps(connection: Connection, conversation: bytes, holder: Holder) -> dict[int, bytes]:
    """Returns what one holder has of a conversation's keys, by key epoch."""
    keys = tables.wrapped_key
    rows = connection.execute(
        select(keys.c.key_epoch, keys.c.wrapped).where(
            keys.c.conversation == conversation, keys.c.holder == holder
        )
    )
    return {row[0]: row[1] for row in rows}


def epochs_let_in(connection: Connection, conversation: bytes) -> set[int]:
    """Returns the key epochs that the team can open."""
    keys = tables.wrapped_key
    rows = connection.execute(
        select(keys.c.key_epoch).where(
            keys.c.conversation == conversation, keys.c.holder.like("team:%")
        )
    )
    return {row[0] for row in rows}


def kept_by_staff(connection: Connection, conversation: bytes) -> bool:
    """Whether a member of staff holds a key of it for themselves: they had it once."""
    keys = tables.wrapped_key
    found = connection.execute(
        select(keys.c.holder)
        .where(keys.c.conversation == conversation, keys.c.holder.like("staff:%"))
        .limit(1)
    )
    return found.first() is not None


def drop_wraps(connection: Connection, conversation: bytes, holder_like: str) -> None:
    """Forgets wrapped keys; `holder_like` is a holder or an SQL pattern such as "team:%"."""
    keys = tables.wrapped_key
    connection.execute(
        delete(keys).where(keys.c.conversation == conversation, keys.c.holder.like(holder_like))
    )


def add_event(connection: Connection, row: EventRow) -> None:
    connection.execute(_ADD_EVENT, vars(row))


def events_after(
    connection: Connection,
    conversation: bytes,
    after: int,
    *,
    sender: str | None = None,
    at_most: int | None = None,
) -> list[EventRow]:
    """Returns events with a number above `after`, in order, the first `at_most` of them."""
    values = {"id": conversation, "after": after, "at_most": _ALL if at_most is None else at_most}
    if sender is None:
        rows = connection.execute(_AFTER, values)
    else:
        rows = connection.execute(_AFTER_FROM, values | {"sender": sender})
    return [EventRow(*row) for row in rows]


def last_from(
    connection: Connection, conversation: bytes, sender: str, count: int
) -> list[EventRow]:
    """Returns the last `count` messages of a sender, oldest first."""
    values = {"id": conversation, "sender": sender, "count": count}
    rows = connection.execute(_LAST_FROM, values)
    return [EventRow(*row) for row in rows][::-1]


def by_client_id(connection: Connection, conversation: bytes, client_id: bytes) -> EventRow | None:
    row = (
        connection.execute(
            select(*_EVENT).where(
                tables.event.c.conversation == conversation, tables.event.c.client_id == client_id
            )
        )
    ).one_or_none()
    return EventRow(*row) if row else None


def add_excerpt(connection: Connection, row: ExcerptRow, holder: Holder, wrapped: bytes) -> None:
    """Keeps an excerpt, its key wrapped for one holder."""
    connection.execute(insert(tables.excerpt).values(**vars(row)))
    add_excerpt_key(connection, row.conversation, row.number, holder, wrapped)


def add_excerpt_key(
    connection: Connection, conversation: bytes, number: int, holder: Holder, wrapped: bytes
) -> None:
    keys = tables.excerpt_key
    connection.execute(
        delete(keys).where(
            keys.c.conversation == conversation, keys.c.number == number, keys.c.holder == holder
        )
    )
    connection.execute(
        insert(tables.excerpt_key).values(
            conversation=conversation, number=number, holder=holder, wrapped=wrapped
        )
    )


def excerpts(connection: Connection, conversation: bytes) -> list[ExcerptRow]:
    rows = connection.execute(
        select(*_EXCERPT)
        .where(tables.excerpt.c.conversation == conversation)
        .order_by(tables.excerpt.c.number)
    )
    return [ExcerptRow(*row) for row in rows]


def excerpt_keys(connection: Connection, conversation: bytes) -> dict[tuple[int, Holder], bytes]:
    """Returns the wrapped keys of a conversation's excerpts, by number and holder."""
    keys = tables.excerpt_key.c
    rows = connection.execute(
        select(keys.number, keys.holder, keys.wrapped).where(keys.conversation == conversation)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def drop_excerpt_keys(connection: Connection, conversation: bytes, holder_like: str) -> None:
    """Forgets keys of excerpts; `holder_like` is a holder or an SQL pattern such as "team:%"."""
    keys = tables.excerpt_key
    connection.execute(
        delete(keys).where(keys.c.conversation == conversation, keys.c.holder.like(holder_like))
    )


def drop_excerpts(connection: Connection, conversation: bytes) -> None:
    """Forgets all excerpts of a conversation, keys first."""
    for table in (tables.excerpt_key, tables.excerpt):
        connection.execute(delete(table).where(table.c.conversation == conversation))
