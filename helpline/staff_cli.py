"""What `waymark staff` and `waymark audit` do once their words are checked; keys and tables do the
work, on the database of the settings, whether or not the service runs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from helpline.conversation import audit, departures, staffing, team_keys
from helpline.conversation.errors import UnknownStaff, WaymarkError
from helpline.settings import Settings
from helpline.store import queue, staff
from helpline.store.database import Database


class StaffRefused(Exception):
    """This cannot be done; the message is one sentence."""


@dataclass(frozen=True)
class AddedStaff:
    """What is shown once and kept nowhere in the clear."""

    totp_secret: str | None
    recovery_key: str | None


def add(settings: Settings, name: str, alias: str, role: str, password: str) -> AddedStaff:
    """Adds a member of staff to the database of the settings. Raises StaffRefused."""

    async def work(database: Database) -> AddedStaff:
        try:
            added = await staffing.add(
                database,
                name=name,
                alias=alias,
                role=role,
                password=password,
                second_factor=True,
                now=_now(),
            )
        except staffing.NameTaken as error:
            raise StaffRefused("Somebody of that name is on the staff already.") from error
        return AddedStaff(added.one_time_secret, added.recovery_key)

    return _run(settings, work)


def everybody(settings: Settings) -> list[staffing.Member]:
    """Returns all who are, or were, on the staff, by name. Raises StaffRefused."""
    return _run(settings, lambda database: database.read(staffing.everybody))


def leave(settings: Settings, name: str) -> departures.Departure:
    """Has a member of staff leave, at once. Raises StaffRefused.

    A running service asks the database who somebody is at every request, so it is cut off too.
    """

    def go(connection: Connection) -> departures.Departure:
        queue.lock(connection)
        person = staff.by_name(connection, name)
        if person is None or person.left_at is not None:
            raise UnknownStaff
        return departures.leave(connection, person, _now(), None)

    async def work(database: Database) -> departures.Departure:
        done = await database.write(go)
        await database.forget()
        return done

    return _run(settings, work)


def recover(settings: Settings, name: str, recovery_key: str) -> int:
    """Gives a supervisor the team key by its recovery key; returns how many epochs of it.

    Raises StaffRefused.
    """
    return _run(settings, lambda database: team_keys.recover(database, name, recovery_key, _now()))


def verify(settings: Settings, sought: bytes | None) -> audit.Verdict:
    """Checks the audit log's chain (`audit.verify`). Raises StaffRefused."""
    return _run(settings, lambda database: database.read(lambda c: audit.verify(c, sought)))


def _run[T](settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        database = Database.open(settings.database_url)
        try:
            await database.upgrade()
            return await work(database)
        except WaymarkError as error:
            raise StaffRefused(error.message) from error
        except (OperationalError, OSError) as error:
            raise StaffRefused("The database cannot be opened.") from error
        finally:
            await database.close()

    return asyncio.run(run())


def _now() -> float:
    return datetime.now(UTC).timestamp()
