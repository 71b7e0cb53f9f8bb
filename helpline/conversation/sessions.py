"""Signing staff in and out; what a session opens is in memory while a request runs."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import pyotp
from sqlalchemy import Connection

from helpline.conversation.errors import NotSignedIn, SignInRefused, SlowDown
from helpline.conversation.heart import Heart
from helpline.store import sessions, staff
from helpline.store.sessions import SessionRow
from helpline.store.staff import StaffRow
from helpline.vault import (
    PasswordRefused,
    StaffSecret,
    WrapBroken,
    close_session,
    cookie_hash,
    create_staff_secret,
    new_cookie,
    open_for_team,
    open_session,
    open_staff_secret,
)

log = logging.getLogger("waymark")

IDLE_S = 15 * 60
LONGEST_S = 12 * 3600
CODE_STEP_S = 30
AT_ONCE = 2
WAITING = 20
TEAM = b"team"


@dataclass(frozen=True)
class Session:
    """A member of staff who is signed in, with what their password opened.

    `private` is their own key (32 bytes), for chats that ended; `team` the team key by team epoch.
    """

    staff: int
    name: str
    alias: str
    role: str
    csrf: str
    cookie_hash: bytes = field(repr=False)
    private: bytes = field(repr=False)
    team: dict[int, bytes] = field(repr=False)


class Sessions:
    """Sign-in by password (Argon2id, two at a time) and one-time code; sessions by cookie."""

    def __init__(
        self, heart: Heart, *, demo: bool, on_their_phone: Callable[[], float] | None = None
    ) -> None:
        """Members of staff without a second factor can sign in to a demo only.

        `on_their_phone` is the time (seconds since 1970, UTC) by which one-time codes are made,
        where the heart's may be ahead of it.
        """
        self._heart = heart
        self._on_their_phone = on_their_phone or heart.now
        self._demo = demo
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobody = _nobody()

    async def sign_in(self, name: str, password: str, code: str | None) -> tuple[Session, str]:
        """Returns a new session and its cookie.

        Raises SignInRefused, the same and after the same work whatever was wrong, and SlowDown
        when too many are trying at once.
        """
        row = None
        if name.isprintable():
            row = await self._heart.database.read(lambda c: staff.by_name(c, name))
        opened = await self.prove(row, password, code)
        begun = await self._begin(row, opened[0]) if row and opened else None
        if begun is None:
            await self._note("sign in refused", row)
            raise SignInRefused
        return begun

    async def prove(
        self, row: StaffRow | None, password: str, code: str | None
    ) -> tuple[bytes, str] | None:
        """Returns what the password opens (private key, one-time secret), if the code is right too.

        None, after the same work, if either is wrong, for nobody and for who has left. A code is
        good once. Raises SlowDown when too many are trying at once.
        """
        known = row is not None and row.left_at is None
        opened = await self._open_secret(row if known else None, password)
        if row is None or opened is None or not await self._second(row, opened[1], code):
            return None
        return opened

    async def _open_secret(self, row: StaffRow | None, password: str) -> tuple[bytes, str] | None:
        async with self.slot():
            secret = row.secret if row else self._nobody
            try:
                return await asyncio.to_thread(open_staff_secret, secret, password)
            except PasswordRefused:
                return None

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Waits for a turn to hash a password; raises SlowDown when too many wait."""
        if self._waiting >= WAITING:
            raise SlowDown(5)
        self._waiting += 1
        try:
            async with self._slots:
                yield
        finally:
            self._waiting -= 1

    async def _second(self, row: StaffRow, one_time: str, code: str | None) -> bool:
        """Checks the one-time code of this or the last half minute, each good once."""
        if not row.second_factor:
            return self._demo
        if code is None:
            return False
        step = int(self._on_their_phone()) // CODE_STEP_S
        totp = pyotp.TOTP(one_time)
        for candidate in (step, step - 1):
            if secrets.compare_digest(
                totp.at(candidate * CODE_STEP_S).encode(), code.strip().encode()
            ):
                use = partial(staff.use_code, staff=row.id, step=candidate)
                return await self._heart.database.write(use)
        return False

    async def _begin(self, row: StaffRow, private: bytes) -> tuple[Session, str] | None:
        now, cookie = self._heart.now(), new_cookie()

        def begin(connection: Connection) -> Session | None:
            person = staff.by_id(connection, row.id)
            if person is None or person.left_at is not None:
                return None
            sessions.drop_over(connection, now - IDLE_S, now - LONGEST_S)
            staff.change(connection, row.id, presence="here")  # a break ends with the shift
            team = _open_team(private, staff.memberships(connection, row.id), {})
            session = SessionRow(
                cookie_hash=cookie_hash(cookie),
                staff=row.id,
                csrf=secrets.token_hex(32),
                wrapped=close_session(cookie, private, team),
                created_at=now,
                used_at=now,
                here_at=0.0,
            )
            sessions.add(connection, session)
            staff.note(connection, now, "signed in", row.id)
            return _session(person, session, private, team)

        begun = await self._heart.database.write(begin)
        return (begun, cookie) if begun else None

    async def open(self, cookie: str, *, used: bool = True) -> Session:
        """Returns the session of a cookie; raises NotSignedIn if it is unknown, idle or old.

        `used` is False for what an open page asks by itself: nobody need be sitting there.

        Its team keys are those this person has now: one given or renewed since is opened, one
        taken away is not.
        """
        heart, now, name = self._heart, self._heart.now(), cookie_hash(cookie)

        def find(connection: Connection) -> tuple[SessionRow, StaffRow, dict[int, bytes]] | None:
            found = sessions.by_cookie(connection, name)
            row = staff.by_id(connection, found.staff) if found else None
            if found is None or row is None or row.left_at is not None:
                return None
            return found, row, staff.memberships(connection, row.id)

        known = await heart.database.read(find)
        if known is None:
            raise NotSignedIn
        found, row, sealed = known
        if over(found, now):
            await heart.database.write(lambda c: sessions.end(c, name))
            raise NotSignedIn
        try:
            private, kept = open_session(cookie, found.wrapped)
        except WrapBroken as error:
            log.error("alert: a session does not open with its cookie")
            raise NotSignedIn from error
        team = _open_team(private, sealed, kept)
        changes: dict[str, Any] = {}
        if used and now - found.used_at > CODE_STEP_S:
            changes["used_at"] = now
        if team != kept:
            changes["wrapped"] = close_session(cookie, private, team)
        if changes:
            await heart.database.write(lambda c: sessions.change(c, name, **changes))
        return _session(row, found, private, team)

    async def sign_out(self, session: Session) -> None:
        """Ends the session at once."""
        now = self._heart.now()

        def end(connection: Connection) -> None:
            sessions.end(connection, session.cookie_hash)
            staff.note(connection, now, "signed out", session.staff)

        await self._heart.database.write(end)

    async def here(self, session: Session) -> None:
        """Notes that this member of staff is at the desk."""
        now = self._heart.now()
        await self._heart.database.write(
            lambda c: sessions.change(c, session.cookie_hash, here_at=now)
        )

    async def _note(self, action: str, row: StaffRow | None) -> None:
        now, who = self._heart.now(), row.id if row else None
        await self._heart.database.write(lambda c: staff.note(c, now, action, who))


def over(row: SessionRow, now: float) -> bool:
    """Whether a session has been idle, or has lasted, for too long."""
    return now - row.used_at > IDLE_S or now - row.created_at > LONGEST_S


def _open_team(
    private: bytes, sealed: Mapping[int, bytes], kept: Mapping[int, bytes]
) -> dict[int, bytes]:
    """The team keys that a person was given, by epoch; those of `kept` are open already.

    One that was given to somebody else does not open: it is left out, with an alert in the log.
    """
    team: dict[int, bytes] = {}
    for epoch, key in sealed.items():
        try:
            team[epoch] = kept[epoch] if epoch in kept else open_for_team(private, key, TEAM, epoch)
        except WrapBroken:
            log.error("alert: a team key does not open for who has it")
    return team


def _session(row: StaffRow, session: SessionRow, private: bytes, team: dict[int, bytes]) -> Session:
    return Session(
        row.id, row.name, row.alias, row.role, session.csrf, session.cookie_hash, private, team
    )


@cache
def _nobody() -> StaffSecret:
    """What no password opens, for the same work where there is nobody of a name."""
    return create_staff_secret(secrets.token_hex(16), pyotp.random_base32())
