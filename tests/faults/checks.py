"""Judges the messages of a fault run: each that was acknowledged once, in order, on both sides.

What was promised about a person and about the assistant's silence is `promises`'.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.faults.promises import after_take, stuck, unmet
from tests.faults.record import STATE, Event, Kept, Page, Record, Sent, View

LOST, DOUBLED, ORDER = "lost", "doubled", "out of order"
AFTER_TAKE, UNMET, STUCK = "assistant replies after take", "level 4 unmet", "stuck"
NUMBERS = "emergency numbers not loaded"
KINDS = (LOST, DOUBLED, ORDER, AFTER_TAKE, UNMET, STUCK, NUMBERS)


@dataclass(frozen=True)
class Problem:
    """One broken promise: of which kind, and where; never what was written."""

    kind: str
    where: str


def judge(record: Record) -> list[Problem]:
    """Every promise that the run broke."""
    found: list[Problem] = []
    by_conversation = {page.conversation: page for page in record.pages if page.conversation}
    for page in record.pages:
        found += of_page(page, record.kept.get(page.token))
        found += [Problem(AFTER_TAKE, f"{page.name} {n}") for n in after_take(told(page, record))]
        found += [Problem(UNMET, f"{page.name} {n}") for n in unmet(page, record)]
        found += [Problem(STUCK, page.name) for _ in range(stuck(page))]
    for view in record.views:
        seen = by_conversation.get(view.conversation)
        if seen is not None:
            where = f"{seen.name} as {view.worker} saw it"
            found += of_view(view, told(seen, record), seen.sent, where)
    found += of_workers(record, by_conversation)
    found += [Problem(NUMBERS, f"/ {status}") for status in record.numbers_missing]
    return found


def told(page: Page, record: Record) -> list[Event]:
    """A conversation as far as it is known: from the database, the page's list, else its stream."""
    kept = record.kept.get(page.token)
    if kept is not None:
        return list(kept.events)
    return page.listed or [page.seen[number] for number in sorted(page.seen)]


def of_page(page: Page, kept: Kept | None) -> Iterator[Problem]:
    """What is wrong on the young person's side, and in what the database keeps of it."""
    if page.unknown:
        yield Problem(LOST, f"{page.name}: the token opens nothing and nobody left")
    behind = max(page.seen, default=0)  # of what came later a page that has left saw nothing
    shown = [one for one in page.sent if one.number is None or one.number <= behind]
    for found in _against(shown, "young_person", [page.seen[n] for n in sorted(page.seen)]):
        yield Problem(found.kind, f"{page.name} seen {found.where}")
    for stream in page.streams:
        yield from (Problem(p.kind, f"{page.name} stream {p.where}") for p in _run(stream.events))
        if stream.events and stream.events[0].number > stream.after + 1:
            yield Problem(LOST, f"{page.name} stream after {stream.after}")
        yield from _differs(stream.events, page.listed or [], f"{page.name} stream")
    sides = {"list": page.listed, "database": list(kept.events) if kept else None}
    for side, events in sides.items():
        if events is None:
            continue
        where = f"{page.name} {side}"
        for found in (*_whole(events), *_against(page.sent, "young_person", events)):
            yield Problem(found.kind, f"{where} {found.where}")
    if page.listed is not None and kept is not None:
        yield from _differs(page.listed, list(kept.events), f"{page.name} database")
        if len(kept.events) < len(page.listed):
            yield Problem(LOST, f"{page.name} database is shorter than the list")
    if kept is not None:
        yield from _ids(page, kept)
    yield from (Problem(ORDER, f"{page.name} {n}") for n in _unordered(page.sent))


def of_view(
    view: View, events: Sequence[Event], sent: Sequence[Sent], where: str
) -> Iterator[Problem]:
    """What is wrong in what a worker saw, beside the conversation and the young person's acks."""
    yield from (Problem(p.kind, f"{where} {p.where}") for p in _run(view.lines, gaps=False))
    lines = [line for line in view.lines if line.sender != STATE]
    yield from _differs(lines, list(events), where)
    if not view.whole:
        return
    shown, last = {line.number for line in lines}, max((e.number for e in view.lines), default=0)
    wanted = {e.number for e in events if e.sender != STATE}
    wanted |= {one.number for one in sent if one.number is not None}
    for number in sorted(wanted):
        if number <= last and number not in shown:
            yield Problem(LOST, f"{where} {number}")


