"""Queries on the sessions of staff."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from helpline.store import tables


@dataclass(frozen=True)
class SessionRow:
    """One row of `staff_session`; `wrapped` are the opened keys, under the cookie's key.

    Times are seconds since 1970 (UTC); `here_at` is when the desk was last heard of.
    """

    cookie_hash: bytes
    staff: int
    csrf: str
    wrapped: bytes
    created_at: float
    used_at: float
    here_at: float

    @property
    def last(self) -> float:
        """When it was last used, by a request or by an open desk."""
        return max(self.used_at, self.here_at)


_TABLE = tables.staff_session
_SESSION = [_TABLE.c[name] for name in SessionRow.__dataclass_fields__]


def add(connection: Connection, row: SessionRow) -> None:
    connection.execute(_TABLE.insert().values(**vars(row)))


def by_cookie(connection: Connection, cookie_hash: bytes) -> SessionRow | None:
    query = select(*_SESSION).where(_TABLE.c.cookie_hash == cookie_hash)
    row = connection.execute(query).one_or_none()
    return SessionRow(*row) if row else None


def of(connection: Connection, staff: int) -> list[SessionRow]:
    """Returns the sessions of a member of staff, the newest first."""
    rows = connection.execute(
        select(*_SESSION).where(_TABLE.c.staff == staff).order_by(_TABLE.c.created_at.desc())
    )
    return [SessionRow(*row) for row in rows]


def change(connection: Connection, cookie_hash: bytes, **values: Any) -> None:
    connection.execute(update(_TABLE).where(_TABLE.c.cookie_hash == cookie_hash).values(values))


def end(connection: Connection, cookie_hash: bytes) -> None:
    connection.execute(delete(_TABLE).where(_TABLE.c.cookie_hash == cookie_hash))


def end_of(connection: Connection, staff: int, *, but: bytes | None = None) -> int:
    """Ends the sessions of a member of staff, all but one if `but` names it; returns how many."""
    ended = delete(_TABLE).where(_TABLE.c.staff == staff)
    if but is not None:
        ended = ended.where(_TABLE.c.cookie_hash != but)
    return connection.execute(ended).rowcount


def drop_over(connection: Connection, used_before: float, begun_before: float) -> None:
    """Forgets sessions that are over, with the keys they hold: nobody may come back for them."""
    idle = _TABLE.c.used_at < used_before
    connection.execute(delete(_TABLE).where(or_(idle, _TABLE.c.created_at < begun_before)))
