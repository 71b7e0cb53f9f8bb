"""What people do and which faults strike, drawn from one seed: the same seed, the same plan.

How long things really take is not planned, so two runs of a seed are not the same to the second.
"""

import random
from dataclasses import dataclass
from typing import Final, Literal

Step = Literal[
    "ask", "confide", "danger", "person", "talk", "wait", "cut", "reload", "hasty", "exit", "end",
    "delete",
]  # fmt: skip
Leaving = Literal["end", "pass on", "hand back"]

ASKS: Final = (
    "what are my rights if i run away",
    "where can i sleep tonight",
    "will you tell the police",
    "how do i find help near me",
    "what happens if i go home",
    "can my mum find out i was here",
    "ok thanks for that",
)
CONFIDES: Final = ("my boyfriend makes me send pictures to his friends",)
DANGERS: Final = (
    "he has locked me in and he has a knife",
    "he wont let me leave, the door is locked",
)
"""Read at level 3 and at level 4; brief, as said to a helpline."""

KILLED: Final = ("bot", "actions", "service")
OF_100_KILLS: Final = {"bot": 15, "actions": 60, "service": 25}
"""The assistant takes longest to start: killed as often as the others it would never answer."""


@dataclass(frozen=True)
class Script:
    """One young person: when they come, what they do, and how they answer when a helper is offered.

    `resumes` is how their page names the last number it saw.
    """

    name: str
    begins: float
    steps: tuple[tuple[Step, float], ...]
    talks: Literal["Talk", "Not now", ""]
    safe: Literal["Yes", "Not now", "Just numbers"]
    resumes: Literal["Last-Event-ID", "after"]
    seed: int


@dataclass(frozen=True)
class Manner:
    """How a worker treats one chat: answers, the patience for a yes (s), and how they leave it."""

    answers: int
    patience: float
    leaves: Leaving


@dataclass(frozen=True)
class Fault:
    """One fault: `gap` seconds after the last of its track was over, lasting so many seconds.

    One that is `early` does not wait until the part answers again after the last: it strikes while
    the part starts.
    """

    what: str
    gap: float
    lasts: float = 0.0
    part: str = ""
    early: bool = False


@dataclass(frozen=True)
class Plan:
    """A whole run. `away` is when each worker walks off without a word, and for how long."""

    seed: int
    people: tuple[Script, ...]
    manners: dict[str, tuple[Manner, ...]]
    away: dict[str, tuple[tuple[float, float], ...]]
    tracks: dict[str, tuple[Fault, ...]]

    @property
    def kills(self) -> int:
        return sum(fault.what == "kill" for track in self.tracks.values() for fault in track)


@dataclass(frozen=True)
class Size:
    """How much is planned: `spread_s` is for how long people come, `gap_s` from kill to kill of a
    part, `long` whether parts hang until they are restarted and workers walk off."""

    people: int
    kills: int
    spread_s: float
    gap_s: float
    long: bool = False
    postgres: bool = False


IN_TESTS: Final = Size(people=100, kills=40, spread_s=45, gap_s=1.5)


def nightly(kills: int, people: int) -> Size:
    """A long run: parts also hang until they are restarted, and workers walk off."""
    gap = 3.0
    length = 1.6 * kills * OF_100_KILLS["actions"] / 100 * gap
    return Size(people, kills, spread_s=length, gap_s=gap, long=True)


def plan(seed: int, size: Size, workers: tuple[str, ...] = ("robin", "kit", "sam")) -> Plan:
    """The plan of a seed."""
    chance = random.Random(seed)  # noqa: S311 -- repeatable, not secret
    people = tuple(_script(chance, number, size) for number in range(size.people))
    manners = {name: tuple(_manner(chance) for _ in range(size.people)) for name in workers}
    away = {name: _away(chance, size) for name in workers}
    tracks = {part: _kills(chance, part, size) for part in KILLED}
    length = sum(fault.gap + fault.lasts for fault in tracks["service"])
    tracks["pages"] = _network(chance, length)
    tracks["desks"] = _network(chance, length, often=18.0)
    tracks["database"] = _database(chance, length, size)
    return Plan(seed, people, manners, away, tracks)


