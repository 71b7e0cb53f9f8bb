"""Finds messages that are nearly the same as one of a set that measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil

from language.normalise import read

NEARLY = 0.5  # share of common letter groups from which two messages are nearly the same
_LETTERS = 5


def nearly_in(texts: Iterable[str], measured: Iterable[str]) -> Iterator[int]:
    """The places of those ``texts`` that are nearly the same as one that is ``measured``.

    Two that are share at least half of either's groups: so one of the rarest half of a text's
    groups must be among them, and only messages that hold one of those are compared.
    """
    where: dict[str, list[int]] = {}
    sets = [_groups(text) for text in measured]
    for number, groups in enumerate(sets):
        for group in groups:
            where.setdefault(group, []).append(number)
    for place, text in enumerate(texts):
        groups = _groups(text)
        rarest = sorted(groups, key=lambda group: (len(where.get(group, ())), group))
        first = rarest[: len(groups) - ceil(NEARLY * len(groups)) + 1]
        candidates = {number for group in first for number in where.get(group, ())}
        if any(_nearly(groups, sets[number]) for number in candidates):
            yield place


def _nearly(one: set[str], other: set[str]) -> bool:
    shared = len(one & other)
    return shared >= NEARLY * (len(one) + len(other) - shared)


def _groups(text: str) -> set[str]:
    letters = read(text).text.replace(".", "").replace("?", "").replace("  ", " ")
    return {letters[at : at + _LETTERS] for at in range(max(1, len(letters) - _LETTERS + 1))}
