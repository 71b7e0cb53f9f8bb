"""What a member of staff can open with a password: their own key and their one-time secret."""

import secrets
from dataclasses import dataclass, field

from argon2.low_level import Type, hash_secret_raw
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey
from nacl.secret import Aead

from helpline.vault.keys import KEY_BYTES

TIME_COST = 3
MEMORY_KIB = 64 * 1024
LANES = 1


class PasswordRefused(Exception):
    """The password does not open this secret."""


@dataclass(frozen=True)
class StaffSecret:
    """What is stored of one member of staff: salt, public key, and the wrapped rest."""

    salt: bytes
    public: bytes
    wrapped: bytes = field(repr=False)


def _password_key(password: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        password.encode("utf-8", "replace"),
        salt,
        TIME_COST,
        MEMORY_KIB,
        LANES,
        KEY_BYTES,
        Type.ID,
    )


def create_staff_secret(password: str, one_time_secret: str) -> StaffSecret:
    """Makes an X25519 pair; its private half and the one-time secret are wrapped together.

    Argon2id with 64 MiB and three passes (RFC 9106, second recommended option).
    """
    return _wrapped(PrivateKey.generate(), one_time_secret, password)


def renew_staff_secret(private: bytes, one_time_secret: str, password: str) -> StaffSecret:
    """Wraps the same private key (32 bytes) and one-time secret under another password.

    As slow as `create_staff_secret`: call it off the event loop.
    """
    return _wrapped(PrivateKey(private), one_time_secret, password)


def _wrapped(pair: PrivateKey, one_time_secret: str, password: str) -> StaffSecret:
    salt = secrets.token_bytes(16)
    inside = bytes(pair) + one_time_secret.encode()
    wrapped = bytes(Aead(_password_key(password, salt)).encrypt(inside, salt))
    return StaffSecret(salt, bytes(pair.public_key), wrapped)


def open_staff_secret(secret: StaffSecret, password: str) -> tuple[bytes, str]:
    """Returns the private key (32 bytes) and the one-time secret; raises PasswordRefused.

    Takes about a tenth of a second and 64 MiB: call it off the event loop.
    """
    try:
        opened = Aead(_password_key(password, secret.salt)).decrypt(secret.wrapped, secret.salt)
    except CryptoError as error:
        raise PasswordRefused from error
    return opened[:KEY_BYTES], opened[KEY_BYTES:].decode()
