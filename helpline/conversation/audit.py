"""The audit log as it is read: entries with names, and whether the chain of them holds."""

from dataclasses import dataclass

from sqlalchemy import Connection

from helpline.conversation.errors import NotAllowed
from helpline.conversation.sessions import Session
from helpline.store import audit, staff
from helpline.store.database import Database

READERS = ("auditor", "supervisor")
SHOWN = 100


@dataclass(frozen=True)
class Entry:
    """One line: `at` in seconds since 1970 (UTC), `conversation` its id in hex, never its text."""

    number: int
    at: float
    who: str | None
    action: str
    about: str | None
    detail: str | None
    conversation: str | None


@dataclass(frozen=True)
class Log:
    """A page of the log, newest first; `older` is the number to go on before, if there is more.

    `people` are all who can be asked for, by id.
    """

    entries: list[Entry]
    older: int | None
    people: dict[int, str]


@dataclass(frozen=True)
class Verdict:
    """What checking the chain found.

    `holds` entries are as they were written, `before` stand before the chain began; `broken` is
    the number of the first that does not hold. `last` and `chain` are those of the newest entry
    that holds; `found` is whether an entry with the chain that was asked for is among them.
    """

    holds: int
    before: int
    broken: int | None
    last: int
    chain: bytes
    found: bool


async def log(
    database: Database,
    session: Session,
    *,
    before: int | None = None,
    since: float | None = None,
    until: float | None = None,
    person: int | None = None,
) -> Log:
    """Returns up to SHOWN entries; an auditor and a supervisor may ask (NotAllowed).

    `before` is a number, `since` and `until` are seconds (UTC), `person` did it or had it done.
    """
    if session.role not in READERS:
        raise NotAllowed

    def find(connection: Connection) -> Log:
        names = {row.id: row.name for row in staff.everybody(connection)}
        rows = audit.newest(
            connection, limit=SHOWN + 1, before=before, since=since, until=until, person=person
        )
        entries = [_entry(row, names) for row in rows[:SHOWN]]
        return Log(entries, entries[-1].number if len(rows) > SHOWN else None, names)

    return await database.read(find)


def _entry(row: audit.AuditRow, names: dict[int, str]) -> Entry:
    return Entry(
        row.number,
        row.at,
        names.get(row.staff, f"no. {row.staff}") if row.staff is not None else None,
        row.action,
        names.get(row.about, f"no. {row.about}") if row.about is not None else None,
        row.detail,
        row.conversation.hex() if row.conversation is not None else None,
    )


def verify(connection: Connection, sought: bytes | None = None) -> Verdict:
    """Follows the chain from its first entry to the newest, or to the first that does not hold.

    An entry that was changed, put in, moved or taken out breaks the chain there. Entries cut off
    at the end leave no gap: `sought`, a chain that was written down earlier, tells.
    """
    chain, holds, before, last, found = audit.BEGINNING, 0, 0, 0, sought is None
    for row in audit.every(connection):
        if row.chain is None and not holds:
            before += 1
            continue
        if row.chain is None or row.chain != audit.chain(chain, row):
            return Verdict(holds, before, row.number, last, chain, found)
        chain, holds, last = row.chain, holds + 1, row.number
        found = found or chain == sought
    return Verdict(holds, before, None, last, chain, found)
