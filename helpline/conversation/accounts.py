"""What a member of staff does with their own account: sessions seen and ended, password changed."""

import asyncio
from dataclasses import dataclass

from sqlalchemy import Connection

from helpline.conversation import passwords
from helpline.conversation.errors import (
    CredentialsRefused,
    NotSignedIn,
    PasswordWeak,
    UnknownSession,
)
from helpline.conversation.heart import Heart
from helpline.conversation.sessions import Session, Sessions, over
from helpline.store import sessions, staff
from helpline.store.staff import StaffRow
from helpline.vault import renew_staff_secret

REFERENCE_BYTES = 8


@dataclass(frozen=True)
class OwnSession:
    """A session of one's own; times in seconds since 1970 (UTC).

    `reference` names it in an address and opens nothing; `this` is the one that asks.
    """

    reference: str
    begun: float
    last: float
    this: bool


def _reference(cookie_hash: bytes) -> str:
    return cookie_hash[:REFERENCE_BYTES].hex()


async def own_sessions(heart: Heart, session: Session) -> list[OwnSession]:
    """Returns one's own sessions that are not over, the newest first."""
    now = heart.now()
    rows = await heart.database.read(lambda c: sessions.of(c, session.staff))
    return [
        OwnSession(
            _reference(row.cookie_hash),
            row.created_at,
            row.last,
            row.cookie_hash == session.cookie_hash,
        )
        for row in rows
        if not over(row, now)
    ]


async def end_session(heart: Heart, session: Session, reference: str) -> None:
    """Ends another session of one's own at once; raises UnknownSession."""
    now = heart.now()

    def end(connection: Connection) -> None:
        for row in sessions.of(connection, session.staff):
            if _reference(row.cookie_hash) == reference:
                sessions.end(connection, row.cookie_hash)
                staff.note(connection, now, "session ended", session.staff)
                return
        raise UnknownSession

    await heart.database.write(end)


async def end_others(heart: Heart, session: Session) -> int:
    """Ends every session of one's own but this; returns how many."""
    now = heart.now()

    def end(connection: Connection) -> int:
        ended = sessions.end_of(connection, session.staff, but=session.cookie_hash)
        staff.note(connection, now, "other sessions ended", session.staff)
        return ended

    return await heart.database.write(end)


async def change_password(
    heart: Heart, at: Sessions, session: Session, *, present: str, code: str | None, new: str
) -> None:
    """Wraps one's own key under another password; every other session of one's own ends.

    Raises PasswordWeak, CredentialsRefused for a wrong password or code, and SlowDown.
    """
    row = await heart.database.read(lambda c: staff.by_id(c, session.staff))
    if row is None:
        raise NotSignedIn
    await asyncio.to_thread(passwords.check, new, row.name, row.alias)
    if new == present:
        raise PasswordWeak("The new password must differ from the present one.")
    proven = await at.prove(row, present, code)
    if proven is None:
        await _refused(heart, row)
        raise CredentialsRefused
    async with at.slot():
        secret = await asyncio.to_thread(renew_staff_secret, *proven, new)
    now = heart.now()

    def change(connection: Connection) -> None:
        staff.change(connection, row.id, salt=secret.salt, wrapped=secret.wrapped)
        sessions.end_of(connection, row.id, but=session.cookie_hash)
        staff.note(connection, now, "password changed", row.id)

    await heart.database.write(change)
    await heart.database.forget()


async def _refused(heart: Heart, row: StaffRow) -> None:
    now = heart.now()
    await heart.database.write(lambda c: staff.note(c, now, "password change refused", row.id))
