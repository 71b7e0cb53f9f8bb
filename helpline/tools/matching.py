"""Finds entries by what a hurried person types: part of a word, small typos, words in any order.

RapidFuzz measures how far two words are apart. One word against the 5,800 that the topics know
takes it 2 ms, and the standard library's ``difflib`` 88 (measured here): too long for each key.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from rapidfuzz.distance import OSA

LONGEST: Final = 200
"""So many characters of what was typed are looked at."""
ENOUGH: Final = 0.5
"""An entry is found if it has so much of what was typed, rare words counting more."""
SURE: Final = 0.4
"""What fits so well was spelt right."""
_WHOLE, _START, _TYPO, _TYPO_SO_FAR = 1.0, 0.9, 0.6, 0.5
_WORD: Final = re.compile(r"[^\W_]+")


class Index[T]:
    """Entries with the words that they can be found by."""

    def __init__(self, entries: Iterable[tuple[T, Mapping[str, float]]]) -> None:
        """Each entry comes with its texts and the weight of each, from 0 to 1."""
        self._entries: list[T] = []
        self._places: dict[str, dict[int, float]] = {}
        for place, (entry, texts) in enumerate(entries):
            self._entries.append(entry)
            for text, weight in texts.items():
                for word in words(text):
                    found = self._places.setdefault(word, {})
                    found[place] = max(weight, found.get(place, 0.0))

    def find(self, typed: str) -> Sequence[T]:
        """The entries that match, best first; all of them, in their order, for nothing typed."""
        asked = list(dict.fromkeys(words(typed[:LONGEST])))
        if not asked:
            return self._entries
        scores = dict.fromkeys(range(len(self._entries)), 0.0)
        had = dict.fromkeys(range(len(self._entries)), 0.0)
        total = 0.0
        for word in asked:
            matches = self._matches(word)
            rarity = math.log(1 + len(self._entries) / max(1, len(matches)))
            total += rarity
            for place, score in matches.items():
                scores[place] += score * rarity
                had[place] += rarity
        enough = [place for place in scores if had[place] > 0 and had[place] >= ENOUGH * total]
        return [self._entries[place] for place in sorted(enough, key=lambda place: -scores[place])]

    def _matches(self, word: str) -> dict[int, float]:
        """Entries that have this word, each with how well it fits.

        Those with a word like it count too, unless some text that weighs enough has it as typed:
        what young people write, for one, holds many a word that is misspelt.
        """
        found = self._by(word, _exactly)
        if max(found.values(), default=0.0) >= SURE:
            return found
        near = self._by(word, _nearly)
        return {
            place: max(found.get(place, 0.0), near.get(place, 0.0)) for place in {*found, *near}
        }

    def _by(self, word: str, likeness: Callable[[str, str], float]) -> dict[int, float]:
        found: dict[int, float] = {}
        for known, places in self._places.items():
            like = likeness(word, known)
            for place, weight in places.items() if like else ():
                found[place] = max(like * weight, found.get(place, 0.0))
        return found


def words(text: str) -> list[str]:
    """The words of a text in lower case, without accents or apostrophes."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    return _WORD.findall("".join(each for each in plain if not unicodedata.combining(each)))


def _exactly(word: str, known: str) -> float:
    """How well a word that was typed fits one that is known, which may be longer; 0: not."""
    if word == known:
        return _WHOLE
    return _START if len(word) > 1 and known.startswith(word) else 0.0


def _nearly(word: str, known: str) -> float:
    """The same for a word that was typed with one mistake, or two if it is long."""
    typos = 0 if len(word) < 4 else 1 if len(word) < 8 else 2
    if not typos or word[0].isdigit():
        return 0.0
    if OSA.distance(word, known, score_cutoff=typos) <= typos:
        return _TYPO
    if len(known) > len(word):
        so_far = OSA.distance(word, known[: len(word)], score_cutoff=typos) <= typos
        return _TYPO_SO_FAR if so_far and word[0] == known[0] else 0.0
    return 0.0
