"""Finds phrases of other languages and scripts; which language a message is in is languages'.

Written like the English patterns, with fewer means: ``(a|b)`` is one of several (they may stand
inside each other), ``[a|b]`` may be missing, ``..`` skips up to 2 words and ``...`` up to 5 of the
same sentence. Accents, case, doubled letters and marks of long or short vowels do not count.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from safeguarding.template import TemplateError

_TOKEN = re.compile(r"\.{2,3}|[()\[\]|]|[^\s()\[\]|]+")
_GAPS = {"..": 2, "...": 5}
_MOST_PHRASES = 400
_LONGEST_WORD = 40
STOP = "."
_ENDS = frozenset(".?!\n\u2028\u2029\u061f\u06d4\u0964")
_JOINERS = frozenset("'’‘`´ʼ-‐‑")
_DOUBLED = re.compile(r"([^\W\d_])\1+")
# Gurmukhi vowels are marks and stay; what is often left out in typing goes: nukta, nasal, doubling.
_GURMUKHI = range(0x0A00, 0x0A80)
_LEFT_OUT = frozenset("\u0a3c\u0a02\u0a70\u0a71\u0a01")
# Letters that Unicode does not take apart; Persian and Urdu forms are folded onto Arabic ones.
_ALIKE = str.maketrans(
    {"ł": "l", "đ": "d", "ı": "i", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "ð": "d"}
    | {"ک": "ك", "ی": "ي", "ى": "ي", "ے": "ي", "ہ": "ه", "ۂ": "ه", "ھ": "ه", "ة": "ه", "ۃ": "ه"}
    | {"ٱ": "ا", "ں": "ن", "ـ": "", "ء": ""}
)


@dataclass(frozen=True)
class Word:
    """A word as compared, or ``STOP``, and the characters of the original it stands for."""

    text: str
    start: int
    end: int
    joined: bool = False  # to the word before, by an apostrophe or a hyphen


def words_of(text: str) -> list[Word]:
    """The words of a message in any script, with a ``STOP`` where a sentence ends."""
    found: list[Word] = []
    letters: list[str] = []
    start = 0
    joined = False
    for place, character in enumerate(f"{text} "):
        folded = _folded(character)
        if folded is None:
            if letters:
                word = _DOUBLED.sub(r"\1", "".join(letters))
                found.append(Word(word, start, place, joined and bool(found)))
                letters.clear()
                joined = character in _JOINERS
            else:
                joined = False
            if character in _ENDS:
                found.append(Word(STOP, place, place + 1))
            continue
        if folded and not letters:
            start = place
        letters.append(folded)
        if not any(letters):
            letters.clear()
    return found


@lru_cache(maxsize=4096)
def _folded(character: str) -> str | None:
    """A character as compared; "" for one that does not count; None between words."""
    kept = []
    for part in unicodedata.normalize("NFKD", character.lower()).translate(_ALIKE):
        category = unicodedata.category(part)
        if category in {"Mn", "Mc", "Me"} and ord(part) in _GURMUKHI:
            kept.append("" if part in _LEFT_OUT else part)
        elif category in {"Mn", "Me", "Cf", "Mc"}:
            kept.append("")
        elif category[0] == "L" or category == "Nd":
            kept.append(part.lower())
        else:
            return None
    return "".join(kept)


@dataclass(frozen=True)
class _Step:
    phrases: dict[str, tuple[tuple[str, ...], ...]]  # by first word
    gap: int
    may_miss: bool


@dataclass(frozen=True)
class Phrase:
    """A line of a language's file: the signal that its words show."""

    language: str
    signal: str
    steps: tuple[_Step, ...]

    @classmethod
    def parse(cls, language: str, signal: str, template: str) -> Phrase:
        """Raises ``TemplateError`` with the reason."""
        tokens = _TOKEN.findall(template)
        steps: list[_Step] = []
        gap, place = 0, 0
        while place < len(tokens):
            token = tokens[place]
            if token in _GAPS:
                if not steps or place + 1 == len(tokens):
                    raise TemplateError("a gap stands between words, not at the start or end")
                gap = _GAPS[token]
                place += 1
                continue
            may_miss = token == "["  # noqa: S105 - a bracket
            if token in {"(", "["}:
                choices, place = _choices(tokens, place + 1, ")" if token == "(" else "]")  # noqa: S105
            elif token in {")", "]", "|"}:
                raise TemplateError(f"{token} stands outside brackets")
            else:
                choices, place = [(token,)], place + 1
            steps.append(_Step(_by_first(choices), gap, may_miss))
            gap = 0
        if not steps or steps[0].may_miss:
            raise TemplateError("it must begin with words that may not be missing")
        return cls(language, signal, tuple(steps))

    @property
    def words(self) -> frozenset[str]:
        """Every word of it."""
        return frozenset(
            word
            for step in self.steps
            for group in step.phrases.values()
            for phrase in group
            for word in phrase
        )

    @property
    def count(self) -> int:
        """How many phrases it stands for, gaps apart."""
        total = 1
        for step in self.steps:
            total *= sum(map(len, step.phrases.values())) + step.may_miss
        return total

    def ends(self, words: Sequence[str], start: int) -> Iterator[int]:
        """Where it ends, exclusive, if it begins at the word ``start``."""
        yield from _ends(self.steps, 0, words, start, 0)


