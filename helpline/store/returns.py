"""Queries on return codes: which chat a code's tag leads to, and what is sealed to it."""

from sqlalchemy import Connection, delete, func, insert, select

from helpline.store import conversations, tables

CODE = "code"
"""The holder of keys that are sealed to a return code."""

_CODE = tables.return_code.c


def put(connection: Connection, conversation: bytes, tag: bytes, public: bytes) -> None:
    """Keeps a chat's code (tag and public key, 32 bytes each); an older one is forgotten."""
    drop(connection, conversation)
    connection.execute(
        insert(tables.return_code).values(tag=tag, conversation=conversation, public=public)
    )


def drop(connection: Connection, conversation: bytes) -> None:
    """Forgets a chat's code, its keys first."""
    conversations.drop_wraps(connection, conversation, CODE)
    connection.execute(delete(tables.return_code).where(_CODE.conversation == conversation))


def by_tag(connection: Connection, tag: bytes) -> bytes | None:
    """Returns the id of the chat that a code leads to."""
    query = select(_CODE.conversation).where(_CODE.tag == tag)
    found: bytes | None = connection.execute(query).scalar_one_or_none()
    return found


def public_of(connection: Connection, conversation: bytes) -> bytes | None:
    """Returns the public key of a chat's code; None where it has none."""
    query = select(_CODE.public).where(_CODE.conversation == conversation)
    found: bytes | None = connection.execute(query).scalar_one_or_none()
    return found


def count(connection: Connection) -> int:
    result = connection.execute(select(func.count()).select_from(tables.return_code))
    return int(result.scalar_one())
