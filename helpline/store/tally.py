"""Queries on counts by day, which lead back to no chat and to nobody."""

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from helpline.store import tables

_TALLY = tables.tally.c


@dataclass(frozen=True)
class TallyRow:
    """How often `name` was counted on `day` (days since 1970, UTC)."""

    day: int
    name: str
    count: int


def add(connection: Connection, day: int, name: str) -> None:
    """Counts one more; `name` has at most 48 characters."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    first = dialect.insert(tables.tally).values(day=day, name=name, count=1)
    connection.execute(
        first.on_conflict_do_update(
            index_elements=[_TALLY.day, _TALLY.name], set_={"count": _TALLY.count + 1}
        )
    )


def between(connection: Connection, first: int, last: int) -> list[TallyRow]:
    """Returns all counts of the days from `first` to `last`, both included, oldest first."""
    rows = connection.execute(
        select(_TALLY.day, _TALLY.name, _TALLY.count)
        .where(_TALLY.day >= first, _TALLY.day <= last)
        .order_by(_TALLY.day, _TALLY.name)
    )
    return [TallyRow(*row) for row in rows]
