"""Compares what people sent, what their streams showed and what was kept: lost, doubled, late."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import yaml

from bench.person import Arrival, Person, Sent

PATIENCE: Final = 120.0
"""Seconds, for all together; what has not come by then does not come."""
_WORDING = Path(__file__).resolve().parent.parent / "data" / "service" / "wording.yml"


@dataclass(frozen=True)
class Audit:
    """Counts over conversations; but for the first two, each is one that should be 0.

    `lost`: acknowledged, and not on the stream as it was sent. `doubled`: came more than once.
    `out_of_order`: came after a higher number. `not_kept`: on the stream or not, but otherwise in
    what the service kept. `unanswered`: no reply of the assistant to it. `excused`: answered by
    the service with its words for an assistant that does not answer (`excuse`).
    """

    messages: int
    events: int
    lost: int
    doubled: int
    out_of_order: int
    not_kept: int
    unanswered: int
    excused: int

    def __add__(self, other: "Audit") -> "Audit":
        pairs = ((getattr(self, each.name), getattr(other, each.name)) for each in fields(self))
        return Audit(*(one + another for one, another in pairs))

    @property
    def faults(self) -> int:
        """Everything that may never be: all but an answer that is missing or an excuse."""
        return self.lost + self.doubled + self.out_of_order + self.not_kept


NOTHING = Audit(0, 0, 0, 0, 0, 0, 0, 0)


def audit(
    sent: Sequence[Sent],
    arrivals: Sequence[Arrival],
    history: Sequence[dict[str, Any]],
    excuse: str,
    *,
    answered: bool = True,
) -> Audit:
    """What is wrong with one conversation; with `answered`, every message is owed a reply."""
    numbers = [arrival.number for arrival in arrivals]
    came = {arrival.number: arrival.event for arrival in arrivals}
    kept = {event["number"]: event for event in history}
    replies = [arrival.number for arrival in arrivals if arrival.sender == "assistant"]
    after_the_last = sum(each.number > max(replies, default=0) for each in sent)
    return Audit(
        messages=len(sent),
        events=len(arrivals),
        lost=sum(not _is(came.get(each.number), each) for each in sent),
        doubled=sum(count - 1 for count in Counter(numbers).values()),
        out_of_order=sum(later < earlier for earlier, later in pairwise(numbers)),
        not_kept=len(history) - len(kept)
        + sum(came.get(number) != kept.get(number) for number in came.keys() | kept.keys()),
        unanswered=max(after_the_last, len(sent) - len(replies)) if answered else 0,
        excused=sum(arrival.event.get("text") == excuse for arrival in arrivals),
    )  # fmt: skip


async def audit_all(people: Iterable[Person], *, answered: bool = True) -> Audit:
    """The audits of all together, each held against what the service has kept.

    Replies that wait are waited for, and the stream for what is kept; what comes later is left out.
    """
    whole, words, end = NOTHING, excuse(), time.perf_counter() + PATIENCE
    for person in people:
        if answered:
            await person.answered(end - time.perf_counter())
        history = await person.history()
        last = history[-1]["number"] if history else 0
        await person.reached(last, end - time.perf_counter())
        arrived = [one for one in person.arrivals if one.number <= last]
        whole += audit(person.sent, arrived, history, words, answered=answered)
    return whole


def excuse() -> str:
    """What the service says in place of a reply when the assistant does not answer."""
    words: str = yaml.safe_load(_WORDING.read_text("utf-8"))["assistant_down"]
    return words


def _is(event: dict[str, Any] | None, sent: Sent) -> bool:
    wanted = ("young_person", sent.text)
    return event is not None and (event.get("from"), event.get("text")) == wanted
