"""Signing staff in and out; what a session opens is in memory while a request runs."""

import asyncio
import secrets
from dataclasses import dataclass, field
from functools import partial

import pyotp
from sqlalchemy import Connection

from helpline.conversation.errors import NotSignedIn, SignInRefused, SlowDown
from helpline.conversation.heart import Heart
from helpline.store import staff
from helpline.store.staff import SessionRow, StaffRow
from helpline.vault import (
    KEY_BYTES,
    PasswordRefused,
    WrapBroken,
    cookie_hash,
    cookie_key,
    create_staff_secret,
    new_cookie,
    open_for_team,
    open_staff_secret,
    unwrap,
    wrap,
)

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

    def __init__(self, heart: Heart, *, demo: bool) -> None:
        """Members of staff without a second factor can sign in to a demo only."""
        self._heart = heart
        self._demo = demo
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobody = create_staff_secret(secrets.token_hex(16), pyotp.random_base32())

    async def sign_in(self, name: str, password: str, code: str | None) -> tuple[Session, str]:
        """Returns a new session and its cookie.

        Raises SignInRefused, the same and after the same work whatever was wrong, and SlowDown
        when too many are trying at once.
        """
        row = None
        if name.isprintable():
            row = await self._heart.database.read(lambda c: staff.by_name(c, name))
        private, one_time = await self._open_secret(row, password)
        if row is None or private is None or not await self._second(row, one_time, code):
            await self._note("sign in refused", row)
            raise SignInRefused
        return await self._begin(row, private)

    async def _open_secret(self, row: StaffRow | None, password: str) -> tuple[bytes | None, str]:
        if self._waiting >= WAITING:
            raise SlowDown(5)
        self._waiting += 1
        try:
            async with self._slots:
                secret = row.secret if row else self._nobody
                return await asyncio.to_thread(open_staff_secret, secret, password)
        except PasswordRefused:
            return None, ""
        finally:
            self._waiting -= 1

    async def _second(self, row: StaffRow, one_time: str, code: str | None) -> bool:
        """Checks the one-time code of this or the last half minute, each good once."""
        if not row.second_factor:
            return self._demo
        if code is None:
            return False
        step = int(self._heart.now()) // CODE_STEP_S
        totp = pyotp.TOTP(one_time)
        for candidate in (step, step - 1):
            if secrets.compare_digest(
                totp.at(candidate * CODE_STEP_S).encode(), code.strip().encode()
            ):
                use = partial(staff.use_code, staff=row.id, step=candidate)
                return await self._heart.database.write(use)
        return False

    async def _begin(self, row: StaffRow, private: bytes) -> tuple[Session, str]:
        now, cookie = self._heart.now(), new_cookie()

        def begin(connection: Connection) -> Session:
            sealed = staff.memberships(connection, row.id)
            team = {
                epoch: open_for_team(private, key, TEAM, epoch) for epoch, key in sealed.items()
            }
            epoch = max(team, default=0)
            opened = private + team.get(epoch, b"")
            session = SessionRow(
                cookie_hash=cookie_hash(cookie),
                staff=row.id,
                csrf=secrets.token_hex(32),
                wrapped=epoch.to_bytes(4) + wrap(cookie_key(cookie), opened, TEAM, epoch),
                created_at=now,
                used_at=now,
                here_at=0.0,
            )
            staff.add_session(connection, session)
            staff.note(connection, now, "signed in", row.id)
            return self._session(row, session, private, team)

        return await self._heart.database.write(begin), cookie

    async def open(self, cookie: str) -> Session:
        """Returns the session of a cookie; raises NotSignedIn if it is unknown, idle or old."""
        heart, now, name = self._heart, self._heart.now(), cookie_hash(cookie)

        def find(connection: Connection) -> tuple[SessionRow, StaffRow] | None:
            found = staff.session(connection, name)
            row = staff.by_id(connection, found.staff) if found else None
            return (found, row) if found and row else None

        both = await heart.database.read(find)
        if both is None:
            raise NotSignedIn
        found, row = both
        last = max(found.used_at, found.here_at)
        if now - last > IDLE_S or now - found.created_at > LONGEST_S:
            await heart.database.write(lambda c: staff.end_session(c, name))
            raise NotSignedIn
        if now - found.used_at > CODE_STEP_S:
            await heart.database.write(lambda c: staff.change_session(c, name, used_at=now))
        return self._session(row, found, *_open_keys(found, cookie))

    async def sign_out(self, session: Session) -> None:
        """Ends the session at once."""
        now = self._heart.now()

        def end(connection: Connection) -> None:
            staff.end_session(connection, session.cookie_hash)
            staff.note(connection, now, "signed out", session.staff)

        await self._heart.database.write(end)

    async def here(self, session: Session) -> None:
        """Notes that this member of staff is at the desk."""
        now = self._heart.now()
        await self._heart.database.write(
            lambda c: staff.change_session(c, session.cookie_hash, here_at=now)
        )

    async def _note(self, action: str, row: StaffRow | None) -> None:
        now, who = self._heart.now(), row.id if row else None
        await self._heart.database.write(lambda c: staff.note(c, now, action, who))

    @staticmethod
    def _session(
        row: StaffRow, session: SessionRow, private: bytes, team: dict[int, bytes]
    ) -> Session:
        return Session(
            row.id, row.name, row.alias, row.role, session.csrf, session.cookie_hash, private, team
        )


def _open_keys(session: SessionRow, cookie: str) -> tuple[bytes, dict[int, bytes]]:
    epoch = int.from_bytes(session.wrapped[:4])
    try:
        opened = unwrap(cookie_key(cookie), session.wrapped[4:], TEAM, epoch)
    except WrapBroken as error:
        raise NotSignedIn from error
    team = opened[KEY_BYTES:]
    return opened[:KEY_BYTES], {epoch: team} if team else {}
