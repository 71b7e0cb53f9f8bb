"""Puts slips of the finger right, one word for one; dropped vowels are left to vowels.

It knows the words of examples that are spelled in full, and how often they come: a word it does not
know is read as the commonest of those that are one slip away. Runs on both Pythons of the product.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from language.vowels import VOWELS, Pairs, Vowels, without_vowels

if TYPE_CHECKING:
    from typing import Self  # the assistant's Python has none

_SHORTEST, _LONGEST = 4, 20
_OFTEN = 3  # times a word must come before another is read as it
_DROPPED = 0.4  # share of words without vowels from which on all are read as typed without
_MANY, _FEW = 4, 3  # so many at least; so many are enough where no word has a vowel


@dataclass(frozen=True)
class Spelling:
    """Words and pairs of words by how often they come; forms with one letter left out; consonants
    of whole words."""

    counts: Mapping[str, int]
    pairs: Pairs
    forms: Mapping[str, tuple[str, ...]]
    consonants: Mapping[str, str]
    known: frozenset[str]

    @classmethod
    def of(
        cls, counts: Mapping[str, int], pairs: Pairs | None = None, known: Iterable[str] = ()
    ) -> Self:
        """``known``: further words that stay as they are."""
        forms: dict[str, list[str]] = {}
        consonants: dict[str, str] = {}
        for word in sorted(counts, key=lambda each: (-counts[each], each)):
            if counts[word] < _OFTEN:
                break
            if _SHORTEST <= len(word) <= _LONGEST:
                for form in _forms(word):
                    forms.setdefault(form, []).append(word)
            consonants.setdefault(without_vowels(word), word)
        frozen = {form: tuple(words) for form, words in forms.items()}
        whole = frozenset(word for word, count in counts.items() if count > 1)
        return cls(counts, pairs or {}, frozen, consonants, whole | frozenset(known))

    def save(self, file: Path) -> None:
        """Writes what ``load`` reads."""
        pairs: dict[str, dict[str, int]] = {}
        for (before, word), count in self.pairs.items():
            pairs.setdefault(before, {})[word] = count
        kept = {"counts": dict(self.counts), "pairs": pairs, "known": sorted(self.known)}
        file.write_text(json.dumps(kept), "utf-8")

    @classmethod
    def load(cls, file: Path, known: Iterable[str] = ()) -> Self:
        """Raises ``OSError``, ``ValueError`` or ``KeyError``. ``known`` as for ``of``."""
        kept = json.loads(file.read_text("utf-8"))  # which gives equal keys one place in memory
        pairs = {
            (before, word): count
            for before, follow in kept["pairs"].items()
            for word, count in follow.items()
        }
        return cls.of(kept["counts"], pairs, {*kept["known"], *known})

    def mend(self, words: Sequence[str]) -> list[str]:
        """As many words as came in."""
        letters = [word for word in words if word.isalpha()]
        bare = sum(1 for word in letters if not VOWELS.intersection(word))
        many = bare >= _MANY and bare >= _DROPPED * len(words)
        if many or _FEW <= bare == len(letters):
            return self._vowels.put_back(words, self.known)
        return [self._mended(word) for word in words]

    @cached_property
    def _vowels(self) -> Vowels:
        return Vowels(self.counts, self.pairs)

    def _mended(self, word: str) -> str:
        if not word.isalpha() or not word.isascii() or len(word) > _LONGEST:
            return word
        if not VOWELS.intersection(word):
            if word in self.known:
                return word
            if len(word) > 2:
                return self.consonants.get(word, word)
        if len(word) < _SHORTEST or word in self.known:
            return word
        candidates = {
            candidate
            for form in _forms(word)
            for candidate in self.forms.get(form, ())
            if _one_slip(word, candidate)
        }
        if not candidates:
            return self.consonants.get(word, word) if not VOWELS.intersection(word[1:]) else word
        return max(candidates, key=lambda each: (each[0] == word[0], self.counts[each], each))


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
