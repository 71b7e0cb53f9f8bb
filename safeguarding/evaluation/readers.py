"""The screen with one reader only, to see what each brings; nothing in the product does this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from language.spelling import Spelling
from safeguarding.model import Model, View
from safeguarding.patterns import Find, Patterns
from safeguarding.screen import Screener


class _NoPatterns(Patterns):
    def __init__(self) -> None:
        self.words = frozenset()

    def find(self, words: Sequence[str]) -> list[Find]:
        return []


class _NoModel(Model):
    def __init__(self, spelling: Spelling) -> None:
        self.spelling = spelling

    def views(
        self, typed: Sequence[str], mended: Sequence[str], before: Sequence[str] = ()
    ) -> list[View]:
        return []


def rules_alone(screener: Screener) -> Screener:
    """The same screen without the model."""
    return replace(screener, model=_NoModel(screener.model.spelling))


def model_alone(screener: Screener) -> Screener:
    """The same screen without the patterns."""
    return replace(screener, patterns=_NoPatterns())