def _ends(
    steps: tuple[_Step, ...], number: int, words: Sequence[str], at: int, carried: int
) -> Iterator[int]:
    if number == len(steps):
        yield at
        return
    step = steps[number]
    for place in range(at, min(at + max(step.gap, carried), len(words) - 1) + 1):
        if place > at and words[place - 1] == STOP:
            break
        for phrase in step.phrases.get(words[place], ()):
            end = place + len(phrase)
            if tuple(words[place:end]) == phrase:
                yield from _ends(steps, number + 1, words, end, 0)
    if step.may_miss:
        yield from _ends(steps, number + 1, words, at, max(step.gap, carried))


def _choices(tokens: list[str], place: int, closing: str) -> tuple[list[tuple[str, ...]], int]:
    """The choices of a bracket whose inside begins at ``place``, and the place after it."""
    found: list[tuple[str, ...]] = []
    current: list[tuple[str, ...]] = [()]
    while place < len(tokens):
        token = tokens[place]
        if token in {"|", closing}:
            if current == [()]:
                raise TemplateError("an empty choice")
            found.extend(current)
            current = [()]
            if token == closing:
                if len(found) > _MOST_PHRASES:
                    raise TemplateError(f"it stands for more than {_MOST_PHRASES} phrases")
                return found, place + 1
            place += 1
            continue
        if token == "(":  # noqa: S105
            inside, place = _choices(tokens, place + 1, ")")
            current = [(*one, *two) for one, two in itertools.product(current, inside)]
            continue
        if token in {")", "]", "["} or token in _GAPS:
            raise TemplateError(f"{token} may not stand inside brackets")
        current = [(*one, token) for one in current]
        place += 1
    raise TemplateError(f"{closing} is missing")


def _by_first(choices: list[tuple[str, ...]]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """As compared; a word with an apostrophe or hyphen also as one word, as many type it."""
    by_first: dict[str, dict[tuple[str, ...], None]] = {}
    for choice in choices:
        apart = [tuple(word.text for word in words_of(part)) for part in choice]
        if not all(apart) or any(STOP in part for part in apart):
            raise TemplateError(f"'{' '.join(choice)}' cannot be compared")
        ways = [(part, ("".join(part),)) if len(part) > 1 else (part,) for part in apart]
        for way in itertools.product(*ways):
            phrase = tuple(itertools.chain.from_iterable(way))
            by_first.setdefault(phrase[0], {})[phrase] = None
    return {first: tuple(phrases) for first, phrases in by_first.items()}


@dataclass(frozen=True)
class Hit:
    """A phrase found: from word ``start`` to ``end``, exclusive."""

    language: str
    signal: str
    start: int
    end: int


class PhraseBook:
    """The phrases of all languages, by the word they begin with."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.phrases = tuple(phrases)
        self._by_first: dict[str, list[Phrase]] = {}
        for phrase in phrases:
            for first in phrase.steps[0].phrases:
                self._by_first.setdefault(first, []).append(phrase)

    def find(self, words: Sequence[str]) -> list[Hit]:
        """The first hit of each signal in each language, in the order of the message."""
        found: dict[tuple[str, str], Hit] = {}
        for start, word in enumerate(words):
            for phrase in self._by_first.get(word, ()):
                key = phrase.language, phrase.signal
                if key not in found:
                    end = next(phrase.ends(words, start), None)
                    if end is not None:
                        found[key] = Hit(*key, start, end)
        return list(found.values())
