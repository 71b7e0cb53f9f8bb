"""Which word pieces of earlier messages a message is read with; the same in tuning and running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class _Bounds(NamedTuple):
    """At most so many messages, word pieces in all, and characters of each message."""

    turns: int = 3
    pieces: int = 48
    characters: int = 300


CONTEXT = _Bounds()


def context(turns: Sequence[Sequence[int]], end: int) -> list[int]:
    """The last pieces of the last ``turns``, oldest first, ``end`` after each; bounded."""
    kept: list[int] = []
    for pieces in reversed(turns[-CONTEXT.turns :]):
        room = CONTEXT.pieces - len(kept) - 1
        if room < 1:
            break
        kept = [*pieces[-room:], end, *kept]
    return kept
