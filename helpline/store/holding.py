"""Queries on who else can open what one member of staff was given; used when they leave."""

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, func, or_, select

from helpline.store import tables

KEYS = (
    tables.wrapped_key,
    tables.excerpt_key,
    tables.desk_key,
    tables.record_key,
    tables.broken_confidentiality_key,
)
"""Every table of wrapped keys: each row names its holder, "team:<epoch>" or "staff:<id>"."""


def drop_shared(connection: Connection, staff: int) -> None:
    """Forgets the keys sealed to a member of staff of all that somebody else can open too.

    What only they can open stays: without its last key a record would be destroyed.
    """
    for table in KEYS:
        connection.execute(delete(table).where(_held_by(table, staff), _others(table, staff)))


def holds_any(connection: Connection, staff: int) -> bool:
    """Whether a key is sealed to this member of staff."""
    return any(
        connection.execute(
            select(func.count()).select_from(table).where(_held_by(table, staff))
        ).scalar_one()
        for table in KEYS
    )


def _held_by(table: Table, staff: int) -> ColumnElement[bool]:
    return table.c.holder == f"staff:{staff}"


def _others(table: Table, staff: int) -> ColumnElement[bool]:
    other = table.alias()
    same = [other.c[key.name] == key for key in table.primary_key if key.name != "holder"]
    helpers = or_(other.c.holder.like("team:%"), other.c.holder.like("staff:%"))
    return exists().where(*same, helpers, other.c.holder != f"staff:{staff}")
