"""Who is on the staff: adds them, gives them the team key, says how many chats they take."""

from dataclasses import dataclass, field

import pyotp
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from helpline.conversation import passwords, team_keys
from helpline.conversation.errors import Invalid, NotAllowed, UnknownStaff
from helpline.conversation.sessions import TEAM, Session
from helpline.store import audit, queue, staff
from helpline.store.database import Database
from helpline.store.staff import StaffRow
from helpline.vault import TeamKey, create_staff_secret, create_team_key, seal_for_team

HELPERS = ("worker", "supervisor")
OVERSEERS = ("admin", "supervisor")
ADDED = "staff added"
MOST_AT_ONCE = 10


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


@dataclass(frozen=True)
class Member:
    """A member of staff as a list shows them; times in seconds since 1970 (UTC).

    `access` is whether they can open handed-off chats: None for a role that never can.
    """

    staff: int
    name: str
    alias: str
    role: str
    at_once: int
    since: float | None
    left_at: float | None
    access: bool | None


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

    Raises PasswordWeak and NameTaken. Later workers and supervisors wait for a supervisor's
    `give_access`, because nothing on this machine can open the team key without a password of
    somebody who has it.
    """
    passwords.check(password, name, alias)
    one_time = pyotp.random_base32()
    secret = create_staff_secret(password, one_time)

    def join(connection: Connection) -> tuple[int, TeamKey | None]:
        queue.lock(connection)
        identity = staff.add(connection, name, alias, role, secret, second_factor=second_factor)
        staff.note(connection, now, ADDED, about=identity, detail=role)
        if role != "supervisor" or staff.newest_team_key(connection) is not None:
            return identity, None
        team = create_team_key()
        team_keys.keep(connection, 1, team)
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
    return [
        Newcomer(person.staff, person.name, person.role)
        for person in await database.read(everybody)
        if person.access is False and person.left_at is None
    ]


async def give_access(database: Database, session: Session, identity: int, now: float) -> None:
    """Seals the team key to a newcomer; only a supervisor who has it may (NotAllowed).

    Raises UnknownStaff for somebody who has left, and for a role that opens no chats.
    """
    if session.role != "supervisor" or not session.team:
        raise NotAllowed

    def give(connection: Connection) -> None:
        queue.lock(connection)
        person = _present(connection, identity)
        if person.role not in HELPERS:
            raise UnknownStaff("This member of staff has no chats to open.")
        has = staff.memberships(connection, identity)
        for epoch, private in session.team.items():
            if epoch not in has:
                sealed = seal_for_team(person.secret.public, private, TEAM, epoch)
                staff.add_member(connection, identity, epoch, sealed)
        staff.note(connection, now, "access given", session.staff, about=identity)

    await database.write(give)


async def set_at_once(
    database: Database, session: Session, identity: int, count: int, now: float
) -> None:
    """Sets how many chats a helper takes at once, from 1 to MOST_AT_ONCE; admin and supervisor.

    Raises NotAllowed, Invalid and UnknownStaff.
    """
    if session.role not in OVERSEERS:
        raise NotAllowed
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid(f"Chats at once must be a whole number from 1 to {MOST_AT_ONCE}.")

    def change(connection: Connection) -> None:
        if _present(connection, identity).role not in HELPERS:
            raise UnknownStaff("This member of staff takes no chats.")
        staff.change(connection, identity, at_once=count)
        staff.note(
            connection, now, "chats at once set", session.staff, about=identity, detail=str(count)
        )

    await database.write(change)


async def members(database: Database, session: Session) -> list[Member]:
    """Returns all who are, or were, on the staff; admin and supervisor may ask (NotAllowed)."""
    if session.role not in OVERSEERS:
        raise NotAllowed
    return await database.read(everybody)


def everybody(connection: Connection) -> list[Member]:
    """Returns all who are, or were, on the staff, by name."""
    since = audit.times_of(connection, ADDED)
    newest = staff.newest_team_key(connection)
    have = staff.members_of(connection, newest[0]) if newest else set()
    return [
        Member(
            staff=row.id,
            name=row.name,
            alias=row.alias,
            role=row.role,
            at_once=row.at_once,
            since=since.get(row.id),
            left_at=row.left_at,
            access=row.id in have if row.role in HELPERS else None,
        )
        for row in staff.everybody(connection)
    ]


def _present(connection: Connection, identity: int) -> StaffRow:
    person = staff.by_id(connection, identity)
    if person is None or person.left_at is not None:
        raise UnknownStaff
    return person


async def renewable(database: Database) -> bool:
    """Whether the team key can be renewed, or there is none yet: the offline key is known."""
    return await database.read(
        lambda c: staff.newest_team_key(c) is None or staff.recovery_public(c) is not None
    )
