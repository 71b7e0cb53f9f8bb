"""The young person's token and the keys of a conversation, wrapped for whoever may open them."""

import hashlib
import secrets
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.exceptions import CryptoError
from nacl.secret import Aead

KEY_BYTES = 32

Holder = str
"""Who can open a wrapped key: "token", "team:<team epoch>" or "staff:<id>"."""


class WrapBroken(Exception):
    """A wrapped key does not open under this key for this conversation and epoch."""


def new_token() -> str:
    """Returns 256 random bits in URL-safe base64 without padding: 43 characters."""
    return urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode().rstrip("=")


def new_key() -> bytes:
    """Returns 32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def _token_bytes(token: str) -> bytes:
    try:
        raw = b64decode(token.encode("ascii") + b"=", altchars=b"-_", validate=True)
    except (Base64Error, UnicodeEncodeError) as error:
        raise WrapBroken from error
    if len(raw) != KEY_BYTES:
        raise WrapBroken
    return raw


def token_hash(token: str) -> bytes:
    """Returns the SHA-256 by which the server recognises a token it does not keep.

    Raises WrapBroken for anything that is not a token's shape.
    """
    return hashlib.sha256(_token_bytes(token)).digest()


def derive(secret: bytes, purpose: str) -> bytes:
    """Returns 32 bytes of HKDF-SHA256 for one purpose; `secret` has full entropy already."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"waymark {purpose}".encode()).derive(secret)


def token_key(token: str) -> bytes:
    """Returns the key under which the keys of the young person's conversation are wrapped."""
    return derive(_token_bytes(token), "token wrap")


def _binding(conversation: bytes, key_epoch: int) -> bytes:
    return b"waymark-wrap|" + conversation + key_epoch.to_bytes(4)


def wrap(under: bytes, key: bytes, conversation: bytes, key_epoch: int) -> bytes:
    """Wraps a 32-byte key for one conversation and key epoch under another 32-byte key."""
    return bytes(Aead(under).encrypt(key, _binding(conversation, key_epoch)))


def unwrap(under: bytes, wrapped: bytes, conversation: bytes, key_epoch: int) -> bytes:
    """Opens `wrap`; raises WrapBroken for another key, conversation, epoch or changed bytes."""
    try:
        return Aead(under).decrypt(wrapped, _binding(conversation, key_epoch))
    except (CryptoError, ValueError, TypeError) as error:
        raise WrapBroken from error


@dataclass(frozen=True)
class KeyRing:
    """The opened keys of one conversation by key epoch; in memory only, never shown."""

    keys: dict[int, bytes] = field(repr=False)

    @property
    def newest(self) -> int:
        """The highest key epoch this ring can open."""
        return max(self.keys)
