"""Removes what has passed its retention, keys first; each schedule is a setting of its own."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import ColumnElement, Connection, or_, select

from helpline.conversation import erasure, evidence
from helpline.settings import Settings
from helpline.store import breakings, erasing, legal_holds, queue, records, tables
from helpline.store.database import Database

HIDDEN_FOR_HOURS = 24
HOUR_S = 3600
DAY_S = 86_400
AT_ONCE = 100
"""Keys of so many chats are forgotten in one transaction: others wait for no more than that."""


@dataclass(frozen=True)
class Counts:
    """How many chats were removed: never handed off, handed off, deleted by the young person, and
    those of which no key was left: what an earlier deletion could not finish.

    And how many records of chats, and of broken confidentialities.
    """

    assistant_only: int
    handed_off: int
    deleted: int
    records: int = 0
    broken_confidentialities: int = 0
    unfinished: int = 0

    @property
    def chats(self) -> int:
        """How many chats had passed their retention."""
        return self.assistant_only + self.handed_off + self.deleted

    def and_of(self, other: "Counts") -> "Counts":
        """These chats and those together."""
        return replace(
            self,
            assistant_only=self.assistant_only + other.assistant_only,
            handed_off=self.handed_off + other.handed_off,
            deleted=self.deleted + other.deleted,
        )

    def __str__(self) -> str:
        return (
            f"Removed {self.assistant_only} chats with the assistant alone, {self.handed_off} "
            f"handed-off chats, {self.deleted} deleted chats, {self.records} records, "
            f"{self.broken_confidentialities} records of a broken confidentiality."
            + (f" Finished {self.unfinished} earlier deletions." if self.unfinished else "")
        )


@dataclass(frozen=True)
class Limits:
    """What is older has passed its retention: hours and days since 1970, `broken` in seconds.

    `hour` is the present one.
    """

    hour: int
    alone: int
    together: int
    hidden: int
    day: int
    broken: float

    @classmethod
    def at(cls, now: datetime, settings: Settings) -> "Limits":
        """Chats count from the hour of their last activity, or of their deletion.

        Records count from the day of the chat, those of a broken confidentiality from its decision.
        """
        hour = int(now.timestamp() // HOUR_S)
        return cls(
            hour=hour,
            alone=hour - settings.assistant_chats_kept_hours,
            together=hour - settings.handed_off_chats_kept_days * 24,
            hidden=hour - HIDDEN_FOR_HOURS,
            day=int(now.timestamp() // DAY_S) - settings.records_kept_days,
            broken=now.timestamp() - settings.broken_confidentiality_kept_days * DAY_S,
        )

    def passed(self) -> ColumnElement[bool]:
        """A condition on `conversation`."""
        chat = tables.conversation.c
        return or_(
            chat.handed_off.is_(False) & (chat.hour < self.alone),
            chat.handed_off.is_(True) & (chat.hour < self.together),
            chat.hidden_hour < self.hidden,
        )


def erased_at(settings: Settings, hour: int, hidden_hour: int | None) -> float:
    """When a handed-off chat passes its retention, unless it is held (seconds since 1970, UTC).

    `hour` is that of its last activity, `hidden_hour` that of its deletion: both are kept to the
    hour, which is counted in full.
    """
    last = hour + settings.handed_off_chats_kept_days * 24
    if hidden_hour is not None:
        last = min(last, hidden_hour + HIDDEN_FOR_HOURS)
    return float((last + 1) * HOUR_S)


def forget_lasting(connection: Connection, limits: Limits) -> None:
    """First step for what outlives a chat: nothing opens records past their retention any more.

    A chat past its own that is held as evidence stays, and is open to those who hold it alone.
    """
    queue.lock(connection)
    records.forget_keys_before(connection, limits.day)
    breakings.forget_keys_before(connection, limits.broken)
    chat = tables.conversation.c
    held = select(chat.id).where(limits.passed(), chat.hidden_hour.is_(None), legal_holds.is_held())
    for identity in connection.execute(held.with_for_update()).scalars().all():
        evidence.set_aside(connection, identity, hour=limits.hour)


def forget_keys(connection: Connection, limits: Limits) -> Counts:
    """First step for the next chats past their retention; returns how many of each kind."""
    queue.lock(connection)
    chat = tables.conversation.c
    query = select(chat.id, chat.handed_off, chat.hidden_hour).where(
        limits.passed(), ~legal_holds.is_held(), ~erasing.no_key_left()
    )
    rows = connection.execute(query.limit(AT_ONCE).with_for_update()).all()
    erasing.forget_keys(connection, [row.id for row in rows])
    deleted = sum(row.hidden_hour is not None for row in rows)
    handed_off = sum(row.handed_off and row.hidden_hour is None for row in rows)
    return Counts(len(rows) - handed_off - deleted, handed_off, deleted)


def remove_lasting(connection: Connection, limits: Limits) -> tuple[int, int]:
    """Second step for records past their retention; returns how many of both kinds."""
    return (
        records.remove_before(connection, limits.day),
        breakings.remove_before(connection, limits.broken),
    )


async def purge_now(database: Database, settings: Settings, now: datetime) -> Counts:
    """Erases what has passed its retention, and finishes what a kill left of an earlier deletion.

    Keys first, in transactions of their own, then the rows, then what the disk keeps of both.
    """
    limits, counts = Limits.at(now, settings), Counts(0, 0, 0)
    await database.write(partial(forget_lasting, limits=limits))
    while (some := await database.write(partial(forget_keys, limits=limits))).chats:
        counts = counts.and_of(some)
    chats = await erasure.finish_all(database)
    notes, broken = await database.write(partial(remove_lasting, limits=limits))
    await database.forget()
    await database.compact()
    return replace(
        counts,
        records=notes,
        broken_confidentialities=broken,
        unfinished=max(0, chats - counts.chats),
    )


async def _purge(settings: Settings) -> Counts:
    database = Database.open(settings.database_url)
    try:
        await database.upgrade()
        return await purge_now(database, settings, datetime.now(UTC))
    finally:
        await database.close()


def purge(settings: Settings) -> Counts:
    """Opens the database of the settings and purges it; for the command line."""
    return asyncio.run(_purge(settings))
