"""What the benchmark says rests on these: percentiles, medians of rounds, ratios, aims."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import Aim, Comparison, median_of_rounds, percentile, ratio

durations = st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=50)


def test_the_95th_percentile_leaves_the_slowest_twentieth_above_it():
    # Given a hundred replies, of 1 to 100 ms, in no order
    replies = [float(ms) for ms in reversed(range(1, 101))]
    # When the 95th percentile is asked for
    found = percentile(replies, 0.95)
    # Then five replies are slower
    assert sum(reply > found for reply in replies) == 5
    # And the half is where the median lies
    assert percentile(replies, 0.5) == 50.5


@given(durations, st.floats(min_value=0, max_value=1))
def test_a_percentile_lies_between_the_fastest_and_the_slowest(replies, share):
    assert min(replies) <= percentile(replies, share) <= max(replies)


@pytest.mark.parametrize("share", [-0.1, 1.1, 95])
def test_a_share_outside_nought_to_one_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        percentile([1.0], share)


def test_nothing_measured_is_an_error_and_never_a_figure():
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
    with pytest.raises(ValueError, match="no rounds"):
        median_of_rounds([], 0.5)
    with pytest.raises(ValueError, match="no values"):
        median_of_rounds([[1.0], []], 0.5)


def test_one_noisy_round_does_not_decide_the_figure():
    # Given two quiet rounds and one in which the machine was busy
    rounds = [[10.0, 11.0, 12.0], [500.0, 600.0, 700.0], [12.0, 13.0, 14.0]]
    # When the medians of the rounds are put together
    # Then the figure is a quiet round's
    assert median_of_rounds(rounds, 0.5) == 13.0


@pytest.mark.parametrize(
    ("aim", "bound", "waymark", "met"),
    [
        (Aim.AT_MOST, 0.25, 25.0, True),
        (Aim.AT_MOST, 0.25, 25.1, False),
        (Aim.AT_LEAST, 3.0, 300.0, True),
        (Aim.AT_LEAST, 3.0, 299.0, False),
    ],
)
def test_an_aim_is_met_up_to_its_bound_and_not_beyond(aim, bound, waymark, met):
    # Given a figure of 100 for stock
    line = Comparison("a figure", "ms", stock=100.0, waymark=waymark, aim=aim, bound=bound)
    # Then the ratio is Waymark's share of it, and the aim is judged by that
    assert line.ratio == waymark / 100
    assert line.met is met


def test_a_stock_figure_of_nought_gives_no_false_praise():
    # Given a broken stock run that measured nought
    slow = Comparison("a figure", "ms", stock=0.0, waymark=5.0, aim=Aim.AT_MOST, bound=0.25)
    # Then the ratio is infinite and the aim not met
    assert slow.ratio == math.inf
    assert not slow.met


def test_a_negative_measurement_is_refused():
    with pytest.raises(ValueError, match="negative"):
        ratio(-1.0, 2.0)
