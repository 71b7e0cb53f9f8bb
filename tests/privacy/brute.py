"""Every 32 bytes that stand anywhere in the loot, tried as a key on everything that is locked."""

import hashlib
import re
from base64 import urlsafe_b64decode
from binascii import unhexlify
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as aead_open
from nacl.bindings import crypto_scalarmult_base
from nacl.exceptions import CryptoError

from helpline.vault import KEY_BYTES, cookie_hash
from helpline.vault.keys import _binding
from helpline.vault.session import SESSION
from tests.privacy.loot import Loot
from tests.privacy.thief import sealed_values

NONCE: Final = 24
FEWEST_DIFFERENT: Final = 16
"""Of 32 random bytes fewer differ once in 10^12 keys: zeros and plain text are left out."""


@dataclass(frozen=True)
class Tried:
    """How many keys were tried, on how many locks, and which opened."""

    windows: int
    locks: int
    opened: list[str]


@dataclass(frozen=True)
class Lock:
    """One value that a key would open: its name, nonce, additional data and sealed bytes."""

    name: str
    nonce: bytes
    data: bytes
    sealed: bytes

    def opens(self, key: bytes) -> bool:
        try:
            aead_open(self.sealed, self.data, self.nonce, key)
        except CryptoError:
            return False
        return True


def brute_force(loot: Loot) -> Tried:
    """Tries every 32 bytes of every file as a key, as a private key and as a token; and what is
    written in letters as a token or a cookie."""
    locks = {lock.name: lock for lock in _locks(loot)}  # one is enough of those with one key
    publics, hashes = _publics(loot), _hashes(loot)
    opened, tried = list[str](), set[bytes]()
    for name, content in loot.files.items():
        for key in _keys_in(content):
            if key in tried:
                continue
            tried.add(key)
            if crypto_scalarmult_base(key) in publics:
                opened.append(f"{name}: a private key")
            if hashlib.sha256(key).digest() in hashes:
                opened.append(f"{name}: a token")
            opened += [f"{name}: {lock.name}" for lock in locks.values() if lock.opens(key)]
        for written in re.findall(rb"(?=([0-9a-f]{64}))", content):
            if cookie_hash(written.decode()) in hashes:
                opened.append(f"{name}: a cookie")
    return Tried(len(tried), len(locks) + len(publics) + len(hashes), opened)


def _keys_in(content: bytes) -> Iterator[bytes]:
    for at in range(len(content) - KEY_BYTES + 1):
        window = content[at : at + KEY_BYTES]
        if len(set(window)) >= FEWEST_DIFFERENT:
            yield window
    decoders: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
        (rb"(?=([0-9a-fA-F]{64}))", unhexlify),
        (rb"(?=([\w-]{43}))", lambda letters: urlsafe_b64decode(letters + b"=")),
    )
    for written, decode in decoders:
        for letters in re.findall(written, content):
            yield decode(letters)[:KEY_BYTES]


def _locks(loot: Loot) -> Iterator[Lock]:
    for name, place, sealed in sealed_values(loot):
        one_key = f"{name} {place.conversation.hex()}"
        which = "" if name == "event.sealed" else place.number
        yield Lock(
            f"{one_key} {place.key_epoch} {which}",
            sealed[1 : 1 + NONCE],
            place.additional_data(),
            sealed[1 + NONCE :],
        )
    for row in loot.rows["wrapped_key"]:
        if row["holder"] == "token":
            wrapped, data = row["wrapped"], _binding(row["conversation"], row["key_epoch"])
            yield Lock(f"token {row['conversation'].hex()}", *_split(wrapped, data))
    for row in loot.rows["staff"]:
        yield Lock(f"staff {row['id']}", *_split(row["wrapped"], row["salt"]))
    for number, row in enumerate(loot.rows["staff_session"]):
        yield Lock(f"session {number}", *_split(row["wrapped"], _binding(SESSION, 0)))


def _split(wrapped: bytes, data: bytes) -> tuple[bytes, bytes, bytes]:
    return wrapped[:NONCE], data, wrapped[NONCE:]


def _publics(loot: Loot) -> set[bytes]:
    of_staff = {row["public"] for row in loot.rows["staff"]}
    of_teams = {
        row[name] for row in loot.rows["team_key"] for name in ("public", "recovery_public")
    }
    return of_staff | of_teams | {row["public"] for row in loot.rows["return_code"]}


def _hashes(loot: Loot) -> set[bytes]:
    tokens = {row["token_hash"] for row in loot.rows["conversation"]} - {None}
    return tokens | {row["cookie_hash"] for row in loot.rows["staff_session"]}
