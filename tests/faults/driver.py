"""Runs the whole product among people, workers and faults, and tells what came of it in figures."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import aiohttp

from helpline.demo import LOGINS
from tests.conftest import Login, waymark_up
from tests.faults.checks import KINDS, Problem
from tests.faults.desk import Desk
from tests.faults.faults import STARTS_WITHIN_S, Faults
from tests.faults.network import Network
from tests.faults.opened import open_all
from tests.faults.people import YoungPerson
from tests.faults.plan import Plan
from tests.faults.promises import person_after, truth_after
from tests.faults.record import Record
from tests.faults.workers import Worker

CLEARED_WITHIN_S = 90.0
"""When all is over the workers have cleared the desk within this."""


def run(plan: Plan, home: Path, postgres: str | None = None) -> Record:
    """Plays a plan against `waymark up` with its state in `home`; returns all that was seen.

    `postgres` is the address of an empty PostgreSQL database; SQLite in `home` without one.
    """
    environment = {"DATABASE_URL": postgres} if postgres else {}
    with waymark_up(home, **environment) as service:
        record = asyncio.run(_play(plan, service.url, service.process.pid, home, postgres))
    url = postgres.replace("postgresql://", "postgresql+asyncpg://") if postgres else None
    asyncio.run(open_all(record, url or f"sqlite:///{home / 'waymark.db'}"))
    return record


async def _play(plan: Plan, url: str, launcher: int, home: Path, postgres: str | None) -> Record:
    record, over, port = (
        Record(began_at=time.monotonic()),
        asyncio.Event(),
        int(url.rpartition(":")[2]),
    )
    # As many connections as people want, and none that is used again after it was lost
    browsers = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    async with Network(port) as pages, Network(port) as desks, browsers:
        faults = Faults(
            launcher=launcher,
            url=url,
            home=home,
            postgres=postgres,
            networks={"pages": pages, "desks": desks},
            record=record,
        )
        people = [YoungPerson(browsers, pages.url, script, over) for script in plan.people]
        record.pages = [person.log for person in people]
        workers = [
            Worker(
                Desk(desks.url, Login(login.name, login.password)),
                record,
                plan.manners[login.name],
                plan.away[login.name],
                over,
            )
            for login in LOGINS
        ]
        shifts = [asyncio.create_task(worker.shift()) for worker in workers]
        here = asyncio.gather(*(worker.here.wait() for worker in workers))
        await asyncio.wait(
            [here, *shifts], timeout=STARTS_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
        )
        assert here.done(), [shift.exception() for shift in shifts if shift.done()]
        lives = [asyncio.create_task(person.live()) for person in people]
        await asyncio.gather(*(faults.track(*track) for track in plan.tracks.items()))
        await faults.recovered()
        record.over_at = time.monotonic()
        over.set()
        await asyncio.gather(*lives)
        await asyncio.gather(*(person.last() for person in people))
        with suppress(TimeoutError):
            async with asyncio.timeout(CLEARED_WITHIN_S):
                await asyncio.gather(*(worker.idle.wait() for worker in workers))
        record.ended_at = time.monotonic()
        for shift in shifts:
            shift.cancel()
        ended = await asyncio.gather(*shifts, return_exceptions=True)
        broken = [e for e in ended if not isinstance(e, asyncio.CancelledError)]
        assert not broken, broken
        await asyncio.gather(*(worker.read_again() for worker in workers))
        await asyncio.gather(*(person.read() for person in people))
        for worker in workers:
            await worker.close()
    return record


def figures(plan: Plan, record: Record, problems: Sequence[Problem]) -> str:
    """One line: how much was tried, and how often each promise was broken."""
    found = Counter(problem.kind for problem in problems)
    acked = [s for page in record.pages for s in page.sent if s.number is not None]
    written = [w for w in record.written if w.message.number is not None]
    parts = ", ".join(f"{part} {count}" for part, count in sorted(record.kills.items()))
    first = (
        f"seed {plan.seed}: kills {sum(record.kills.values())} ({parts}),"
        f" other faults {len(record.faults) - record.kills.get('service', 0)},"
        f" conversations {sum(bool(page.token) for page in record.pages)},"
        f" messages {len(acked) + len(written)} ({len(written)} of workers),"
        f" in {record.ended_at - record.began_at:.0f} s"
        f" ({record.over_at - record.began_at:.0f} s of faults),"
        f" streams {sum(len(page.streams) for page in record.pages)}, takes {len(record.holds)}"
    )
    broken = ", ".join(f"{kind} {found[kind]}" for kind in KINDS)
    return f"{first}, level 4 {_level_4(record)}, {broken}"


def _level_4(record: Record) -> str:
    """How many, how many of them had a person or were told; the longest that each took."""
    sent = [(p, s) for p in record.pages for s in p.sent if s.danger and s.acked_at is not None]
    persons = [person for p, s in sent if (person := person_after(p, s, record))]
    truths = [at - (s.acked_at or 0) for p, s in sent if (at := truth_after(p, s)) is not None]
    free = max((free for _, free in persons), default=0.0)
    return (
        f"{len(sent)} (with a person {len(persons)}, after at most {free:.1f} s of one being free;"
        f" told the truth {len(truths)}, after at most {max(truths, default=0.0):.1f} s)"
    )
