"""Shares with their uncertainty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

_Z = 1.959964  # 95 %


@dataclass(frozen=True)
class Share:
    """``hits`` of ``all``; an empty share has the value 0 and the interval 0 to 1."""

    hits: int
    all: int

    @classmethod
    def of(cls, outcomes: Iterable[bool]) -> Share:
        """Counts the true ones."""
        counted = list(outcomes)
        return cls(sum(counted), len(counted))

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.hits / self.all if self.all else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of Wilson (1927)."""
        if not self.all:
            return 0.0, 1.0
        spread = _Z * _Z / self.all
        middle = (self.value + spread / 2) / (1 + spread)
        half = _Z * sqrt(self.value * (1 - self.value) / self.all + spread / self.all / 4)
        half /= 1 + spread
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} ({low:.3f}-{high:.3f}) {self.hits}/{self.all}"
