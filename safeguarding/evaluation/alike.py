"""Finds messages that are nearly the same as one of a set that measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from language.normalise import read

NEARLY = 0.5  # share of common letter groups from which two messages are nearly the same
_LETTERS = 5


def nearly_in(texts: Iterable[str], measured: Iterable[str]) -> Iterator[int]:
    """The places of those ``texts`` that are nearly the same as one that is ``measured``."""
    where: dict[str, list[int]] = {}
    sizes = []
    for number, text in enumerate(measured):
        groups = _groups(text)
        sizes.append(len(groups))
        for group in groups:
            where.setdefault(group, []).append(number)
    for place, text in enumerate(texts):
        groups = _groups(text)
        common = Counter(number for group in groups for number in where.get(group, ()))
        for number, shared in common.items():
            if shared >= NEARLY * (len(groups) + sizes[number] - shared):
                yield place
                break


def _groups(text: str) -> set[str]:
    letters = read(text).text.replace(".", "").replace("?", "").replace("  ", " ")
    return {letters[at : at + _LETTERS] for at in range(max(1, len(letters) - _LETTERS + 1))}
