"""Seals one piece of a conversation to the place it belongs to; keys come from `keys`."""

from dataclasses import dataclass

from nacl.bindings import sodium_pad, sodium_unpad
from nacl.exceptions import CryptoError
from nacl.secret import Aead

VERSION = 1
BLOCK = 256


class SealBroken(Exception):
    """Moved, changed, cut, or sealed under another key: not what was sealed for this place."""


@dataclass(frozen=True)
class Place:
    """Where a sealed piece belongs; all of it is authenticated with the piece.

    `conversation` is 16 bytes, `number` and `key_epoch` are not negative, `sender` is a sender of
    a message or the name of another piece ("carried", "excerpt").
    """

    conversation: bytes
    number: int
    sender: str
    key_epoch: int

    def additional_data(self) -> bytes:
        return b"|".join(
            (
                b"waymark-seal",
                bytes([VERSION]),
                self.conversation,
                self.number.to_bytes(8),
                self.key_epoch.to_bytes(4),
                self.sender.encode(),
            )
        )


def seal(key: bytes, place: Place, plaintext: bytes) -> bytes:
    """Returns version byte, 24-byte nonce and XChaCha20-Poly1305 text, padded to 256-byte steps.

    `key` is 32 bytes. Padding hides the length of short messages (design.md, confidentiality).
    """
    padded = sodium_pad(plaintext, BLOCK)
    return bytes([VERSION]) + bytes(Aead(key).encrypt(padded, place.additional_data()))


def open_sealed(key: bytes, place: Place, sealed: bytes) -> bytes:
    """Returns the plaintext of `seal`; raises SealBroken for any other key, place or bytes."""
    if not sealed or sealed[0] != VERSION:
        raise SealBroken
    try:
        return sodium_unpad(Aead(key).decrypt(sealed[1:], place.additional_data()), BLOCK)
    except (CryptoError, ValueError, TypeError) as error:
        raise SealBroken from error
