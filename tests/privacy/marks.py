"""Every secret of a run, by what it is; new words are made here, what the product made is told."""

import secrets
from base64 import urlsafe_b64decode
from collections.abc import Iterable

from tests.privacy.disguises import Look, looks_of_bytes, looks_of_text, marker


class Marks:
    """The secrets of one run by what they are: as they were made, and their looks."""

    def __init__(self) -> None:
        self.looks: dict[str, list[Look]] = {}
        self.known: dict[str, str] = {}

    def word(self, what: str, *, ascii_only: bool = False) -> str:
        """A new word that stands for what somebody wrote."""
        return self.text(what, marker(ascii_only=ascii_only))

    def text(self, what: str, *written: str) -> str:
        """A secret in letters, in all its spellings; returns the first."""
        self._add(what, (look for each in written for look in looks_of_text(each)))
        self.known[what] = written[0]
        return written[0]

    def token(self, what: str, token: str) -> str:
        """A young person's token: the letters of it, and the bytes that they stand for."""
        self._add(what, looks_of_bytes(urlsafe_b64decode(f"{token}=")))
        return self.text(what, token)

    def hexadecimal(self, what: str, written: str) -> str:
        """A secret in hexadecimal letters, such as a cookie: those, and the bytes."""
        self._add(what, looks_of_bytes(bytes.fromhex(written)))
        return self.text(what, written)

    def code(self, what: str, words: str) -> str:
        """A return code, as it is shown and as people and programs may write it."""
        return self.text(what, words, words.replace(" ", "-"), words.replace(" ", ""))

    def own_address(self) -> str:
        """A new address of this machine: all that begin with 127 are."""
        numbers = ".".join(str(100 + secrets.randbelow(155)) for _ in range(3))
        return self.text("address of a young person", f"127.{numbers}")

    def foreign_address(self) -> str:
        """A new address of the range for documentation (RFC 3849), as a proxy would name it."""
        groups = ":".join(f"{0x1000 + secrets.randbelow(0xE000):x}" for _ in range(3))
        return self.text("address named by a proxy", f"2001:db8:{groups}::1f")

    def _add(self, what: str, looks: Iterable[Look]) -> None:
        self.looks.setdefault(what, []).extend(looks)
