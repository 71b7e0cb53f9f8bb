"""Two logins to try the desk with, on loopback only; no second factor, never outside a demo."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from helpline.conversation.sessions import TEAM
from helpline.conversation.staffing import NameTaken, add
from helpline.settings import Settings
from helpline.store import staff
from helpline.store.database import Database
from helpline.vault import seal_for_team


@dataclass(frozen=True)
class DemoLogin:
    """A login that `waymark up --demo` prints."""

    name: str
    role: str
    password: str


LOGINS = (
    DemoLogin("sam", "supervisor", "demo-supervisor-only-here"),
    DemoLogin("robin", "worker", "demo-worker-only-here"),
    DemoLogin("kit", "worker", "demo-second-worker-only-here"),
)


def prepare(settings: Settings) -> tuple[DemoLogin, ...]:
    """Adds the demo logins to an empty state folder; returns those that work there.

    In a state folder with real staff nothing is added, and none is returned.
    """
    return asyncio.run(_prepare(settings))


async def _prepare(settings: Settings) -> tuple[DemoLogin, ...]:
    database = Database.open(settings.database_url)
    try:
        await database.upgrade()
        if await database.read(staff.count):
            known = [
                await database.read(partial(staff.by_name, name=login.name)) for login in LOGINS
            ]
            demo = all(person and not person.second_factor for person in known)
            return LOGINS if demo else ()
        now, team = datetime.now(UTC).timestamp(), None
        for login in LOGINS:
            try:
                added = await add(
                    database,
                    name=login.name,
                    alias=login.name.capitalize(),
                    role=login.role,
                    password=login.password,
                    second_factor=False,
                    now=now,
                )
            except NameTaken:
                continue
            team = added.team or team
            if team is not None and added.team is None:
                sealed = seal_for_team(added.public, team, TEAM, 1)
                await database.write(
                    partial(staff.add_member, staff=added.staff, team_epoch=1, sealed=sealed)
                )
        return LOGINS
    finally:
        await database.close()
