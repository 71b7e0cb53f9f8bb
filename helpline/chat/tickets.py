"""One first send for each start page, where JavaScript is off; what is sent is not looked at.

Such a page has no token yet, and its first POST may come again by Reload, even after a quick exit.
So the start page carries a ticket. The first POST with it makes the conversation; the same POST
again finds that conversation or, once its token is revoked, nothing. Tickets live in memory for two
hours and are void after a restart: a void one leads to the plain start page, never to a second
conversation. The token is kept only sealed under the ticket, which the server forgets.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

LIFETIME_S: Final = 7200
_MOST: Final = 50_000


@dataclass(frozen=True)
class Ticket:
    """What a ticket is worth: ``valid`` unless forged or old; ``token`` once it has been spent."""

    valid: bool
    token: str | None = None


class Tickets:
    """Issues tickets and remembers which were spent. ``clock`` gives seconds that only rise."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._spent: dict[bytes, tuple[float, bytes]] = {}

    def issue(self) -> str:
        """A fresh ticket: 32 random bytes, the second it was made, and a signature, in hex."""
        body = secrets.token_hex(32) + f"{int(self._clock()):016x}"
        return body + self._sign(body)

    def look(self, ticket: str) -> Ticket:
        """Say whether ``ticket`` may start a conversation, or which token it has led to."""
        body, signature = ticket[:80], ticket[80:]
        if not hmac.compare_digest(self._sign(body).encode(), signature.encode("utf-8", "replace")):
            return Ticket(valid=False)
        if self._clock() - int(body[64:], 16) > LIFETIME_S:
            return Ticket(valid=False)
        kept = self._spent.get(hashlib.sha256(ticket.encode()).digest())
        if kept is None:
            return Ticket(valid=True)
        try:
            return Ticket(valid=True, token=self._box(ticket).decrypt(kept[1]).decode())
        except CryptoError:
            return Ticket(valid=False)

    def spend(self, ticket: str, token: str) -> None:
        """Remember that ``ticket`` led to ``token``; the oldest are forgotten, and their key too.

        When too many are held, every open start page is voided: safe, and one page to load again.
        """
        now = self._clock()
        self._spent = {
            name: kept for name, kept in self._spent.items() if now - kept[0] <= LIFETIME_S
        }
        if len(self._spent) >= _MOST:
            self._spent.clear()
            self._key = secrets.token_bytes(32)
        sealed = self._box(ticket).encrypt(token.encode())
        self._spent[hashlib.sha256(ticket.encode()).digest()] = (now, sealed)

    def _sign(self, body: str) -> str:
        return hmac.new(self._key, body.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    @staticmethod
    def _box(ticket: str) -> SecretBox:
        return SecretBox(
            hashlib.blake2b(ticket.encode(), digest_size=32, person=b"ticket").digest()
        )
