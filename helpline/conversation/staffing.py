"""Adds staff and gives them the team key; the first supervisor makes it."""

from dataclasses import dataclass, field

import pyotp
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from helpline.conversation.errors import NotAllowed
from helpline.conversation.sessions import TEAM, Session
from helpline.store import staff
from helpline.store.database import Database
from helpline.vault import TeamKey, create_staff_secret, create_team_key, seal_for_team

HELPERS = ("worker", "supervisor")


class NameTaken(Exception):
    """Somebody of that name is on the staff already."""


@dataclass(frozen=True)
class Added:
    """A new member of staff; what is shown once. `team` is the team key if this made it."""

    staff: int
    public: bytes
    one_time_secret: str = field(repr=False)
    recovery_key: str | None = field(repr=False)
    team: bytes | None = field(repr=False)


@dataclass(frozen=True)
class Newcomer:
    """A worker or supervisor who cannot open handed-off chats yet."""

    staff: int
    name: str
    role: str


async def add(
    database: Database,
    *,
    name: str,
    alias: str,
    role: str,
    password: str,
    second_factor: bool,
    now: float,
) -> Added:
    """Adds a member of staff; the first supervisor also makes the team key.

    Raises NameTaken. Later workers and supervisors wait for a supervisor's `give_access`, because
    nothing on this machine can open the team key without a password of somebody who has it.
    """
    one_time = pyotp.random_base32()
    secret = create_staff_secret(password, one_time)

    def join(connection: Connection) -> tuple[int, TeamKey | None]:
        identity = staff.add(connection, name, alias, role, secret, second_factor=second_factor)
        staff.note(connection, now, "staff added", identity)
        if role != "supervisor" or staff.newest_team_key(connection) is not None:
            return identity, None
        team = create_team_key()
        staff.add_team_key(connection, 1, team.public, team.recovery_copy)
        staff.add_member(
            connection, identity, 1, seal_for_team(secret.public, team.private, TEAM, 1)
        )
        return identity, team

    try:
        identity, team = await database.write(join)
    except IntegrityError as error:
        raise NameTaken from error
    return Added(
        identity,
        secret.public,
        one_time,
        team.recovery_key if team else None,
        team.private if team else None,
    )


async def newcomers(database: Database, session: Session) -> list[Newcomer]:
    """Returns who waits for access; only a supervisor may ask (NotAllowed)."""
    if session.role != "supervisor":
        raise NotAllowed

    def find(connection: Connection) -> list[Newcomer]:
        return [
            Newcomer(person.id, person.name, person.role)
            for person in staff.with_roles(connection, *HELPERS)
            if not staff.memberships(connection, person.id)
        ]

    return await database.read(find)


async def give_access(database: Database, session: Session, identity: int, now: float) -> None:
    """Seals the team key to a newcomer; only a supervisor who has it may (NotAllowed)."""
    if session.role != "supervisor" or not session.team:
        raise NotAllowed

    def give(connection: Connection) -> None:
        person = staff.by_id(connection, identity)
        if person is None or person.role not in HELPERS:
            raise NotAllowed
        has = staff.memberships(connection, identity)
        for epoch, private in session.team.items():
            if epoch not in has:
                sealed = seal_for_team(person.secret.public, private, TEAM, epoch)
                staff.add_member(connection, identity, epoch, sealed)
        staff.note(connection, now, "access given", session.staff)

    await database.write(give)
