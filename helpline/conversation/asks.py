"""What colleagues are asked on the desk: a second view, and to talk a chat through."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from helpline.broadcast import Signal
from helpline.conversation.errors import NotAllowed, UnknownRecord
from helpline.conversation.handoff import HERE_S
from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper
from helpline.conversation.sessions import Session
from helpline.store import breakings, records, staff
from helpline.store.breakings import BreakingRow

ANSWER_SHOWN_S = 3600
"""A second person's answer is shown so long on the desk of who asked."""


@dataclass(frozen=True)
class Ask:
    """One thing that is asked, by whom (`name`) and since when (seconds, UTC).

    `own` is what this person asked themselves; `danger_now` that life was in danger, so that the
    view comes afterwards. An `answer` is what somebody named `name` answered to this person.
    """

    kind: Literal["view", "talk", "answer"]
    id: int
    name: str
    since: float
    own: bool
    danger_now: bool = False


def may_view(connection: Connection, session: Session, row: BreakingRow, now: float) -> bool:
    """Whether this person may be the second: a supervisor, else a worker while none is here.

    Never who broke confidentiality; a supervisor on a break does not count as here.
    """
    if row.staff == session.staff or row.asked_at is None:
        return False
    if session.role == "supervisor":
        return True
    return row.second is None and row.asked_at <= now and not _supervisors(connection, row, now)


def _supervisors(connection: Connection, row: BreakingRow, now: float) -> list[int]:
    here = staff.here(connection, now - HERE_S)
    return [
        person.id
        for person in staff.with_access(connection, "supervisor")
        if person.id in here and person.id != row.staff and person.presence != "break"
    ]


async def asks(heart: Heart, session: Session) -> list[Ask]:
    """What this person is asked now, and what they asked that nobody has answered yet."""
    check_helper(session)

    def find(connection: Connection) -> list[Ask]:
        now = heart.now()
        found: list[Ask] = []
        for row in breakings.without_a_second_view(connection, now):
            own = row.staff == session.staff
            if own or may_view(connection, session, row, now):
                since = row.asked_at or row.at
                name = _name(connection, row.staff)
                found.append(Ask("view", row.id, name, since, own, row.danger_now))
        for row in breakings.answered_since(connection, session.staff, now - ANSWER_SHOWN_S):
            name = _name(connection, row.second or 0)
            found.append(Ask("answer", row.id, name, row.second_at or now, True))
        for record in records.wants_to_talk(connection):
            own = record.staff == session.staff
            if own or session.role == "supervisor":
                since = record.talk_asked_at or 0.0
                found.append(Ask("talk", record.id, _name(connection, record.staff), since, own))
        return found

    return await heart.database.read(find)


def _name(connection: Connection, identity: int) -> str:
    person = staff.by_id(connection, identity)
    return person.name if person else ""


async def seen_talk(heart: Heart, session: Session, record: int) -> None:
    """A supervisor has seen that somebody would like to talk; no more than that.

    Raises UnknownRecord, and NotAllowed for all but another supervisor than who asked.
    """
    check_helper(session)

    def seen(connection: Connection) -> None:
        row = records.by_id(connection, record, lock=True)
        if row is None:
            raise UnknownRecord
        if session.role != "supervisor" or row.staff == session.staff:
            raise NotAllowed
        if row.talk_asked_at is None:
            return
        records.change(connection, record, talk_asked_at=None)
        staff.note(
            connection,
            heart.now(),
            "talk seen",
            session.staff,
            row.conversation,
            about=row.staff,
            detail=str(record),
        )

    await heart.database.write(seen)
    heart.broadcast.send(Signal("queue"))
