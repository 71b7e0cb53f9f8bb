"""Measures how hard a text is to read; leaves the limits to the tests that hold replies to them."""

import re
from dataclasses import dataclass

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'’./-]*")
_SENTENCE_END = re.compile(r"(?<=[.?!])[\"”]?\s+")
_VOWELS = re.compile(r"[aeiouy]+")


@dataclass(frozen=True)
class Reading:
    """Counts of one text: words, the longest sentence, the mean sentence, the school grade."""

    words: int
    longest_sentence: int
    mean_sentence: float
    grade: float


def sentences(text: str) -> list[str]:
    """The sentences of `text`; a full stop inside an address or a number ends none."""
    return [part for part in _SENTENCE_END.split(" ".join(text.split())) if part]


def syllables(word: str) -> int:
    """Syllables by groups of vowels; errs on the high side (`they're` 1, `police` 2, `IP` 1)."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    if not letters:
        return 1
    count = len(_VOWELS.findall(letters))
    if re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$|[^aeiouyscxzgh]es$", letters) and count > 1:
        count -= 1
    return max(count, 1)


def measure(text: str) -> Reading:
    """Reads `text`; the grade is Flesch-Kincaid (Kincaid and others, 1975)."""
    parts = [_WORD.findall(sentence) for sentence in sentences(text)]
    parts = [part for part in parts if part]
    words = [word for part in parts for word in part]
    mean = len(words) / len(parts)
    per_word = sum(syllables(word) for word in words) / len(words)
    return Reading(
        words=len(words),
        longest_sentence=max(len(part) for part in parts),
        mean_sentence=mean,
        grade=0.39 * mean + 11.8 * per_word - 15.59,
    )
