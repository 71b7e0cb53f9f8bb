"""Six words that open a chat again: how they are drawn, read, and turned into keys."""

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import yaml
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.public import PrivateKey

from helpline.vault.keys import KEY_BYTES

WORDS_IN_CODE = 6
LIST_LENGTH = 7776  # five dice
PEPPER_BYTES = 32
LONGEST_CODE = 200  # characters; six words have at most 59

TIME_COST = 3
MEMORY_KIB = 64 * 1024
LANES = 1


class WordsBroken(Exception):
    """The list of words cannot be made; the message names the file and what is wrong."""


class NoCode(Exception):
    """Nothing that could be six words: no letters at all, or far too many."""


@dataclass(frozen=True)
class ReturnKeys:
    """What a code opens: `tag` finds the chat, the X25519 pair opens keys sealed to `public`."""

    tag: bytes
    public: bytes
    private: bytes = field(repr=False)


def load_words(unfit: Path) -> tuple[str, ...]:
    """Returns the 7,776 words: the EFF's long list (Bonneau 2016, CC BY 3.0 US, as the package
    xkcdpass carries it), those of the file `unfit` replaced by words of the EFF's short list.

    Raises WordsBroken for a file that is no list of words, or has too many.
    """
    lists = files("xkcdpass") / "static"
    long, short = ((lists / name).read_text("utf-8").split() for name in ("eff-long", "eff-short"))
    try:
        given = yaml.load(unfit.read_text("utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WordsBroken(f"{unfit} must be a list of words.") from error
    if not isinstance(given, list) or not all(isinstance(word, str) for word in given):
        raise WordsBroken(f"{unfit} must be a list of words.")
    left_out = set(given)
    kept = [word for word in long if word not in left_out]
    spare = sorted(set(short) - set(long) - left_out)
    words = (*kept, *spare[: LIST_LENGTH - len(kept)])
    if len(words) != LIST_LENGTH:
        raise WordsBroken(f"{unfit} leaves out too many words: {len(words)} are left.")
    return words


def new_code(words: Sequence[str]) -> str:
    """Returns six words drawn at random, with spaces between: 77.5 bits from 7,776 words."""
    return " ".join(secrets.choice(words) for _ in range(WORDS_IN_CODE))


def read_code(written: str) -> str:
    """Returns the letters of a code as it was typed, so that case, spaces, hyphens, full stops and
    full-width letters make no difference; no letter is forgiven.

    Raises NoCode where there is no letter or more than any code has.
    """
    if len(written) > LONGEST_CODE:
        raise NoCode
    folded = unicodedata.normalize("NFKC", written).casefold()
    letters = "".join(letter for letter in folded if letter.isalpha())
    if not letters:
        raise NoCode
    return letters


def open_code(letters: str, pepper: bytes) -> ReturnKeys:
    """Returns the keys of a code, read by `read_code`; `pepper` is kept outside the database.

    Argon2id once with 64 MiB and three passes (RFC 9106, second recommended option), then HKDF.
    Its salt is the same for all codes, because a code must find its chat without a name; it is
    made of the pepper. Takes about 0.14 s of a core: call it off the event loop.
    """
    salt = _derive(pepper, pepper, "salt")[:16]
    stretched = hash_secret_raw(
        letters.encode(), salt, TIME_COST, MEMORY_KIB, LANES, KEY_BYTES, Type.ID
    )
    pair = PrivateKey(_derive(stretched, pepper, "key"))
    return ReturnKeys(
        tag=_derive(stretched, pepper, "tag"),
        public=bytes(pair.public_key),
        private=bytes(pair),
    )


def _derive(secret: bytes, pepper: bytes, purpose: str) -> bytes:
    info = f"waymark return code {purpose}".encode()
    return HKDF(SHA256(), KEY_BYTES, salt=pepper, info=info).derive(secret)
