"""Queries on a chat's private notes and on the wrapped keys that open them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from helpline.store import tables
from helpline.vault import Holder


@dataclass(frozen=True)
class KeyRow:
    """One row of `desk_key`: a key of this chat's notes, wrapped for one holder.

    Every row of one key epoch has the same `purpose`: "note", or "code_word".
    """

    conversation: bytes
    key_epoch: int
    holder: Holder
    purpose: str
    wrapped: bytes


@dataclass(frozen=True)
class NoteRow:
    """One row of `desk_note`: a sealed note, and which key epoch of the notes it is under."""

    conversation: bytes
    number: int
    key_epoch: int
    sealed: bytes


_KEYS, _NOTES = tables.desk_key.c, tables.desk_note.c
_KEY = [tables.desk_key.c[name] for name in KeyRow.__dataclass_fields__]
_NOTE = [tables.desk_note.c[name] for name in NoteRow.__dataclass_fields__]


def keys(connection: Connection, conversation: bytes) -> list[KeyRow]:
    """Every wrapped key of a chat's notes, oldest key epoch first."""
    rows = connection.execute(
        select(*_KEY)
        .where(_KEYS.conversation == conversation)
        .order_by(_KEYS.key_epoch, _KEYS.holder)
    )
    return [KeyRow(*row) for row in rows]


def add_keys(connection: Connection, rows: Iterable[KeyRow]) -> None:
    """Keeps wrapped keys; a holder has each key epoch once."""
    if values := [vars(row) for row in rows]:
        connection.execute(insert(tables.desk_key), values)


def keep_keys_for(
    connection: Connection, conversation: bytes, holders: Iterable[Holder], spare: str | None = None
) -> None:
    """Forgets every wrapped key but those of `holders`; keys of the purpose `spare` all stay."""
    query = delete(tables.desk_key).where(
        _KEYS.conversation == conversation, _KEYS.holder.not_in(list(holders))
    )
    connection.execute(query if spare is None else query.where(_KEYS.purpose != spare))


def add(connection: Connection, row: NoteRow) -> None:
    """Keeps a note."""
    connection.execute(insert(tables.desk_note).values(**vars(row)))


def all_of(connection: Connection, conversation: bytes) -> list[NoteRow]:
    """Every note of a chat, oldest first."""
    rows = connection.execute(
        select(*_NOTE).where(_NOTES.conversation == conversation).order_by(_NOTES.number)
    )
    return [NoteRow(*row) for row in rows]


def last_number(connection: Connection, conversation: bytes) -> int:
    """The number of the newest note, 0 where there is none."""
    query = select(func.max(_NOTES.number)).where(_NOTES.conversation == conversation)
    return int(connection.execute(query).scalar_one() or 0)
