"""The helpline team's key: keys of conversations are sealed to it when a person is let in."""

from dataclasses import dataclass, field

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from helpline.vault.keys import KEY_BYTES, WrapBroken


@dataclass(frozen=True)
class TeamKey:
    """A new team key: what is stored (public halves, recovery copy) and what is handed on.

    `recovery_key` is set where this made a new offline key: it is shown once.
    """

    public: bytes
    private: bytes = field(repr=False)
    recovery_copy: bytes = field(repr=False)
    recovery_public: bytes
    recovery_key: str | None = field(repr=False)


def create_team_key() -> TeamKey:
    """Returns a new X25519 pair and a copy of it sealed to an offline key that is shown once."""
    offline = PrivateKey.generate()
    return _sealed_to(offline.public_key, bytes(offline).hex())


def renew_team_key(recovery_public: bytes) -> TeamKey:
    """Returns a new X25519 pair and a copy of it sealed to the offline key there is already.

    Only the offline key's public half is needed, so nobody has to fetch it from its safe.
    """
    return _sealed_to(PublicKey(recovery_public), None)


def _sealed_to(offline: PublicKey, recovery_key: str | None) -> TeamKey:
    pair = PrivateKey.generate()
    return TeamKey(
        public=bytes(pair.public_key),
        private=bytes(pair),
        recovery_copy=SealedBox(offline).encrypt(bytes(pair)),
        recovery_public=bytes(offline),
        recovery_key=recovery_key,
    )


def recovery_public(recovery_key: str) -> bytes:
    """Returns the public half of a printed recovery key; raises WrapBroken for another shape."""
    return bytes(_offline(recovery_key).public_key)


def open_recovery_copy(recovery_key: str, recovery_copy: bytes) -> bytes:
    """Returns the team's private key with the printed recovery key alone; raises WrapBroken."""
    try:
        return SealedBox(_offline(recovery_key)).decrypt(recovery_copy)
    except (CryptoError, ValueError, TypeError) as error:
        raise WrapBroken from error


def _offline(recovery_key: str) -> PrivateKey:
    try:
        return PrivateKey(bytes.fromhex(recovery_key))
    except (CryptoError, ValueError, TypeError) as error:
        raise WrapBroken from error


def seal_for_team(public: bytes, key: bytes, conversation: bytes, key_epoch: int) -> bytes:
    """Seals a 32-byte key to a public key (a team's or one member of staff's).

    A sealed box has no additional data, so the place it belongs to travels inside.
    """
    return SealedBox(PublicKey(public)).encrypt(conversation + key_epoch.to_bytes(4) + key)


def open_for_team(private: bytes, sealed: bytes, conversation: bytes, key_epoch: int) -> bytes:
    """Opens `seal_for_team`; raises WrapBroken if it is not for this key, conversation, epoch."""
    try:
        opened = SealedBox(PrivateKey(private)).decrypt(sealed)
    except (CryptoError, ValueError, TypeError) as error:
        raise WrapBroken from error
    place, key = opened[:-KEY_BYTES], opened[-KEY_BYTES:]
    if place != conversation + key_epoch.to_bytes(4):
        raise WrapBroken
    return key
