"""Puts back the vowels of a message typed without them, by which words stand beside which.

A word typed as its consonants may be many ("t" is "to", "it" or "at"): the likeliest row of words
is taken, by a model of pairs of words and Viterbi's search.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log

VOWELS = frozenset("aeiou")
_START = "."
_MOST = 6  # candidates for one word
_RARE = 2  # times a word must come to be one
_DISCOUNT, _ALONE = 0.5, 0.2  # taken from a pair's count; weight of a word's own share
# What normalising made of single letters that stand for other words too where vowels are missing.
_WRITTEN_OUT = {"and": ("and", "in", "on", "no")}

Pairs = Mapping[tuple[str, str], int]


class Vowels:
    """Which words there are, and which follow which; made once, read by all threads."""

    def __init__(self, counts: Mapping[str, int], pairs: Pairs) -> None:
        """``counts``: how often each word comes; ``pairs``: how often one follows another."""
        self._counts = counts
        self._pairs = pairs
        self._total = max(1, sum(counts.values()))
        self._meant: dict[str, tuple[str, ...]] = {}
        for word in sorted(counts, key=lambda each: (-counts[each], each)):
            if counts[word] < _RARE:
                break
            bare = without_vowels(word)
            self._meant[bare] = (*self._meant.get(bare, ()), word)

    def put_back(self, words: Sequence[str], stays: Iterable[str]) -> list[str]:
        """As many words as came in; those of ``stays`` that were typed with a vowel are kept."""
        kept = frozenset(stays)
        ways: dict[str, tuple[float, list[str]]] = {_START: (0.0, [])}
        for typed in words:
            reached: dict[str, tuple[float, list[str]]] = {}
            for word in self._candidates(typed, kept):
                reached[word] = max(
                    (likely + self._follows(before, word), [*row, word])
                    for before, (likely, row) in ways.items()
                )
            ways = reached
        return max(ways.values())[1]

    def _candidates(self, typed: str, kept: frozenset[str]) -> Sequence[str]:
        if typed in _WRITTEN_OUT:
            return _WRITTEN_OUT[typed]
        said = VOWELS.intersection(typed)
        if not typed.isalpha() or (said and typed in kept):
            return (typed,)
        meant = self._meant.get(without_vowels(typed), ())
        return [word for word in meant if said.issubset(word)][:_MOST] or (typed,)

    def _follows(self, before: str, word: str) -> float:
        alone = _ALONE * (self._counts.get(word, 0) + 0.1) / self._total
        count = self._counts.get(before, 0)
        if not count:
            return log(alone)
        seen = max(0.0, self._pairs.get((before, word), 0) - _DISCOUNT)
        return log((1 - _ALONE) * seen / count + alone)


def without_vowels(word: str) -> str:
    """The consonants of a word, in their order."""
    return "".join(letter for letter in word if letter not in VOWELS)
