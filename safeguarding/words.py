"""Which words young people use, counted in the labelled examples: what spelling is mended by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from tokenizers import Tokenizer

from language.normalise import read
from language.vowels import Pairs
from safeguarding.errors import SafeguardingError
from safeguarding.examples import Example
from safeguarding.written import load_words

_SPELLED_IN_FULL = frozenset(
    {"clean", "buried", "implied", "negated", "past", "third", "hypothetical", "quoted"}
)
_SHORTEST = 4
_TOGETHER = 2  # times two words must come one after the other


def known_words(tokenizer: Tokenizer, folder: Path) -> set[str]:
    """Words that stay as they are: the whole words of MiniLM's word pieces, which are common, and
    words.yml. Raises ``SafeguardingError``."""
    lists = load_words(folder / "words.yml")
    if lists.keys() != {"keep"}:
        raise SafeguardingError.at(folder / "words.yml", 1, "the list keep was expected")
    pieces = tokenizer.get_vocab()
    common = {p for p in pieces if p.isalpha() and p.isascii() and len(p) >= _SHORTEST}
    return common | set(lists["keep"].split())


def count_words(examples: Iterable[Example]) -> tuple[Counter[str], Pairs]:
    """How often each word, and each two together, come in the examples spelled in full.

    A sentence mark counts as a word before others; pairs that come once are left out.
    """
    counts: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for example in examples:
        if example.kind in _SPELLED_IN_FULL:
            words = [".", *read(example.text).text.split()]
            counts.update(word for word in words if word.isalpha() or word == ".")
            pairs.update(pairwise(words))
    return counts, {pair: count for pair, count in pairs.items() if count >= _TOGETHER}
