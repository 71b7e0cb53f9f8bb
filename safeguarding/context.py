"""Weighs finds by the modifier rules of the taxonomy; the conversation is left to course.

Distances are in words. Rule numbers are those of taxonomy.md, "Modifier rules".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from safeguarding.assessment import Course
from safeguarding.patterns import Find
from safeguarding.signals import SignalKind

_NEAR = 12
_BEFORE = 3
_JOKE_NEAR = 6
_IF_BEFORE = 6
_DISTRESS_TURNS = 3
_OWN_ACTS = frozenset({"suicide", "medical"})
_SURE = 0.9
_SHARED, _LIKELY = 0.6, 0.7  # how sure the model must be of level 3, of level 4
_LESS_SURE = 0.15


@dataclass(frozen=True)
class Weighed:
    """A find with the level it has in its context; ``lowered`` where a quote or joke lowered it."""

    find: Find
    level: int
    score: float
    lowered: bool = False


class Marks:
    """Where the markers of context.yml stand in one message."""

    def __init__(self, finds: Iterable[Find]) -> None:
        """Takes all finds; those of signals are kept apart by name and never looked up."""
        self._by_name: dict[str, list[Find]] = {}
        for find in finds:
            self._by_name.setdefault(find.name, []).append(find)

    def has(self, name: str) -> bool:
        """Whether the marker stands anywhere in the message."""
        return name in self._by_name

    def count(self, name: str, start: int, end: int) -> int:
        """At how many places of words ``start`` to ``end`` (exclusive) the marker stands."""
        return len({m.start for m in self._by_name.get(name, ()) if start <= m.start < end})

    def near(self, name: str, find: Find, distance: int = _NEAR) -> bool:
        """Whether the marker stands at most ``distance`` words from the find, or in it."""
        return any(
            mark.start - find.end <= distance and find.start - mark.end <= distance
            for mark in self._by_name.get(name, ())
        )

    def before(self, name: str, find: Find, distance: int) -> bool:
        """Whether the marker ends at most ``distance`` words before the find begins."""
        return any(0 <= find.start - mark.end <= distance for mark in self._by_name.get(name, ()))

    def negates(self, find: Find) -> bool:
        """Rule 1: a "not" that governs the find, without a "yet" or "but" that takes it back."""
        spared = self._by_name.get("not_negation", ())
        for mark in self._by_name.get("negation", ()):
            if any(other.start <= mark.start < other.end for other in spared):
                continue
            inside = any(start <= mark.start and mark.end <= end for start, end in find.gaps)
            if inside or 0 <= find.start - mark.end <= _BEFORE:
                return not any(
                    mark.start <= back.start <= find.end + 8
                    for back in self._by_name.get("takes_back", ())
                )
        return False


Danger = Callable[[Find], tuple[float, float]]


def weigh(
    finds: Sequence[Find],
    kinds: Mapping[str, SignalKind],
    course: Course,
    danger: Danger = lambda _: (1.0, 1.0),
) -> list[Weighed]:
    """The finds that are signals, each with its level in this context; look-alikes are dropped.

    ``danger`` is how likely the model holds level 3, and 4, to be around a find. What it holds
    unlikely stays a concern, or a high risk: patterns alone raise one in seven look-alikes, with
    the model's assent they find dangers that it would have let pass (measured on the development
    split, where unsure finds raised as many harmless messages from 3 to 4 as immediate dangers).
    """
    marks = Marks(find for find in finds if find.name not in kinds)
    against = [find for find in finds if find.look_alike]
    weighed = []
    for find in finds:
        if find.look_alike or find.name not in kinds:
            continue
        if any(_speaks_against(other, find) for other in against):
            continue
        kind = kinds[find.name]
        current = Weighed(find, find.level or kind.level, _SURE)
        for rule in _RULES:
            current = rule(current, kind, marks, course)
        if not find.sure and not _serious_before(find, course):
            high, immediate = danger(find)
            if immediate < _LIKELY:
                current = _lower(current, 2 if high < _SHARED else 3)
        weighed.append(current)
    return weighed


def _speaks_against(look_alike: Find, find: Find) -> bool:
    return (
        look_alike.name == find.name
        and look_alike.start - find.end <= look_alike.reach
        and find.start - look_alike.end <= look_alike.reach
    )


def _lower(weighed: Weighed, level: int, *, lowered: bool = False) -> Weighed:
    if level >= weighed.level:
        return weighed
    return replace(
        weighed, level=level, score=weighed.score - _LESS_SURE, lowered=weighed.lowered or lowered
    )


def _time_raises(weighed: Weighed, kind: SignalKind, marks: Marks, course: Course) -> Weighed:
    """Rule 2, first half, and "Raised to 4"."""
    if weighed.level == 3 and any(marks.near(name, weighed.find) for name in kind.raised_by):
        return replace(weighed, level=4)
    return weighed


def _negation(weighed: Weighed, kind: SignalKind, marks: Marks, course: Course) -> Weighed:
    """Rule 1: one level down, so never alone from 4 to safe."""
    return _lower(weighed, weighed.level - 1) if marks.negates(weighed.find) else weighed


def _past(weighed: Weighed, kind: SignalKind, marks: Marks, course: Course) -> Weighed:
    """Rule 2, second half: the past is at least 3 until the person who did it is out of reach."""
    if not marks.near("past", weighed.find):
        return weighed
    if marks.has("safe_now"):
        return _lower(weighed, 2)
    return weighed if marks.near("present", weighed.find, 8) else _lower(weighed, 3)


def _hypothetical(weighed: Weighed, kind: SignalKind, marks: Marks, course: Course) -> Weighed:
    """Rule 4: a question about means is 3, ask; "if I go home he'll hit me" is not one."""
    own_act = kind.card in _OWN_ACTS and marks.before("conditional", weighed.find, _IF_BEFORE)
    if own_act or marks.before("hypothetical", weighed.find, _IF_BEFORE):
        return _lower(weighed, 3)
    return weighed


def _quote(weighed: Weighed, kind: SignalKind, marks: Marks, course: Course) -> Weighed:
    """Rule 5: one level down the first time, not the second."""
    if marks.near("fiction", weighed.find) and weighed.find.name not in course.lowered:
        return _lower(weighed, weighed.level - 1, lowered=True)
    return weighed


def _serious_before(find: Find, course: Course) -> bool:
    """Words of distress in the last three messages, or the same sign lowered once already."""
    recent = course.distress is not None and course.turns - course.distress < _DISTRESS_TURNS
    return recent or find.name in course.lowered


def _hyperbole(weighed: Weighed, kind: SignalKind, marks: Marks, course: Course) -> Weighed:
    """Rule 6: a joke lowers only what may be one, and not near distress."""
    joking = kind.may_be_joke and marks.near("hyperbole", weighed.find, _JOKE_NEAR)
    serious = marks.has("distress") or _serious_before(weighed.find, course)
    if not joking or weighed.lowered or serious:
        return weighed
    return _lower(weighed, weighed.level - 1, lowered=True)


_Rule = Callable[[Weighed, SignalKind, Marks, Course], Weighed]
_RULES: tuple[_Rule, ...] = (
    _time_raises,
    _negation,
    _past,
    _hypothetical,
    _quote,
    _hyperbole,
)
