"""Removes what has passed its retention; each schedule is a setting of its own."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, or_, select

from helpline.settings import Settings
from helpline.store import breakings, conversations, queue, records, tables
from helpline.store.database import Database

HIDDEN_FOR_HOURS = 24
DAY_S = 86_400


@dataclass(frozen=True)
class Counts:
    """How many chats were removed: never handed off, handed off, deleted by the young person.

    And how many records of chats, and of broken confidentialities.
    """

    assistant_only: int
    handed_off: int
    deleted: int
    records: int = 0
    broken_confidentialities: int = 0

    def __str__(self) -> str:
        return (
            f"Removed {self.assistant_only} chats with the assistant alone, {self.handed_off} "
            f"handed-off chats, {self.deleted} deleted chats, {self.records} records, "
            f"{self.broken_confidentialities} records of a broken confidentiality."
        )


async def purge_now(database: Database, settings: Settings, now: datetime) -> Counts:
    """Wipes chats past their retention, counted from the hour of their last activity.

    Records count from the day of the chat, those of a broken confidentiality from its decision.
    """
    hour, chat = int(now.timestamp() // 3600), tables.conversation.c
    alone = hour - settings.assistant_chats_kept_hours
    together = hour - settings.handed_off_chats_kept_days * 24
    hidden = hour - HIDDEN_FOR_HOURS
    last_day = int(now.timestamp() // DAY_S) - settings.records_kept_days
    broken = now.timestamp() - settings.broken_confidentiality_kept_days * DAY_S
    query = select(chat.id, chat.handed_off, chat.hidden_hour).where(
        or_(
            chat.handed_off.is_(False) & (chat.hour < alone),
            chat.handed_off.is_(True) & (chat.hour < together),
            chat.hidden_hour < hidden,
        )
    )

    def remove(connection: Connection) -> Counts:
        queue.lock(connection)
        rows = connection.execute(query.with_for_update()).all()
        for row in rows:
            conversations.wipe(connection, row.id)
        deleted = sum(row.hidden_hour is not None for row in rows)
        handed_off = sum(row.handed_off and row.hidden_hour is None for row in rows)
        return Counts(
            len(rows) - handed_off - deleted,
            handed_off,
            deleted,
            records.remove_before(connection, last_day),
            breakings.remove_before(connection, broken),
        )

    counts = await database.write(remove)
    await database.forget()
    return counts


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
