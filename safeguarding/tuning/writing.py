"""Rewrites training texts as hurried fingers would; the label stays. Not used outside tuning."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from language.textspeak import TextSpeak

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_WORD = re.compile(r"[A-Za-z']+")
_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
_SPOKEN = {"th": "f", "ing": "in", "you": "u", "to": "2", "for": "4", "are": "r", "ck": "k"}


def _near_keys() -> dict[str, str]:
    """The letters beside, above and below each letter of the keyboard."""
    near = {}
    for high, row in enumerate(_ROWS):
        for place, letter in enumerate(row):
            around = [
                other[at]
                for other in _ROWS[max(0, high - 1) : high + 2]
                for at in (place - 1, place, place + 1)
                if 0 <= at < len(other) and other[at] != letter
            ]
            near[letter] = "".join(around)
    return near


class Writer:
    """Gives back a text as typed on another day: the same words, other fingers."""

    def __init__(self, chance: random.Random) -> None:
        """``chance`` decides everything, so that a seed gives the same texts again."""
        self._chance = chance
        self._near = _near_keys()
        short: dict[str, list[str]] = {}
        for typed, words in TextSpeak.default().words.items():
            short.setdefault(" ".join(words), []).append(typed)
        self._short = short
        self._emoji = sorted(TextSpeak.default().emoji)

    def rewrite(self, text: str) -> str:
        """One or two of the habits, at random."""
        habits: list[Callable[[str], str]] = [
            self._typos,
            self._typos,
            self._typos,
            self._short_words,
            self._short_words,
            self._vowels,
            self._disguised,
            self._spoken,
            self._bare,
            self._loud,
            self._gaps,
        ]
        for habit in self._chance.sample(habits, self._chance.choice((1, 1, 2))):
            text = habit(text)
        return text

    def _each(self, text: str, share: float, change: Callable[[str], str], least: int = 1) -> str:
        def maybe(found: re.Match[str]) -> str:
            word = found.group()
            if len(word) < least or self._chance.random() > share:
                return word
            return change(word)

        return _WORD.sub(maybe, text)

    def _typos(self, text: str) -> str:
        return self._each(text, self._chance.choice((0.15, 0.3, 0.45)), self._slip, 3)

    def _slip(self, word: str) -> str:
        at = self._chance.randrange(len(word))
        kind = self._chance.randrange(5)
        if kind == 0:
            return word[:at] + word[at + 1 :]
        if kind == 1 and at + 1 < len(word):
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if kind == 2:
            return word[:at] + word[at] + word[at:]
        near = self._near.get(word[at].lower())
        if not near:
            return word
        key = self._chance.choice(near)
        return word[:at] + key + word[at + (kind == 3) :]

    def _short_words(self, text: str) -> str:
        def shorten(word: str) -> str:
            found = self._short.get(word.lower())
            return self._chance.choice(found) if found else word

        return self._each(text, 0.7, shorten)

    def _vowels(self, text: str) -> str:
        def drop(word: str) -> str:
            return word[0] + re.sub("[aeiou]", "", word[1:-1]) + word[-1]

        def drop_all(word: str) -> str:
            return re.sub("[aeiou]", "", word.lower()) or word

        if self._chance.random() < 0.4:
            return self._each(text, 0.95, drop_all, 2)
        return self._each(text, 0.4, drop, 4)

    def _disguised(self, text: str) -> str:
        def disguise(word: str) -> str:
            kind = self._chance.randrange(4)
            if kind == 0:
                return "".join(_LEET.get(letter, letter) for letter in word.lower())
            if kind == 1:
                return self._chance.choice(" .-").join(word)
            at = self._chance.randrange(1, len(word) - 1)
            return word[:at] + self._chance.choice("*.*") + word[at + (kind == 2) :]

        return self._each(text, 0.15, disguise, 4)

    def _spoken(self, text: str) -> str:
        def write(word: str) -> str:
            for plain, spoken in _SPOKEN.items():
                if plain in word:
                    return word.replace(plain, spoken)
            return word

        return self._each(text, 0.4, write)

    def _bare(self, text: str) -> str:
        return re.sub(r"[^\w\s]", "", text.lower())

    def _loud(self, text: str) -> str:
        if self._chance.random() < 0.5:
            return text.upper()
        return f"{text} {self._chance.choice(self._emoji)}"

    def _gaps(self, text: str) -> str:
        words = text.split(" ")
        if len(words) < 4:
            return text
        at = self._chance.randrange(len(words) - 1)
        if self._chance.random() < 0.5:
            return " ".join([*words[:at], words[at] + words[at + 1], *words[at + 2 :]])
        return " ".join(words[:at] + words[at + 1 :])
