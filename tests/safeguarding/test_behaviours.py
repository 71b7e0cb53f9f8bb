"""The behaviours of data/safeguarding/behaviours.yml, each held to its floor (CheckList, 2020).

``pytest -rP tests/safeguarding/test_behaviours.py`` prints the share that each reaches, and every
case that misses.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import yaml

from safeguarding import Assessment, Course
from tests.safeguarding.fingers import CHANGES, Material, seeded

FILE = Path(__file__).parents[2] / "data" / "safeguarding" / "behaviours.yml"
WRITTEN = yaml.safe_load(FILE.read_text(encoding="utf-8"))
APPLIES_AT_LEAST = 0.5

type Hear = Callable[..., Assessment]
type Talk = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """Conversations that must all come out alike or high or low; ``than`` is what to compare."""

    ways: tuple[Talk, ...]
    than: Talk | None = None


@dataclass(frozen=True)
class Behaviour:
    name: str
    expect: str
    floor: float
    cases: tuple[Case, ...]
    alone: tuple[int, ...] = ()
    different: bool = False
    same: bool = False


@dataclass
class Tally:
    """How many cases held; ``apart`` are those that say nothing about the rule."""

    behaviour: Behaviour
    held: int = 0
    unread: int = 0
    apart: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.held / max(1, self.held + len(self.missed))

    @property
    def reached(self) -> bool:
        applied = self.held + len(self.missed)
        enough = applied >= APPLIES_AT_LEAST * (applied + len(self.apart))
        return enough and self.share >= self.behaviour.floor

    def __str__(self) -> str:
        applied = self.held + len(self.missed)
        head = f"{self.share:.2f} (floor {self.behaviour.floor:.2f}): {self.behaviour.name}"
        counts = f"{self.held} of {applied}, {len(self.apart)} apart, {self.unread} not read"
        missed = "".join(f"\n  missed: {each}" for each in self.missed)
        return f"{head}: {counts}{missed}" + "".join(f"\n  apart: {each}" for each in self.apart)


def _talk(said: str | list[str]) -> Talk:
    return (said,) if isinstance(said, str) else tuple(said)


def _texts(name: str) -> list[str]:
    return [each["text"] for each in WRITTEN[name]]


def _mixed() -> Iterable[Talk]:
    every = [_texts("danger"), _texts("harmless"), WRITTEN["taken_back"], WRITTEN["small_talk"]]
    for seed in range(25):
        draw = seeded(seed)
        yield tuple(draw.choice(draw.choice(every)) for _ in range(8))


def _made(name: str) -> Iterable[Case]:
    """The cases that are made of others, by name."""
    danger, talk, back = _texts("danger"), WRITTEN["small_talk"], WRITTEN["taken_back"]
    match name:
        case "immediate":
            kinds = [each for each in WRITTEN["danger"] if each["signal"].startswith("A")]
            return [Case(((each["text"],),)) for each in kinds]
        case "filler":
            return [Case(((each,),)) for each in WRITTEN["filler"]]
        case "taken_back":
            return [
                Case(((text, back[(place + step) % len(back)]),))
                for place, text in enumerate(danger)
                for step in (0, 3)
            ]
        case "mixed":
            return [Case((each,)) for each in _mixed()]
        case "late":
            return [Case(((*seeded(text).sample(talk, 6), text),), than=(text,)) for text in danger]
        case _:
            return [Case(((text,),)) for text in _texts(name)]


def _plain(written: dict[str, Any]) -> Behaviour:
    cases = written["cases"]
    told = (
        _made(cases)
        if isinstance(cases, str)
        else [
            Case((_talk(each["said"]),), _talk(each["than"]) if "than" in each else None)
            for each in cases
        ]
    )
    rest = {key: written[key] for key in ("different", "same") if key in written}
    alone = tuple(written.get("alone", ()))
    return Behaviour(
        written["name"], written["expect"], written["floor"], tuple(told), alone, **rest
    )


def _changed(written: dict[str, Any], kind: str, expect: str) -> Behaviour:
    change = CHANGES[written["change"]]
    filler = tuple(WRITTEN["filler"])
    step, first = written.get("every", (1, 0))
    cases = [
        Case(
            tuple((way,) for way in change(each["text"], Material(each["key"], pair, filler))),
            than=(each["text"],),
        )
        for each in WRITTEN[kind][first::step]
        for pair in each["swap"].items()
    ]
    return Behaviour(f"{kind}: {written['name']}", expect, written[kind], tuple(cases))


MINIMUM = [_plain(each) for each in WRITTEN["minimum"]]
DANGER = [_changed(each, "danger", "high, and alike everywhere") for each in WRITTEN["invariance"]]
HARMLESS = [_changed(each, "harmless", "at most 2") for each in WRITTEN["invariance"]]
DIRECTION = [_plain(each) for each in WRITTEN["direction"]]
COURSE = [_plain(each) for each in WRITTEN["course"]]
EVERY = [*MINIMUM, *DANGER, *HARMLESS, *DIRECTION, *COURSE]


def _never_falls(way: list[Assessment]) -> bool:
    course = [each.course.level for each in way]
    rises = all(now >= then for then, now in pairwise(course))
    return rises and all(each.course.level >= each.level for each in way)


def holds(expect: str, ways: list[list[Assessment]], than: list[Assessment] | None) -> bool:
    """Whether what was heard is as expected; a screen that failed inside never is."""
    if any(each.failed for way in ways for each in way):
        return False
    levels = [way[-1].level for way in ways]
    if found := re.fullmatch("(the course )?at (least|most) ([0-4])", expect):
        heard = [way[-1].course.level for way in ways] if found[1] else levels
        bound = int(found[3])
        return min(heard) >= bound if found[2] == "least" else max(heard) <= bound
    before = than[-1].level if than else 0
    *_, then, now = [Course(), *(each.course for each in ways[0])]
    rules: dict[str, bool] = {
        "high, and alike everywhere": min(levels) >= 3 and len(set(levels)) == 1,
        "no higher than": max(levels) <= before,
        "no lower than": min(levels) >= before,
        "lower than": max(levels) < before,
        "the course no lower than before": now.level >= then.level,
        "counted as taken back": now.minimised > then.minimised,
        "the course never falls": _never_falls(ways[0]),
    }
    return rules[expect]


def told(hear: Hear, talk: Talk) -> list[Assessment]:
    """Says a conversation to a screen, each message with the course and the words so far."""
    course, heard = Course(), []
    for place, text in enumerate(talk):
        heard.append(hear(text, course, talk[:place]))
        course = heard[-1].course
    return heard


def _says_nothing(behaviour: Behaviour, case: Case, hear: Hear) -> bool:
    if not behaviour.alone:
        return False
    alone = [hear(text, Course()) for text in case.ways[0]]
    found = {signal.id for each in alone for signal in each.signals if signal.level >= 2}
    alike = (behaviour.different and len(found) < 2) or (behaviour.same and len(found) > 1)
    return alike or tuple(each.level for each in alone) != behaviour.alone


def tally(behaviour: Behaviour, hear: Hear) -> Tally:
    """Puts every case of a behaviour to a screen."""
    counted = Tally(behaviour)
    for case in behaviour.cases:
        than = told(hear, case.than) if case.than else None
        ways = [told(hear, way) for way in case.ways]
        levels = ["-".join(str(each.level) for each in way) for way in ways]
        before = f"{than[-1].level} to " if than else ""
        shown = " / ".join(case.ways[0]) if len(ways) == 1 else " / ".join(case.than or ())
        line = f"{before}{', '.join(levels)} | {shown}"
        if _says_nothing(behaviour, case, hear):
            alone = [hear(text, Course()) for text in case.ways[0]]
            ids = [(each.level, *(signal.id for signal in each.signals)) for each in alone]
            counted.apart.append(f"{line} | alone {ids}")
            continue
        counted.unread += any(not way[-1].read for way in ways)
        if holds(behaviour.expect, ways, than):
            counted.held += 1
        else:
            counted.missed.append(line)
    return counted


def _by_name(behaviours: list[Behaviour]) -> pytest.MarkDecorator:
    names = [each.name for each in behaviours]
    return pytest.mark.parametrize("behaviour", behaviours, ids=names)


def _check(behaviour: Behaviour, hear: Hear) -> None:
    counted = tally(behaviour, hear)
    print(counted)
    assert counted.reached, str(counted)


@pytest.fixture(scope="module")
def hear(screener):
    return cache(screener.screen)


@_by_name(MINIMUM)
def test_what_is_said_plainly_is_read_rightly(behaviour, hear):
    _check(behaviour, hear)


@_by_name(DANGER)
def test_danger_stays_high_however_it_is_written(behaviour, hear):
    _check(behaviour, hear)


@_by_name(HARMLESS)
def test_harmless_words_stay_low_however_they_are_written(behaviour, hear):
    _check(behaviour, hear)


@_by_name(DIRECTION)
def test_a_change_of_meaning_moves_the_level_one_way(behaviour, hear):
    _check(behaviour, hear)


@_by_name(COURSE)
def test_a_conversation_carries_what_it_has_heard(behaviour, hear):
    _check(behaviour, hear)


def _faulty(name: str) -> Hear:
    def hear(text: str, course: Course, before: Talk = ()) -> Assessment:
        level = {
            "silent": 0,
            "shouting": 4,
            "careless": crc32(text.encode()) % 5,
            "tired": 4 if course.turns == 0 else 0,
        }[name]
        after = Course(level=level, turns=course.turns + 1)
        return Assessment(level, (), read=True, failed=False, course=after)

    return hear


@_by_name(EVERY)
def test_each_behaviour_catches_a_faulty_screen(behaviour):
    # Given screens that hear nothing, always shout, guess, or tire; then one at least is caught
    faults = ("silent", "shouting", "careless", "tired")
    assert not all(tally(behaviour, _faulty(name)).reached for name in faults)


def test_every_danger_signal_of_level_3_and_4_has_cases_of_its_own():
    written = {each["signal"] for each in WRITTEN["danger"]}
    assert written == {*(f"A{n}" for n in range(1, 14)), *(f"B{n}" for n in range(1, 16))}
    assert len(set(_texts("danger"))) == len(set(_texts("harmless"))) == 60


@_by_name([*DANGER, *HARMLESS])
def test_each_change_changes_the_message_and_is_the_same_on_every_run(behaviour):
    # Given the messages as changed; then nearly all differ from the plain ones (some hold no
    # word that a change would touch), and none is lost or longer than the page takes
    changed = sum(way != case.than for case in behaviour.cases for way in case.ways)
    assert changed >= 0.85 * sum(len(case.ways) for case in behaviour.cases)
    lengths = [len(text) for case in behaviour.cases for way in case.ways for text in way]
    assert 0 < min(lengths) <= max(lengths) <= 2000
