"""What `waymark staff add` does once its words are checked; keys and tables do the work."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.exc import OperationalError

from helpline.conversation import staffing
from helpline.settings import Settings
from helpline.store.database import Database


class StaffRefused(Exception):
    """This member of staff cannot be added; the message is one sentence."""


@dataclass(frozen=True)
class AddedStaff:
    """What is shown once and kept nowhere in the clear."""

    totp_secret: str | None
    recovery_key: str | None


def add(settings: Settings, name: str, alias: str, role: str, password: str) -> AddedStaff:
    """Adds a member of staff to the database of the settings. Raises StaffRefused."""
    return asyncio.run(_add(settings, name, alias, role, password))


async def _add(settings: Settings, name: str, alias: str, role: str, password: str) -> AddedStaff:
    database = Database.open(settings.database_url)
    try:
        await database.upgrade()
        added = await staffing.add(
            database,
            name=name,
            alias=alias,
            role=role,
            password=password,
            second_factor=True,
            now=datetime.now(UTC).timestamp(),
        )
    except staffing.NameTaken as error:
        raise StaffRefused("Somebody of that name is on the staff already.") from error
    except (OperationalError, OSError) as error:
        raise StaffRefused("The database cannot be opened.") from error
    finally:
        await database.close()
    return AddedStaff(added.one_time_secret, added.recovery_key)
