"""Puts slips of the finger and dropped vowels right, one word for one; text-speak is normalise's.

It knows the words of the labelled examples that are spelled in full, and how often they come: a
word it does not know is read as the commonest of those that are one slip away.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tokenizers import Tokenizer

from language.normalise import read
from safeguarding.errors import SafeguardingError
from safeguarding.examples import Example
from safeguarding.written import load_words

_SPELLED_IN_FULL = frozenset(
    {"clean", "buried", "implied", "negated", "past", "third", "hypothetical", "quoted"}
)
_SHORTEST, _LONGEST = 4, 20
_OFTEN = 3  # times a word must come before another is read as it
_VOWELS = frozenset("aeiou")
_DROPPED = 0.4  # share of words without vowels from which on single letters are read too
_MANY = 4


@dataclass(frozen=True)
class Spelling:
    """Words by how often they come; forms with one letter left out; consonants of whole words."""

    counts: Mapping[str, int]
    forms: Mapping[str, tuple[str, ...]]
    consonants: Mapping[str, str]
    known: frozenset[str]

    @classmethod
    def of(cls, counts: Mapping[str, int], known: Iterable[str] = ()) -> Self:
        """``known``: further words that stay as they are."""
        forms: dict[str, list[str]] = {}
        consonants: dict[str, str] = {}
        for word in sorted(counts, key=lambda each: (-counts[each], each)):
            if counts[word] < _OFTEN:
                break
            if _SHORTEST <= len(word) <= _LONGEST:
                for form in _forms(word):
                    forms.setdefault(form, []).append(word)
            consonants.setdefault(_without_vowels(word), word)
        frozen = {form: tuple(words) for form, words in forms.items()}
        whole = frozenset(word for word, count in counts.items() if count > 1)
        return cls(counts, frozen, consonants, whole | frozenset(known))

    def save(self, file: Path) -> None:
        """Writes what ``load`` reads."""
        kept = {"counts": dict(self.counts), "known": sorted(self.known)}
        file.write_text(json.dumps(kept), "utf-8")

    @classmethod
    def load(cls, file: Path, known: Iterable[str] = ()) -> Self:
        """Raises ``OSError``, ``ValueError`` or ``KeyError``. ``known`` as for ``of``."""
        kept = json.loads(file.read_text("utf-8"))
        return cls.of(kept["counts"], {*kept["known"], *known})

    def mend(self, words: Sequence[str]) -> list[str]:
        """As many words as came in."""
        bare = sum(1 for word in words if word.isalpha() and not _VOWELS.intersection(word))
        dropped = bare >= _MANY and bare >= _DROPPED * len(words)
        return [self._mended(word, dropped) for word in words]

    def _mended(self, word: str, dropped: bool) -> str:
        if not word.isalpha() or not word.isascii() or len(word) > _LONGEST:
            return word
        if not _VOWELS.intersection(word):
            if word in self.known and not dropped:
                return word
            if len(word) > 2 or dropped:
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
            return self.consonants.get(word, word) if not _VOWELS.intersection(word[1:]) else word
        return max(candidates, key=lambda each: (each[0] == word[0], self.counts[each], each))


def known_words(tokenizer: Tokenizer, folder: Path) -> set[str]:
    """Words that stay as they are: the whole words of MiniLM's word pieces, which are common, and
    words.yml. Raises ``SafeguardingError``."""
    lists = load_words(folder / "words.yml")
    if lists.keys() != {"keep"}:
        raise SafeguardingError.at(folder / "words.yml", 1, "the list keep was expected")
    pieces = tokenizer.get_vocab()
    common = {p for p in pieces if p.isalpha() and p.isascii() and len(p) >= _SHORTEST}
    return common | set(lists["keep"].split())


def count_words(examples: Iterable[Example]) -> Counter[str]:
    """How often each word comes in the examples that are spelled in full."""
    counts: Counter[str] = Counter()
    for example in examples:
        if example.kind in _SPELLED_IN_FULL:
            counts.update(word for word in read(example.text).text.split() if word.isalpha())
    return counts


def _without_vowels(word: str) -> str:
    return "".join(letter for letter in word if letter not in _VOWELS)


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
