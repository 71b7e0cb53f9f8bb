"""Tells whether a message is in words that the screen can read; it does not name the language."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from safeguarding.errors import SafeguardingError
from safeguarding.written import load_words

_FEW_LETTERS = 4


@dataclass(frozen=True)
class Readable:
    """Function words of English and of other languages, from languages.yml."""

    english: frozenset[str]
    other: frozenset[str]

    @classmethod
    def load(cls, file: Path) -> Readable:
        """Raises ``SafeguardingError`` where the file lacks its two lists."""
        lists = load_words(file)
        if lists.keys() != {"english", "other"}:
            raise SafeguardingError.at(file, 1, "the lists english and other were expected")
        return cls(frozenset(lists["english"].split()), frozenset(lists["other"].split()))

    def can_read(self, original: str, words: list[str]) -> bool:
        """False where most letters are of another script, or most small words of another tongue.

        Look-alike letters inside English are read: normalising has folded them, so English words
        come out of them.
        """
        plain = [word for word in words if word.isalpha()]
        english = sum(word in self.english for word in plain)
        foreign = sum(word in self.other for word in plain)
        if _mostly_other_script(original):
            return english > len(plain) / 2
        if len(plain) < 3:
            return not (foreign and foreign == len(plain) and not english)
        if foreign >= 2 and foreign > english:
            return False
        return not (len(plain) >= 6 and english / len(plain) < 0.1)


def _mostly_other_script(original: str) -> bool:
    letters = [character for character in original if character.isalpha()]
    if len(letters) < _FEW_LETTERS and not (letters and all(ord(c) > 0x24F for c in letters)):
        return False
    other = sum(1 for c in letters if ord(c) > 0x24F and not _is_latin(c))
    return other * 2 > len(letters)


def _is_latin(character: str) -> bool:
    return all(ord(part) < 0x250 for part in unicodedata.normalize("NFKD", character))
