"""The helpline team's key: keys of conversations are sealed to it when a person is let in."""

from dataclasses import dataclass, field

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from helpline.vault.keys import KEY_BYTES, WrapBroken


@dataclass(frozen=True)
class TeamKey:
    """A new team key: what is stored (public, recovery copy) and what is handed on (the rest)."""

    public: bytes
    private: bytes = field(repr=False)
    recovery_copy: bytes = field(repr=False)
    recovery_key: str = field(repr=False)


def create_team_key() -> TeamKey:
    """Returns a new X25519 pair and a copy of it sealed to an offline key that is shown once."""
    pair, offline = PrivateKey.generate(), PrivateKey.generate()
    return TeamKey(
        public=bytes(pair.public_key),
        private=bytes(pair),
        recovery_copy=SealedBox(offline.public_key).encrypt(bytes(pair)),
        recovery_key=bytes(offline).hex(),
    )


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
