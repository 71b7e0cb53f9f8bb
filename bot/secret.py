"""The secret that the parts of Waymark share; who must show it is left to the servers."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping

VARIABLE = "WAYMARK_SECRET"
SHORTEST = 16  # characters


class NoSecret(Exception):
    """WAYMARK_SECRET is missing or too short; the message is one sentence."""


def from_environment(environment: Mapping[str, str] = os.environ) -> str:
    """Return the secret; raises NoSecret when it is not set or shorter than 16 characters."""
    secret = environment.get(VARIABLE, "")
    if len(secret) < SHORTEST:
        raise NoSecret(f"{VARIABLE} must be set, with at least {SHORTEST} characters.")
    return secret


def is_shown(header: str | None, secret: str) -> bool:
    """Say, in constant time, whether an ``Authorization`` header is ``Bearer`` and the secret."""
    expected = f"Bearer {secret}".encode()
    return hmac.compare_digest((header or "").encode("utf-8", "surrogateescape"), expected)
