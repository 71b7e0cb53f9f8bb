"""Finding records by what stands in clear: category, contact and day, never what was written."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper
from helpline.conversation.record_opening import DAY_S
from helpline.conversation.sessions import Session
from helpline.store import records, staff
from helpline.store.records import RecordRow, Sought

AT_ONCE = 50


@dataclass(frozen=True)
class Found:
    """A record in a list; `day` in days since 1970, `by` the name of who wrote it."""

    id: int
    day: int
    by: str
    contact: str | None
    categories: tuple[str, ...]
    finished: bool


@dataclass(frozen=True)
class Unwritten:
    """A chat that ended without a finished record: `at` is when it was taken, or begun to record.

    One of `conversation` and `record` leads to the form; a begun record has its number.
    """

    conversation: bytes | None
    record: int | None
    at: float


async def search(
    heart: Heart, session: Session, sought: Sought, before: int | None = None
) -> tuple[list[Found], int | None]:
    """Up to 50 records, newest first, and the `before` of the next page if there are more.

    Supervisors find all, others what they wrote themselves.
    """
    check_helper(session)
    if session.role != "supervisor":
        sought = replace(sought, staff=session.staff)

    def find(connection: Connection) -> tuple[list[Found], int | None]:
        rows = records.search(connection, sought, before=before, count=AT_ONCE + 1)
        shown = rows[:AT_ONCE]
        return _found(connection, shown), shown[-1].id if len(rows) > AT_ONCE else None

    return await heart.database.read(find)


def _found(connection: Connection, rows: Iterable[RecordRow]) -> list[Found]:
    listed = list(rows)
    named = records.categories(connection, [row.id for row in listed])
    names = {person.id: person.name for person in staff.everybody(connection)}
    return [
        Found(
            row.id,
            row.day,
            names[row.staff],
            row.contact,
            tuple(named.get(row.id, ())),
            row.finished,
        )
        for row in listed
    ]


async def unwritten(heart: Heart, session: Session) -> list[Unwritten]:
    """What this person has still to write, oldest first."""
    check_helper(session)

    def find(connection: Connection) -> list[Unwritten]:
        lacking = [
            Unwritten(chat.conversation, chat.record if not chat.finished else None, chat.taken_at)
            for chat in records.held_to_the_end(connection, session.staff)
            if not chat.finished
            or chat.staff != session.staff
            or chat.day < int(chat.taken_at // DAY_S)
        ]
        alone = [
            Unwritten(None, row.id, float(row.day * DAY_S))
            for row in records.unfinished(connection, session.staff)
            if row.conversation is None
        ]
        return sorted([*lacking, *alone], key=lambda one: one.at)

    return await heart.database.read(find)