def of_workers(record: Record, pages: dict[str, Page]) -> Iterator[Problem]:
    """What is wrong with what workers wrote, as the young person has it."""
    for conversation, page in pages.items():
        theirs = [w.message for w in record.written if w.conversation == conversation]
        if theirs and (page.listed is not None or record.kept.get(page.token)):
            for found in _against(theirs, "worker", told(page, record), strangers=False):
                yield Problem(found.kind, f"{page.name} worker {found.where}")
        for worker in {w.worker for w in record.written if w.conversation == conversation}:
            own = [
                w.message
                for w in record.written
                if (w.conversation, w.worker) == (conversation, worker)
            ]
            yield from (Problem(ORDER, f"{page.name} {worker} {n}") for n in _unordered(own))


def _against(
    sent: Sequence[Sent], sender: str, events: Sequence[Event], *, strangers: bool = True
) -> Iterator[Problem]:
    """Each acknowledged message stands once, and under its number.

    What nobody sent is a double too (`strangers`): it was kept a second time under other words or
    another id. Workers' first words are nobody's, so theirs are not asked for.
    """
    by_number = {event.number: event for event in events if event.sender == sender}
    texts = Counter(event.text for event in by_number.values())
    for one in sent:
        if one.number is None:
            continue
        event = by_number.get(one.number)
        if event is None or event.text != one.text:
            yield Problem(ORDER if texts[one.text] else LOST, str(one.number))
    mine = Counter(one.text for one in sent)
    for text, count in texts.items():
        more = count - mine[text] if strangers or text in mine else 0
        yield from (Problem(DOUBLED, "a message") for _ in range(more))


def _whole(events: Sequence[Event]) -> Iterator[Problem]:
    """Numbers from 1 without a gap, a double or a step back."""
    if events and events[0].number != 1:
        yield Problem(LOST, "before the first")
    yield from _run(events)


def _run(events: Sequence[Event], *, gaps: bool = True) -> Iterator[Problem]:
    for before, event in pairwise(events):
        if event.number == before.number:
            yield Problem(DOUBLED, str(event.number))
        elif event.number < before.number:
            yield Problem(ORDER, str(event.number))
        elif gaps and event.number > before.number + 1:
            yield Problem(LOST, str(before.number + 1))


def _differs(these: Iterable[Event], those: Iterable[Event], where: str) -> Iterator[Problem]:
    """Two sides that have the same number have the same event under it."""
    known = {event.number: event for event in those}
    for event in these:
        other = known.get(event.number)
        if other is not None and other != event:
            yield Problem(ORDER, f"{where} {event.number}")


def _ids(page: Page, kept: Kept) -> Iterator[Problem]:
    numbers: dict[str, list[int]] = {}
    for number, identity in kept.ids.items():
        numbers.setdefault(identity, []).append(number)
    for one in page.sent:
        of_it = numbers.get(one.id, [])
        if len(of_it) > 1:
            yield Problem(DOUBLED, f"{page.name} database {of_it[1]}")
        if one.number is not None and of_it and one.number not in of_it:
            yield Problem(ORDER, f"{page.name} database {one.number}")


def _unordered(sent: Sequence[Sent]) -> Iterator[int]:
    """Messages sent after another was acknowledged that have a smaller number, or the same."""
    highest, acked = 0, sorted((s for s in sent if s.acked_at is not None), key=_acked_at)
    for one in sorted((s for s in sent if s.number is not None), key=lambda s: s.at):
        while acked and _acked_at(acked[0]) < one.at:
            highest = max(highest, acked.pop(0).number or 0)
        if one.number is not None and one.number <= highest:
            yield one.number


def _acked_at(sent: Sent) -> float:
    return sent.acked_at if sent.acked_at is not None else float("inf")
