"""Turns measured numbers into the figures and ratios of the report; measures nothing itself."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Aim(StrEnum):
    """Which way a ratio (Waymark divided by stock) should lie from its bound."""

    AT_MOST = "at most"
    AT_LEAST = "at least"


@dataclass(frozen=True)
class Comparison:
    """One line of the report: the same figure of both sides, and the aim of issue 2."""

    figure: str
    unit: str
    stock: float
    waymark: float
    aim: Aim
    bound: float

    @property
    def ratio(self) -> float:
        """Waymark divided by stock; infinite where stock's figure is nought."""
        return ratio(self.waymark, self.stock)

    @property
    def met(self) -> bool:
        """Whether the ratio lies on the right side of the bound, the bound included."""
        if self.aim is Aim.AT_MOST:
            return self.ratio <= self.bound
        return self.ratio >= self.bound


def ratio(ours: float, theirs: float) -> float:
    """`ours / theirs`, both in the same unit and not negative; infinite where `theirs` is 0."""
    if ours < 0 or theirs < 0:
        raise ValueError("a measured figure cannot be negative")
    return ours / theirs if theirs else math.inf


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lie, interpolated linearly.

    Raises ValueError for no values or a share outside 0 to 1.
    """
    if not values:
        raise ValueError("no values were measured")
    if not 0 <= share <= 1:
        raise ValueError("a share lies between 0 and 1")
    return float(np.percentile(np.asarray(values, dtype=float), share * 100))


def median_of_rounds(rounds: Sequence[Sequence[float]], share: float) -> float:
    """The middle one of the rounds' own percentiles, so that one noisy round decides nothing.

    `rounds` holds one sequence of values for each round; raises ValueError if there is none.
    """
    if not rounds:
        raise ValueError("no rounds were measured")
    return statistics.median(percentile(values, share) for values in rounds)
