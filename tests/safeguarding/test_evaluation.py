"""The evaluation counts right, and would catch a screen that is deaf or that cries wolf."""

from dataclasses import replace

import pytest

from safeguarding import Course
from safeguarding.assessment import Assessment
from safeguarding.evaluation.intervals import Share
from safeguarding.evaluation.measures import (
    Read,
    calibration,
    follow_all,
    goals,
    kappa,
    pairs,
    read_all,
    turns_to_alarm,
)
from safeguarding.evaluation.outside import OutsideError, measure_outside
from safeguarding.examples import Dialogue, Example


class _Says:
    """A screen that says the same level to everything, or finds it in the text."""

    def __init__(self, level=None):
        self.level = level

    def screen(self, text, course=Course(), before=()):  # noqa: B008 - frozen
        level = int(text[0]) if self.level is None else self.level
        course = replace(course, level=max(course.level, level), turns=course.turns + 1)
        return Assessment(level, (), read=True, failed=False, course=course)


def _example(level, signal="A4", kind="clean", pair=None, second=None):
    return Example(f"{level} words", signal, level, kind, pair, second=second)


EXAMPLES = [
    _example(4, pair="p1", second=(4, "A4")),
    _example(0, "N", pair="p1", second=(0, "N")),
    _example(3, "B2", second=(4, "A4")),
    _example(1, "D3", second=(1, "D3")),
]
DIALOGUES = [
    Dialogue("a", ("0 hi", "2 so", "4 help"), (0, 2, 4)),
    Dialogue("b", ("0 hi", "1 ok"), (0, 1)),
]


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634)]
)
def test_wilson_intervals_are_those_of_the_tables(hits, total, low, high):
    interval = Share(hits, total).interval
    assert interval == pytest.approx((low, high), abs=1e-4)


def test_a_right_screen_reaches_every_aim():
    found = goals(read_all(_Says(), EXAMPLES), follow_all(_Says(), DIALOGUES))
    assert {goal.verdict for goal in found} == {"aim"}


@pytest.mark.parametrize(("level", "missed"), [(0, "level 4 noticed as 4"), (4, "look-alikes")])
def test_a_deaf_screen_and_one_that_cries_wolf_are_under_the_floor(level, missed):
    screen = _Says(level)
    found = goals(read_all(screen, EXAMPLES), follow_all(screen, DIALOGUES))
    under = [goal.name for goal in found if goal.verdict == "UNDER THE FLOOR"]
    assert any(missed in name for name in under)


def test_a_pair_counts_only_when_both_halves_are_right():
    assert pairs(read_all(_Says(), EXAMPLES)) == Share(1, 1)
    assert pairs(read_all(_Says(4), EXAMPLES)) == Share(0, 1)
    assert pairs(read_all(_Says(0), EXAMPLES)) == Share(0, 1)


@pytest.mark.parametrize(
    ("danger", "harmless", "right"), [(2, 1, 1), (3, 1, 1), (2, 2, 0), (1, 0, 0), (0, 0, 0)]
)
def test_a_pair_of_level_2_is_told_apart_at_level_2(danger, harmless, right):
    # Given a concern that is found to be that level, and a harmless half that is found to be this
    found = [
        Read(_example(2, "C1", pair="p2"), _Says(danger).screen("")),
        Read(_example(0, "N", pair="p2"), _Says(harmless).screen("")),
    ]

    # Then both are right where one is noticed as level 2 or more and the other is not
    assert pairs(found) == Share(right, 1)


def test_turns_to_the_alarm_are_counted_from_the_turn_it_was_due():
    late = [Dialogue("c", ("0 a", "0 b", "4 c"), (0, 3, 3)), Dialogue("d", ("0 a",), (4,))]
    counts = turns_to_alarm(follow_all(_Says(), [*DIALOGUES, *late]))
    assert counts == {"at once": 1, "1 turn late": 1, "later": 0, "never": 1}


def test_calibration_sees_a_screen_that_is_too_sure():
    assert calibration([0.5, 0.5], [True, False]) == pytest.approx(0)
    assert calibration([1.0, 1.0], [True, False]) == pytest.approx(0.5)


def test_kappa_is_lower_than_plain_agreement():
    value, same = kappa(EXAMPLES)
    assert same == Share(3, 4)
    assert 0 < value < same.value


def test_an_outside_set_over_its_bound_is_not_within(tmp_path):
    # Given a set of two messages of which one raises an alarm, and one with another name
    (tmp_path / "banking77").mkdir()
    (tmp_path / "banking77" / "test.csv").write_text("text,category\n4 x,a\n0 y,b\n", "utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "some.jsonl").write_text('{"text": "3 z"}\n', "utf-8")

    # When they are measured, then the first is over its bound and the second has none
    known, other = measure_outside(_Says(), tmp_path)
    assert (known.alarms, known.at_4, known.within) == (Share(1, 2), Share(1, 2), False)
    assert (other.name, other.alarms, other.within) == ("other", Share(1, 1), True)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(OutsideError, match="is not a folder"):
        list(measure_outside(_Says(), tmp_path / "nowhere"))
