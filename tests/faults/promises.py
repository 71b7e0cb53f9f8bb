"""Judges what a fault run promised: a person or the truth at level 4, silence, no chat stuck.

The two times are those of the product (design.md, "What each level does"); nothing shortens them.
"""

from collections.abc import Iterator, Sequence

from tests.conversation.shift import TRUTHS
from tests.faults.record import STATE, Event, Hold, Page, Record, Sent, Spell, lasted, union

TAKEN_WITHIN_S, TRUTH_WITHIN_S = 60, 120
ON_THE_WAY_S = 5
"""A page that is connected, with no fault in force, has what was said after so many seconds."""


def after_take(events: Sequence[Event]) -> Iterator[int]:
    """Numbers of what the assistant said while the chat was a worker's."""
    owner = "assistant"
    for event in events:
        if event.sender == STATE:
            owner = event.text
        elif event.sender == "assistant" and owner == "worker":
            yield event.number


def stuck(page: Page) -> int:
    """How many chats stand here that were not answered when all faults were over."""
    return 1 if page.answered is False else 0


def unmet(page: Page, record: Record) -> Iterator[int]:
    """Numbers of level 4 messages that got neither a person in time nor the truth in time."""
    for sent in page.sent:
        if sent.danger and sent.acked_at is not None and not _met(page, sent, record):
            yield sent.number or 0


def person_after(page: Page, sent: Sent, record: Record) -> tuple[float, float] | None:
    """When a person had the chat, and for how long one had been there and free by then."""
    begins = _begins(sent)
    taken = [h for h in _holds(page, record) if h.ends is None or h.ends > begins]
    first = min(taken, key=lambda hold: hold.begins, default=None)
    if first is None:
        return None
    at = max(first.begins, begins)
    free = union(spell for spells in record.free.values() for spell in spells)
    return at, lasted(free, begins, at, _faults(record))


def truth_after(page: Page, sent: Sent) -> float | None:
    """When the page first showed the truth after this message."""
    told = (
        page.seen_at[number]
        for number, event in page.seen.items()
        if number > (sent.number or 0)
        and event.sender == "service"
        and any(truth in event.text for truth in TRUTHS)
    )
    return min(told, default=None)


def _met(page: Page, sent: Sent, record: Record) -> bool:
    ends = min(record.ended_at, *_over_at(page, sent))
    if owner_at(page, sent.number or 0) == "worker":
        return True
    person, truth = person_after(page, sent, record), truth_after(page, sent)
    if person and person[1] <= TAKEN_WITHIN_S and not _late(page, sent, record, person[0]):
        return True
    if truth is not None and not _late(page, sent, record, truth):
        return True
    came_at_all = person is not None and person[0] <= ends
    return not (came_at_all or _late(page, sent, record, ends))


def _late(page: Page, sent: Sent, record: Record, at: float) -> bool:
    """Whether by `at` the two minutes were over, and the page could have been told so since.

    Who is not connected is told when they are next; while the service is stopped, nobody is.
    """
    due, connected = _begins(sent) + TRUTH_WITHIN_S, _connected(page, record)
    return lasted(connected, due, at, _faults(record)) > ON_THE_WAY_S


def _begins(sent: Sent) -> float:
    assert sent.acked_at is not None
    return sent.acked_at


def _over_at(page: Page, sent: Sent) -> Iterator[float]:
    """When nothing was owed any more: they left, or said that they want nobody."""
    yield float("inf")
    if page.left_at is not None:
        yield page.left_at
    for other in page.sent:
        if other.declines and other.acked_at is not None and other.at > _begins(sent):
            yield other.acked_at


def owner_at(page: Page, number: int) -> str:
    """Whose the chat was when this number came."""
    known = page.listed or [page.seen[each] for each in sorted(page.seen)]
    states = [e.text for e in known if e.sender == STATE and e.number < number]
    return states[-1] if states else "assistant"


def _holds(page: Page, record: Record) -> list[Hold]:
    return [h for h in record.holds if page.conversation == h.conversation]


def _connected(page: Page, record: Record) -> list[Spell]:
    return [(s.opened_at, s.closed_at or record.ended_at) for s in page.streams]


def _faults(record: Record) -> list[Spell]:
    return [(begins, ends) for _, begins, ends in record.faults]
