"""Character n-grams of words as rows of a hashed table; what the rows hold is the model's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from zlib import crc32

ROWS = 32768
MOST = 1024
_SIZES = (3, 4, 5)
_LONGEST_WORD = 20


def grams(text: str) -> list[int]:
    """Rows of the words, pairs of words and character n-grams of a normalised text.

    At least one and at most ``MOST`` numbers below ``ROWS``; hashed with CRC-32, so that they are
    the same on every machine. Two grams may share a row.
    """
    rows: list[int] = []
    before = "<"
    for word in text.split():
        rows.append(_row(f"{before} {word}"))
        rows.extend(_of_word(word[:_LONGEST_WORD]))
        before = word
        if len(rows) >= MOST:
            break
    return rows[:MOST] or [0]


@lru_cache(maxsize=4096)
def _of_word(word: str) -> tuple[int, ...]:
    return tuple(_row(piece) for piece in _pieces(word))


def _pieces(word: str) -> Iterator[str]:
    yield word
    edged = f"<{word}>"
    for size in _SIZES:
        for start in range(len(edged) - size + 1):
            yield edged[start : start + size]


def _row(piece: str) -> int:
    return crc32(piece.encode("utf-8", "replace")) % ROWS
