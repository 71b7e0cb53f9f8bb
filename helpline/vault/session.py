"""What a session keeps of opened keys: all of it under a cookie that the server does not keep."""

import hashlib
import secrets
from collections.abc import Mapping

from helpline.vault.keys import KEY_BYTES, WrapBroken, derive, unwrap, wrap

SESSION = b"session"
EPOCH_BYTES = 4


def new_cookie() -> str:
    """Returns 256 random bits in hexadecimal: the session cookie."""
    return secrets.token_hex(KEY_BYTES)


def cookie_hash(cookie: str) -> bytes:
    """Returns the SHA-256 by which a session is found."""
    return hashlib.sha256(cookie.encode("utf-8", "replace")).digest()


def close_session(cookie: str, private: bytes, team: Mapping[int, bytes]) -> bytes:
    """Wraps a person's own key and the team keys they have, by team epoch, under their cookie."""
    opened = private + b"".join(epoch.to_bytes(EPOCH_BYTES) + team[epoch] for epoch in sorted(team))
    return wrap(_cookie_key(cookie), opened, SESSION, 0)


def open_session(cookie: str, wrapped: bytes) -> tuple[bytes, dict[int, bytes]]:
    """Opens `close_session`; raises WrapBroken for another cookie or changed bytes."""
    opened = unwrap(_cookie_key(cookie), wrapped, SESSION, 0)
    step = EPOCH_BYTES + KEY_BYTES
    if len(opened) % step != KEY_BYTES:
        raise WrapBroken
    team = {
        int.from_bytes(opened[at : at + EPOCH_BYTES]): opened[at + EPOCH_BYTES : at + step]
        for at in range(KEY_BYTES, len(opened), step)
    }
    return opened[:KEY_BYTES], team


def _cookie_key(cookie: str) -> bytes:
    return derive(cookie.encode("utf-8", "replace"), "session wrap")
