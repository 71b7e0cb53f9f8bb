"""The small language in which patterns are written; finding them in a message is left to patterns.

``words`` stand for themselves, ``(a|b c)`` is one of several, ``[a|b]`` may be missing,
``<name>`` is a group, ``..`` skips up to 2 words and ``...`` up to 5 of the same sentence,
``&`` joins two parts that stand near each other in either order, ``"#18-60"`` is a number between
(in quotes, because ``#`` begins a comment in YAML).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from language.normalise import read

_TOKEN = re.compile(r"\.{2,3}|&|<[a-z0-9_]+>|\([^()\[\]]*\)|\[[^()\[\]]*\]|[^\s()\[\]<>&]+")
_BOTH = "&"
_GAPS = {"..": 2, "...": 5}
_GROUP = re.compile(r"<([a-z0-9_]+)>")
_MOST_PHRASES = 4000
_MERGED = 120

Phrases = frozenset[str]


class TemplateError(ValueError):
    """A pattern that cannot be read; the message says what is wrong with it."""


@dataclass(frozen=True)
class Step:
    """One of these phrases, after at most ``gap`` other words."""

    phrases: Phrases
    gap: int


Part = tuple[Step, ...]


def parse(template: str, groups: Mapping[str, Phrases]) -> list[tuple[Part, ...]]:
    """All ways to read a pattern: each a tuple of parts that must stand near each other.

    Raises ``TemplateError`` with the reason.
    """
    template = template.replace('"', "")
    tokens = _TOKEN.findall(template)
    if "".join(tokens).replace(" ", "") != template.replace(" ", ""):
        raise TemplateError("brackets do not match or stand inside each other")
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == _BOTH:
            parts.append([])
        else:
            parts[-1].append(token)
    if not all(parts):
        raise TemplateError("nothing stands on one side of &" if len(parts) > 1 else "it is empty")
    return list(itertools.product(*[_variants(part, groups) for part in parts]))


def phrases(template: str, groups: Mapping[str, Phrases]) -> Phrases:
    """The phrases a group's line stands for. Raises ``TemplateError``; gaps are not allowed."""
    ways: list[list[str]] = []
    for token in _TOKEN.findall(template):
        if token in _GAPS or token == _BOTH:
            raise TemplateError("a group holds phrases, without gaps")
        ways.append(_choices(token, groups))
    return _joined(ways)


def _variants(tokens: list[str], groups: Mapping[str, Phrases]) -> list[Part]:
    """A part as steps, once for every choice of what may be missing."""
    if tokens[0] in _GAPS or tokens[-1] in _GAPS:
        raise TemplateError("a gap stands between words, not at the start or end")
    found: list[tuple[list[Step], int]] = [([], 0)]
    for joined, gap in _segments(tokens, groups):
        longer = []
        for steps, carried in found:
            if joined - {""}:
                before = max(gap, carried) if steps else 0
                longer.append(([*steps, Step(joined - {""}, before)], 0))
            if "" in joined:
                longer.append((steps, max(gap, carried)))
        found = longer
    if any(not steps for steps, _ in found):
        raise TemplateError("every word of it may be missing")
    return [tuple(steps) for steps, _ in found]


def _segments(tokens: list[str], groups: Mapping[str, Phrases]) -> list[tuple[Phrases, int]]:
    """Runs of words without a gap, joined to whole phrases while they are few; their gap before."""
    segments: list[tuple[list[list[str]], int]] = []
    gap, after_numbers = 0, False
    for token in tokens:
        if token in _GAPS:
            gap = _GAPS[token]
            continue
        choices = _choices(token, groups)
        size = len(choices)
        for way in segments[-1][0] if segments else ():
            size *= len(way)
        numbers = any("#" in choice for choice in choices)
        if segments and not gap and size <= _MERGED and not numbers and not after_numbers:
            segments[-1][0].append(choices)
        else:
            segments.append(([choices], gap))
        gap, after_numbers = 0, numbers
    return [(_joined(ways, keep_empty=True), before) for ways, before in segments]


def _choices(token: str, groups: Mapping[str, Phrases]) -> list[str]:
    if token[0] not in "([":
        if any(mark in token for mark in "()[]|"):
            raise TemplateError(f"{token} is not closed")
        return _expanded(token, groups)
    choices = [choice.strip() for choice in token[1:-1].split("|")]
    if not all(choices):
        raise TemplateError(f"an empty choice in {token}")
    found = [phrase for choice in choices for phrase in _expanded(choice, groups)]
    return [*found, ""] if token[0] == "[" else found


def _expanded(words: str, groups: Mapping[str, Phrases]) -> list[str]:
    found = _GROUP.search(words)
    if found is None:
        return [words]
    if found[1] not in groups:
        raise TemplateError(f"there is no group <{found[1]}>")
    ways = (words[: found.start()] + one + words[found.end() :] for one in groups[found[1]])
    return [phrase for way in ways for phrase in _expanded(way, groups)]


def _joined(ways: list[list[str]], *, keep_empty: bool = False) -> Phrases:
    count = 1
    for way in ways:
        count *= len(way)
    if count > _MOST_PHRASES:
        raise TemplateError(f"it stands for {count} phrases, more than {_MOST_PHRASES}")
    found = {" ".join(filter(None, choice)) for choice in itertools.product(*ways)}
    canonical = {_canonical(phrase) for phrase in found if phrase}
    if "" in found and keep_empty:
        canonical.add("")
    return frozenset(canonical)


def _canonical(phrase: str) -> str:
    """As normalising would write it; ``#6-99`` (a range of numbers) stays as it is."""
    if "#" in phrase:
        return phrase
    written = " ".join(filter(None, map(_word, phrase.split())))
    if not written:
        raise TemplateError(f"nothing is left of '{phrase}' after normalising")
    return written


@lru_cache(maxsize=8192)
def _word(word: str) -> str:
    """One word of a pattern as normalising writes it; "to 2" and "for 4" cannot be told apart."""
    return word if word.isdigit() else read(word).text
