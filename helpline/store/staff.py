"""Queries on staff and on the team key that helpers share."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from helpline.store import audit, tables
from helpline.vault import StaffSecret

AT_ONCE = 3
"""How many chats a worker takes at once, unless it is set otherwise."""


@dataclass(frozen=True)
class StaffRow:
    """One row of `staff`; `last_code_step` is the newest one-time code used (30 s steps).

    `presence` is what they say of themselves ("here", "busy", "break"), `at_once` how many chats
    they take at once, `left_at` when they left the staff (seconds, UTC).
    """

    id: int
    name: str
    alias: str
    role: str
    secret: StaffSecret
    second_factor: bool
    last_code_step: int
    presence: str = "here"
    at_once: int = AT_ONCE
    left_at: float | None = None


note = audit.note

_STAFF = tables.staff.c


def _staff_row(row: Any) -> StaffRow:
    return StaffRow(
        row.id,
        row.name,
        row.alias,
        row.role,
        StaffSecret(row.salt, row.public, row.wrapped),
        row.second_factor,
        row.last_code_step,
        row.presence,
        row.at_once,
        row.left_at,
    )


def add(
    connection: Connection,
    name: str,
    alias: str,
    role: str,
    secret: StaffSecret,
    *,
    second_factor: bool,
) -> int:
    """Adds a member of staff and returns the id; a name that is taken raises IntegrityError."""
    result = connection.execute(
        insert(tables.staff)
        .values(
            name=name,
            alias=alias,
            role=role,
            salt=secret.salt,
            public=secret.public,
            wrapped=secret.wrapped,
            second_factor=second_factor,
            last_code_step=0,
            presence="here",
            at_once=AT_ONCE,
        )
        .returning(_STAFF.id)
    )
    return int(result.scalar_one())


def by_name(connection: Connection, name: str) -> StaffRow | None:
    """Returns whoever has that name.

    It is compared here, and not sent to a database that may log what it is asked: people type a
    password where the name belongs.
    """
    return next((row for row in everybody(connection) if row.name == name), None)


def by_id(connection: Connection, staff: int) -> StaffRow | None:
    row = (connection.execute(select(tables.staff).where(_STAFF.id == staff))).one_or_none()
    return _staff_row(row) if row else None


def everybody(connection: Connection) -> list[StaffRow]:
    """Returns all who are, or were, on the staff, by name."""
    rows = connection.execute(select(tables.staff).order_by(_STAFF.name))
    return [_staff_row(row) for row in rows]


def use_code(connection: Connection, staff: int, step: int) -> bool:
    """Marks a one-time code as used; False if it, or a newer one, was used before."""
    used = connection.execute(
        update(tables.staff)
        .where(_STAFF.id == staff, _STAFF.last_code_step < step)
        .values(last_code_step=step)
    )
    return used.rowcount == 1


def newest_team_key(connection: Connection) -> tuple[int, bytes] | None:
    """Returns the team key's epoch and public half; None before the first supervisor."""
    keys = tables.team_key.c
    row = (
        connection.execute(select(keys.epoch, keys.public).order_by(keys.epoch.desc()).limit(1))
    ).one_or_none()
    return (row[0], row[1]) if row else None


def recovery_public(connection: Connection) -> bytes | None:
    """Returns the public half of the offline key; None if this helpline never kept it."""
    keys = tables.team_key.c
    return connection.execute(
        select(keys.recovery_public)
        .where(keys.recovery_public.is_not(None))
        .order_by(keys.epoch.desc())
        .limit(1)
    ).scalar_one_or_none()


def keep_recovery_public(connection: Connection, public: bytes) -> bool:
    """Keeps the offline key's public half where it lacks; returns whether it lacked anywhere."""
    keys = tables.team_key
    lacking = keys.c.recovery_public.is_(None)
    return (
        connection.execute(update(keys).where(lacking).values(recovery_public=public)).rowcount > 0
    )


def recovery_copies(connection: Connection) -> dict[int, bytes]:
    """Returns the copies sealed to the offline key, by team epoch."""
    keys = tables.team_key.c
    return {row[0]: row[1] for row in connection.execute(select(keys.epoch, keys.recovery_copy))}


def add_team_key(
    connection: Connection,
    epoch: int,
    public: bytes,
    recovery_copy: bytes,
    recovery_public: bytes | None = None,
) -> None:
    connection.execute(
        insert(tables.team_key).values(
            epoch=epoch,
            public=public,
            recovery_copy=recovery_copy,
            recovery_public=recovery_public,
        )
    )


def add_member(connection: Connection, staff: int, team_epoch: int, sealed: bytes) -> None:
    connection.execute(
        insert(tables.team_member).values(staff=staff, team_epoch=team_epoch, sealed=sealed)
    )


def memberships(connection: Connection, staff: int) -> dict[int, bytes]:
    """Returns the team keys sealed to a member of staff, by team epoch."""
    members = tables.team_member.c
    rows = connection.execute(
        select(members.team_epoch, members.sealed).where(members.staff == staff)
    )
    return {row[0]: row[1] for row in rows}


def drop_memberships(connection: Connection, staff: int) -> bool:
    """Forgets the team keys sealed to a member of staff; returns whether there were any."""
    members = tables.team_member
    return connection.execute(delete(members).where(members.c.staff == staff)).rowcount > 0


def members_of(connection: Connection, team_epoch: int) -> set[int]:
    """Returns who was given the team key of this epoch."""
    members = tables.team_member.c
    rows = connection.execute(select(members.staff).where(members.team_epoch == team_epoch))
    return {row[0] for row in rows}


def here(connection: Connection, since: float) -> set[int]:
    """Returns who was at the desk after `since` (seconds, UTC) and can open the team key."""
    sessions = tables.staff_session.c
    query = select(sessions.staff).where(
        sessions.here_at > since,
        sessions.staff == _STAFF.id,
        tables.team_member.c.staff == _STAFF.id,
        _STAFF.role.in_(("worker", "supervisor")),
    )
    return {row[0] for row in connection.execute(query)}


def with_access(connection: Connection, *roles: str) -> list[StaffRow]:
    """Returns who has one of the roles and was given the team key."""
    members = select(tables.team_member.c.staff)
    rows = connection.execute(
        select(tables.staff)
        .where(_STAFF.role.in_(roles), _STAFF.id.in_(members))
        .order_by(_STAFF.id)
    )
    return [_staff_row(row) for row in rows]


def change(connection: Connection, staff: int, **values: Any) -> None:
    connection.execute(update(tables.staff).where(_STAFF.id == staff).values(values))


def count(connection: Connection) -> int:
    result = connection.execute(select(func.count()).select_from(tables.staff))
    return int(result.scalar_one())
