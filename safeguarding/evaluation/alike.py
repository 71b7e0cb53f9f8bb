"""Finds messages that are nearly the same as one of a set that measures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from language.normalise import read

NEARLY = 0.5  # share of common letter groups from which two messages are nearly the same
_LETTERS = 5


def nearly_in(texts: Iterable[str], measured: Iterable[str]) -> Iterator[int]:
    """The places of those ``texts`` that are nearly the same as one that is ``measured``."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    sets = [_groups(text) for text in measured]
    for number, groups in enumerate(sets):
        for group in groups:
            found[group].append(number)
    where = {group: np.array(numbers, np.int32) for group, numbers in found.items()}
    sizes = np.array([len(groups) for groups in sets])
    for place, text in enumerate(texts):
        groups = _groups(text)
        holders = [where[group] for group in groups if group in where]
        if not holders:
            continue
        shared = np.bincount(np.concatenate(holders), minlength=len(sizes))
        if np.any(shared >= NEARLY * (len(groups) + sizes - shared)):
            yield place


def _groups(text: str) -> set[str]:
    letters = read(text).text.replace(".", "").replace("?", "").replace("  ", " ")
    return {letters[at : at + _LETTERS] for at in range(max(1, len(letters) - _LETTERS + 1))}
