"""What a fault run saw, as people, workers and faults wrote it down; `checks` alone judges it.

All times are seconds of one monotonic clock. Nothing here is ever printed but names and numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

STATE = "state"
Spell = tuple[float, float]
"""From when until when something lasted."""


@dataclass(frozen=True)
class Event:
    """One numbered event of a conversation; of a state, `text` is the owner."""

    number: int
    sender: str
    text: str

    @classmethod
    def of(cls, public: dict[str, Any]) -> "Event":
        """An event as contract.md describes it."""
        if public["type"] == STATE:
            return cls(public["number"], STATE, public["owner"])
        return cls(public["number"], public["from"], public["text"])


@dataclass
class Sent:
    """A message that somebody sent at `at`; `number` and `acked_at` once it was acknowledged."""

    id: str
    text: str
    at: float
    danger: bool = False
    tapped: bool = False
    number: int | None = None
    acked_at: float | None = None

    @property
    def declines(self) -> bool:
        """Whether it is a "Not now"."""
        return self.tapped and self.text == "Not now"


@dataclass
class Stream:
    """One connection of a page: after which number it asked, and what came on it, in order."""

    after: int
    opened_at: float
    closed_at: float | None = None
    events: list[Event] = field(default_factory=list)


@dataclass
class Page:
    """What one young person did and saw.

    `conversation` is its id where it could be found out afterwards (`opened.link`), `seen_at` when
    each number was first shown to them, `listed` their whole chat after the faults (None: they
    have left). `answered` is whether they were answered once all was over.
    """

    name: str
    token: str = ""
    conversation: str = ""
    sent: list[Sent] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    seen: dict[int, Event] = field(default_factory=dict)
    seen_at: dict[int, float] = field(default_factory=dict)
    listed: list[Event] | None = None
    left_at: float | None = None
    unknown: bool = False
    answered: bool | None = None


@dataclass(frozen=True)
class Kept:
    """A conversation as the database has it, opened with its token.

    `ids` has the client-made id of every number that came with one.
    """

    conversation: str
    events: tuple[Event, ...]
    ids: dict[int, str]


@dataclass(frozen=True)
class View:
    """A chat as a worker's desk showed it; `whole` where the young person had let them in."""

    conversation: str
    worker: str
    whole: bool
    lines: tuple[Event, ...]


@dataclass
class Hold:
    """A worker has a chat, from when they took it until they gave it away."""

    conversation: str
    worker: str
    begins: float
    ends: float | None = None


@dataclass
class Written:
    """What a worker wrote into a chat."""

    conversation: str
    worker: str
    message: Sent


@dataclass
class Record:
    """All of it; the faults were over at `over_at`.

    `kept` is by token: None where the token opens nothing any more. `numbers_missing` has the
    status of each page that came without the emergency numbers, 0 for none.
    """

    began_at: float = 0.0
    over_at: float = 0.0
    ended_at: float = 0.0
    pages: list[Page] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    free: dict[str, list[Spell]] = field(default_factory=dict)
    faults: list[tuple[str, float, float]] = field(default_factory=list)
    kills: dict[str, int] = field(default_factory=dict)
    numbers_missing: list[int] = field(default_factory=list)
    kept: dict[str, Kept | None] = field(default_factory=dict)


def union(spells: Iterable[Spell]) -> list[Spell]:
    """The same times without overlaps, in order."""
    joined: list[Spell] = []
    for begins, ends in sorted(spells):
        if joined and begins <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], ends)
        elif ends > begins:
            joined.append((begins, ends))
    return joined


def lasted(spells: Iterable[Spell], begins: float, ends: float, without: Iterable[Spell]) -> float:
    """For how many seconds between `begins` and `ends` one of `spells` held and none of `without`.

    What holds in both is taken off through the union: |A without B| = |A or B| - |B|.
    """

    def within(times: Iterable[Spell]) -> list[Spell]:
        return union((max(a, begins), min(b, ends)) for a, b in times if b > begins and a < ends)

    def length(times: Iterable[Spell]) -> float:
        return sum(b - a for a, b in times)

    held, off = within(spells), within(without)
    return length(union([*held, *off])) - length(off)
