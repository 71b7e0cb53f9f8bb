"""Mends one slip of the finger in the few words that matter most; all other words stay as typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safeguarding.errors import SafeguardingError
from safeguarding.written import load_words

_SHORTEST = 5
_LONGEST = 24


@dataclass(frozen=True)
class Spelling:
    """Words to mend to, found by their forms with one letter left out; words never to be mended."""

    forms: dict[str, tuple[str, ...]]
    known: frozenset[str]

    @classmethod
    def load(cls, file: Path, known: frozenset[str]) -> Spelling:
        """Reads spelling.yml (``mend``, ``keep``). Raises ``SafeguardingError``."""
        lists = load_words(file)
        if lists.keys() != {"mend", "keep"}:
            raise SafeguardingError.at(file, 1, "the lists mend and keep were expected")
        forms: dict[str, list[str]] = {}
        for word in lists["mend"].split():
            for form in _forms(word):
                forms.setdefault(form, []).append(word)
        kept = known | frozenset(lists["keep"].split())
        return cls({form: tuple(words) for form, words in forms.items()}, kept)

    def mend(self, words: Sequence[str]) -> list[str]:
        """As many words as came in; an unknown one put right if a listed word is one slip away."""
        return [self._mended(word) for word in words]

    def _mended(self, word: str) -> str:
        if not _SHORTEST <= len(word) <= _LONGEST or word in self.known or not word.isalpha():
            return word
        for form in _forms(word):
            for candidate in self.forms.get(form, ()):
                if candidate[0] == word[0] and _one_slip(word, candidate):
                    return candidate
        return word


def _forms(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _one_slip(typed: str, meant: str) -> bool:
    """Whether one letter is missing, extra, other, or swapped with its neighbour."""
    if len(typed) != len(meant):
        shorter, longer = sorted((typed, meant), key=len)
        return len(longer) - len(shorter) == 1 and shorter in _forms(longer)
    differing = [i for i, (a, b) in enumerate(zip(typed, meant, strict=True)) if a != b]
    if len(differing) == 1:
        return True
    if len(differing) != 2 or differing[1] - differing[0] != 1:
        return False
    i, j = differing
    return typed[i] == meant[j] and typed[j] == meant[i]
