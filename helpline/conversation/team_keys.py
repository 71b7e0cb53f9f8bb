"""The team key as it changes hands: renewed when somebody leaves, or recovered from its copy."""

from sqlalchemy import Connection

from helpline.conversation.errors import RecoveryRefused, UnknownStaff
from helpline.conversation.sessions import TEAM
from helpline.store import queue, staff
from helpline.store.database import Database
from helpline.vault import (
    TeamKey,
    WrapBroken,
    open_recovery_copy,
    recovery_public,
    renew_team_key,
    seal_for_team,
)

RENEWED = "team key renewed"


def keep(connection: Connection, epoch: int, team: TeamKey) -> None:
    """Keeps what is stored of a new team key."""
    staff.add_team_key(connection, epoch, team.public, team.recovery_copy, team.recovery_public)


def renew(connection: Connection, now: float, by: int | None) -> bool:
    """Makes a new epoch of the team key, sealed to everybody who has the last one.

    What is sealed to the team from now on opens with the new key only; the earlier epochs stay
    with those who have them. No private key is needed, so it is done at once, whoever has
    somebody leave. False where the offline key's public half is not known: `recover` brings it.
    The queue's lock is held.
    """
    newest, offline = staff.newest_team_key(connection), staff.recovery_public(connection)
    if newest is None or offline is None:
        return False
    team, epoch = renew_team_key(offline), newest[0] + 1
    keep(connection, epoch, team)
    for identity in sorted(staff.members_of(connection, newest[0])):
        person = staff.by_id(connection, identity)
        if person is not None and person.left_at is None:
            sealed = seal_for_team(person.secret.public, team.private, TEAM, epoch)
            staff.add_member(connection, identity, epoch, sealed)
    staff.note(connection, now, RENEWED, by, detail=f"epoch {epoch}")
    return True


async def recover(database: Database, name: str, recovery_key: str, now: float) -> int:
    """Gives a supervisor every epoch of the team key with the printed recovery key alone.

    Returns how many epochs were opened. Raises UnknownStaff unless somebody of that name is a
    supervisor, and RecoveryRefused for another key.
    """

    def give(connection: Connection) -> int:
        queue.lock(connection)
        person = staff.by_name(connection, name)
        if person is None or person.role != "supervisor" or person.left_at is not None:
            raise UnknownStaff("There is no supervisor of that name.")
        copies = staff.recovery_copies(connection)
        if not copies:
            raise RecoveryRefused("This helpline has no team key yet.")
        try:
            offline = recovery_public(recovery_key)
            opened = {epoch: open_recovery_copy(recovery_key, copies[epoch]) for epoch in copies}
        except WrapBroken as error:
            raise RecoveryRefused from error
        has = staff.memberships(connection, person.id)
        for epoch in sorted(opened.keys() - has.keys()):
            sealed = seal_for_team(person.secret.public, opened[epoch], TEAM, epoch)
            staff.add_member(connection, person.id, epoch, sealed)
        staff.note(connection, now, "team key recovered", about=person.id)
        if staff.keep_recovery_public(connection, offline):
            renew(connection, now, None)
        return len(opened)

    return await database.write(give)