def _script(chance: random.Random, number: int, size: Size) -> Script:
    kind = chance.choices(("asks", "danger", "person", "confides"), (50, 14, 28, 8))[0]
    steps: list[tuple[Step, float]] = [("ask", _pause(chance))]
    if kind == "danger":
        steps += [("danger", _pause(chance)), ("talk", 1 + chance.randrange(3))]
    elif kind == "person":
        steps += [("ask", _pause(chance)), ("person", 0.5), ("talk", 1 + chance.randrange(4))]
    elif kind == "confides":
        steps += [("confide", _pause(chance)), ("talk", 1)]
    more: tuple[Step, ...] = ("ask", "hasty", "wait", "cut", "reload")
    for _ in range(chance.randint(2, 5)):
        step = chance.choices(more, (5, 3, 2, 2, 1))[0]
        steps.insert(chance.randint(1, len(steps)), (step, _pause(chance)))
    last = chance.choices(("", "exit", "end", "delete"), (76, 12, 8, 4))[0]
    if last:
        steps.append((last, 0.0))  # type: ignore[arg-type]
    return Script(
        name=f"p{number}",
        begins=chance.uniform(0, size.spread_s),
        steps=tuple(steps),
        talks=chance.choices(("Talk", "Not now", ""), (7, 2, 2))[0],
        safe=chance.choices(("Yes", "Not now", "Just numbers"), (8, 1, 1))[0],
        resumes=chance.choice(("Last-Event-ID", "after")),
        seed=chance.getrandbits(32),
    )


def _pause(chance: random.Random) -> float:
    return round(chance.uniform(0.2, 3.0), 2)


def _manner(chance: random.Random) -> Manner:
    leaves = chance.choices(("end", "pass on", "hand back"), (5, 2, 3))[0]
    return Manner(chance.randint(1, 3), chance.uniform(3, 7), leaves)  # type: ignore[arg-type]


def _away(chance: random.Random, size: Size) -> tuple[tuple[float, float], ...]:
    """In a long run longer than a worker's chats wait for them (handoff.AWAY_S)."""
    if not size.long:
        return ((chance.uniform(5, size.spread_s), chance.uniform(4, 10)),)
    first = chance.uniform(60, size.spread_s / 2)
    return ((first, 150.0), (size.spread_s * 0.7, 170.0))  # the second time all of them at once


def _kills(chance: random.Random, part: str, size: Size) -> tuple[Fault, ...]:
    count, mean = round(size.kills * OF_100_KILLS[part] / 100), size.gap_s
    if part == "actions":
        count = size.kills - sum(
            round(size.kills * OF_100_KILLS[other] / 100) for other in ("bot", "service")
        )
    pace = mean * OF_100_KILLS["actions"] / OF_100_KILLS[part]
    track, early = list[Fault](), False
    for _ in range(count):
        if chance.random() < 0.25:
            hangs = size.long and chance.random() < 0.15
            stopped = chance.uniform(15, 20) if hangs else chance.uniform(0.3, 4)
            track.append(Fault("stop", chance.uniform(0.1, 0.5) * pace, stopped, part))
        early = not early and chance.random() < 0.3  # never twice, or it would never have started
        track.append(Fault("kill", chance.uniform(0.3, 1.5) * pace, part=part, early=early))
    return tuple(track)


def _network(chance: random.Random, length: float, often: float = 9.0) -> tuple[Fault, ...]:
    track, passed = [], 0.0
    while passed < length:
        gap = chance.uniform(0.3, 1.7) * often
        what = chance.choices(("freeze", "reset", "tear"), (3, 2, 5))[0]
        lasts = {"freeze": chance.uniform(1, 5), "tear": chance.uniform(1, 3)}.get(what, 0.0)
        track.append(Fault(what, gap, lasts))
        passed += gap + lasts
    return tuple(track)


def _database(chance: random.Random, length: float, size: Size) -> tuple[Fault, ...]:
    track, passed = [], 0.0
    while passed < length:
        gap = chance.uniform(4, 12)
        if size.postgres:
            what, lasts = "terminate", 0.0
        else:
            what = chance.choice(("lock", "full"))
            lasts = chance.uniform(2, 8) if what == "lock" else chance.uniform(2, 5)
        track.append(Fault(what, gap, lasts))
        passed += gap + lasts
    return tuple(track)
