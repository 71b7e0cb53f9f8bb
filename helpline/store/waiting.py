"""Queries on who waits and who helps: heard of when, alerts that are due, how long chats last."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from helpline.store import staff, tables
from helpline.store.queue import QueueEntry

LAST_CHATS = 20
"""An estimate rests on so many of the chats that ended last; older ones are forgotten."""

_ENTRY = tables.queue_entry.c
_CHAT = tables.conversation.c
_FINISHED = tables.finished_chat.c
_COLUMNS = [_ENTRY[name] for name in QueueEntry.__dataclass_fields__]


@dataclass(frozen=True)
class Watched:
    """An open queue entry, who owns its chat, and whether a code may still bring them back.

    `gone` says that nobody can be told anything there any more: they left or deleted it.
    """

    entry: QueueEntry
    owner: str
    gone: bool


def watched(connection: Connection) -> list[Watched]:
    """Returns every open entry with what decides whether something is due."""
    rows = connection.execute(
        select(*_COLUMNS, _CHAT.owner, _CHAT.token_hash)
        .join(tables.conversation, _CHAT.id == _ENTRY.conversation)
        .where(_ENTRY.closed.is_(False), _CHAT.hidden_hour.is_(None))
    )
    return [Watched(QueueEntry(*row[:-2]), row[-2], row[-1] is None) for row in rows]


def heard(connection: Connection) -> dict[int, float]:
    """Returns when each member of staff who is signed in was last heard of (seconds, UTC)."""
    sessions = tables.staff_session.c
    rows = connection.execute(
        select(sessions.staff, func.max(sessions.here_at)).group_by(sessions.staff)
    )
    return {row[0]: row[1] for row in rows}


def attending(connection: Connection, since: float) -> set[int]:
    """Returns who is at the desk and takes chats: not those on a break or busy."""
    people = tables.staff.c
    here = staff.here(connection, since)
    rows = connection.execute(
        select(people.id).where(people.id.in_(here), people.presence == "here")
    )
    return {row[0] for row in rows}


def holders(connection: Connection) -> set[int]:
    """Returns who holds or watches a chat now."""
    rows = connection.execute(
        select(_ENTRY.staff).where(_ENTRY.closed.is_(False), _ENTRY.staff.is_not(None)).distinct()
    )
    return {row[0] for row in rows}


def claim_alert(
    connection: Connection, conversation: bytes, now: float, lost_before: float, alert: str | None
) -> bool:
    """Makes the alert about a waiting chat this process's to send; False if another was first.

    Also one that another process began before `lost_before` and never finished.
    """
    lost = and_(_ENTRY.alert == "sending", _ENTRY.lead_told_at < lost_before)
    claimed = connection.execute(
        update(tables.queue_entry)
        .where(
            _ENTRY.conversation == conversation,
            or_(_ENTRY.lead_told_at.is_(None), lost),
            _ENTRY.staff.is_(None),
            _ENTRY.closed.is_(False),
        )
        .values(lead_told_at=now, alert=alert)
    )
    return claimed.rowcount == 1


def alert_went(connection: Connection, conversations: list[bytes], at: float, how: str) -> None:
    """Keeps how an alert went that was claimed `at`: "sent", "part" or "failed"."""
    connection.execute(
        update(tables.queue_entry)
        .where(_ENTRY.conversation.in_(conversations), _ENTRY.lead_told_at == at)
        .values(alert=how)
    )


def last_alert(connection: Connection, since: float) -> tuple[float, str] | None:
    """Returns when the newest alert after `since` went out, and how it went; None without one."""
    row = connection.execute(
        select(_ENTRY.lead_told_at, _ENTRY.alert)
        .where(_ENTRY.lead_told_at > since, _ENTRY.alert.in_(("sent", "part", "failed")))
        .order_by(_ENTRY.lead_told_at.desc())
        .limit(1)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def add_finished(connection: Connection, day: int, held_s: int) -> None:
    """Keeps how long a worker held a chat (seconds), and on which day since 1970; no more of it."""
    result = connection.execute(
        insert(tables.finished_chat).values(day=day, held_s=held_s).returning(_FINISHED.number)
    )
    oldest = int(result.scalar_one()) - LAST_CHATS
    connection.execute(delete(tables.finished_chat).where(_FINISHED.number <= oldest))


def held_times(connection: Connection) -> list[int]:
    """Returns how long the last chats were held, in seconds, newest first."""
    rows = connection.execute(
        select(_FINISHED.held_s).order_by(_FINISHED.number.desc()).limit(LAST_CHATS)
    )
    return [row[0] for row in rows]
