"""Loads the tables of textspeak.yml, which say how young people type; using them is normalise's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("textspeak.yml")
# The base loader leaves "no", "on" and "1" as the words they are.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_LONGEST_RUN = 40
_LONGEST_WORD = 16


@dataclass(frozen=True)
class TextSpeak:
    """The tables of ``textspeak.yml``: what each holds is said there."""

    words: dict[str, list[str]]
    emoji: dict[str, str]
    letters: dict[str, str]
    counted: frozenset[str]
    takes_is: frozenset[str]
    ends_in_in: frozenset[str]
    plain: frozenset[str]
    masked: tuple[str, ...]
    together: dict[str, list[str]]

    @staticmethod
    @lru_cache(maxsize=1)
    def default() -> TextSpeak:
        """The tables that ship with the product, read once."""
        return TextSpeak.load(_FILE)

    @classmethod
    def load(cls, file: Path) -> TextSpeak:
        """Reads a table file. Raises ``OSError``, ``yaml.YAMLError`` or ``KeyError``."""
        tables: dict[str, Any] = yaml.load(file.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 - it builds strings only
        words = {str(k): str(v).split() for k, v in tables["words"].items()}
        return cls(
            words=words,
            emoji={
                character: name
                for name, characters in tables["emoji"].items()
                for character in characters.split()
            },
            letters={
                character: letter
                for letter, characters in tables["letters"].items()
                for character in characters.split()
            },
            counted=frozenset(tables["counted"].split()),
            takes_is=frozenset(tables["takes_is"].split()),
            ends_in_in=frozenset(tables["ends_in_in"].split()),
            plain=frozenset(tables["plain"].split()),
            masked=tuple(tables["masked"].split()),
            together={phrase.replace(" ", ""): phrase.split() for phrase in tables["together"]},
        )

    def unstretch(self, word: str) -> str:
        """``killlll`` to ``kill``, ``helppp`` to ``help``: doubled only in words known doubled."""
        doubled = re.sub(r"([a-z])\1{2,}", r"\1\1", word)
        if doubled in self.plain:
            return doubled
        return re.sub(r"([a-z])\1{2,}", r"\1", word)

    def unmask(self, word: str) -> str | None:
        """``su*cide`` to ``suicide``: the one listed word that fits; a star is any letters."""
        if len(word) > _LONGEST_WORD:
            return None
        exact = re.compile(re.sub(r"[*!|#]", ".", word))
        for candidate in self.masked:
            if exact.fullmatch(candidate):
                return candidate
        loose = re.compile(re.sub(r"[*!|#]+", "[a-z]{0,4}", word))
        for candidate in self.masked:
            if loose.fullmatch(candidate):
                return candidate
        return None

    def split_known(self, word: str) -> list[str] | None:
        """``killmyself`` to ``kill myself``, for the few phrases listed as run together."""
        return self.together.get(word)

    def split(self, letters: str) -> list[str]:
        """The fewest known words that make up the letters; empty where they do not."""
        if len(letters) > _LONGEST_RUN:
            return []
        best: list[list[str] | None] = [[]] + [None] * len(letters)
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - 14), end):
                before, word = best[start], letters[start:end]
                if before is None or word not in self.plain:
                    continue
                now = best[end]
                if now is None or len(before) + 1 < len(now):
                    best[end] = [*before, word]
        return best[-1] or []
