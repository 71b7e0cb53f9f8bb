"""The checks of a fault run catch each fault planted in a log, and find none in a good one."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults import checks
from tests.faults.checks import AFTER_TAKE, DOUBLED, LOST, NUMBERS, ORDER, STUCK, UNMET
from tests.faults.promises import TRUTH_WITHIN_S
from tests.faults.record import (
    STATE,
    Event,
    Hold,
    Kept,
    Page,
    Record,
    Sent,
    Stream,
    View,
    Written,
    lasted,
)

HIGH = "he has a knife (p.2)"
TOLD = "Nobody could come yet. I'm sorry."


def good() -> Record:
    """A chat in which all went well: danger at second 10, a worker at 30, handed back at 50."""
    events = [
        Event(1, "service", "hello"),
        Event(2, "young_person", "what are my rights (p.1)"),
        Event(3, "assistant", "these"),
        Event(4, "young_person", HIGH),
        Event(5, STATE, "queue"),
        Event(6, "service", "I'm asking a helper."),
        Event(7, STATE, "worker"),
        Event(8, "worker", "OK to talk now?"),
        Event(9, "young_person", "yes (p.3)"),
        Event(10, "worker", "I am here (w.1)"),
        Event(11, STATE, "assistant"),
        Event(12, "young_person", "still there (p.4)"),
        Event(13, "assistant", "yes"),
    ]
    at = {2: 1.0, 4: 10.0, 9: 32.0, 12: 60.0}
    sent = [
        Sent(f"id{n}", events[n - 1].text, when, danger=n == 4, number=n, acked_at=when + 0.1)
        for n, when in at.items()
    ]
    page = Page("p", "token", "chat", sent, answered=True)
    page.listed = list(events)
    page.seen = {event.number: event for event in events}
    page.seen_at = {number: 5.0 * number for number in page.seen}
    page.streams = [Stream(0, 0.0, 40.0, events[:7]), Stream(7, 40.0, None, events[7:])]
    wrote = Sent("w1", "I am here (w.1)", 35.0, number=10, acked_at=35.1)
    return Record(
        ended_at=400.0,
        pages=[page],
        views=[View("chat", "robin", True, tuple(events[:10]))],
        holds=[Hold("chat", "robin", 30.0, 50.0)],
        written=[Written("chat", "robin", wrote)],
        free={"robin": [(0.0, 30.0), (50.0, 400.0)]},
        kept={"token": Kept("chat", tuple(events), {n: f"id{n}" for n in at})},
    )


def broken(record: Record) -> set[str]:
    return {problem.kind for problem in checks.judge(record)}


def lists(record: Record) -> list[list[Event]]:
    """Both places that hold the whole chat, open to planted faults."""
    [page] = record.pages
    kept = record.kept["token"]
    assert page.listed is not None
    assert kept is not None
    events = list(kept.events)
    record.kept["token"] = replace(kept, events=events)
    return [page.listed, events]


def without(events: list[Event], number: int) -> list[Event]:
    """A chat in which a message never was: those behind it move up."""
    left = [event for event in events if event.number != number]
    return [replace(event, number=n) for n, event in enumerate(left, start=1)]


def test_a_run_in_which_all_went_well_breaks_nothing():
    assert checks.judge(good()) == []


def lost_on_both_sides(record: Record) -> None:
    for events in lists(record):
        events[:] = without(events, 9)
    record.pages[0].seen = {event.number: event for event in record.pages[0].listed}


def lost_in_the_database(record: Record) -> None:
    kept = record.kept["token"]
    record.kept["token"] = replace(kept, events=kept.events[:-2])


def lost_in_the_list(record: Record) -> None:
    del record.pages[0].listed[8]


def lost_on_a_stream(record: Record) -> None:
    del record.pages[0].streams[1].events[3]


def lost_where_a_stream_resumed(record: Record) -> None:
    del record.pages[0].streams[1].events[0]


def lost_at_the_desk(record: Record) -> None:
    [view] = record.views
    record.views = [replace(view, lines=view.lines[:8] + view.lines[9:])]


def lost_of_a_worker(record: Record) -> None:
    record.written.append(Written("chat", "robin", Sent("w2", "more", 36, number=14, acked_at=37)))


def lost_with_the_token(record: Record) -> None:
    record.pages[0].unknown = True


def doubled_under_another_number(record: Record) -> None:
    for events in lists(record):
        events.append(Event(14, "young_person", "still there (p.4)"))


def doubled_under_the_same_number(record: Record) -> None:
    record.pages[0].listed.insert(4, record.pages[0].listed[3])


def doubled_under_one_id(record: Record) -> None:
    record.kept["token"].ids[13] = "id12"


def doubled_of_a_worker(record: Record) -> None:
    for events in lists(record):
        events.append(Event(14, "worker", "I am here (w.1)"))


def doubled_at_the_desk(record: Record) -> None:
    [view] = record.views
    record.views = [replace(view, lines=(*view.lines[:4], *view.lines[3:]))]


def doubled_on_a_stream(record: Record) -> None:
    stream = record.pages[0].streams[0]
    stream.events.insert(3, stream.events[2])


def swapped_everywhere(record: Record) -> None:
    for events in lists(record):
        events[1], events[3] = replace(events[3], number=2), replace(events[1], number=4)


def swapped_at_the_desk(record: Record) -> None:
    [view] = record.views
    lines = list(view.lines)
    lines[1], lines[3] = replace(lines[3], number=2), replace(lines[1], number=4)
    record.views = [replace(view, lines=tuple(lines))]


def swapped_on_a_stream(record: Record) -> None:
    events = record.pages[0].streams[0].events
    events[1], events[2] = events[2], events[1]


def numbered_backwards(record: Record) -> None:
    first, *_, last = record.pages[0].sent
    first.number, last.number = last.number, first.number


PLANTED: list[tuple[str, Callable[[Record], None]]] = [
    (LOST, lost_on_both_sides),
    (LOST, lost_in_the_database),
    (LOST, lost_in_the_list),
    (LOST, lost_on_a_stream),
    (LOST, lost_where_a_stream_resumed),
    (LOST, lost_at_the_desk),
    (LOST, lost_of_a_worker),
    (LOST, lost_with_the_token),
    (DOUBLED, doubled_under_another_number),
    (DOUBLED, doubled_under_the_same_number),
    (DOUBLED, doubled_under_one_id),
    (DOUBLED, doubled_of_a_worker),
    (DOUBLED, doubled_at_the_desk),
    (DOUBLED, doubled_on_a_stream),
    (ORDER, swapped_everywhere),
    (ORDER, swapped_at_the_desk),
    (ORDER, swapped_on_a_stream),
    (ORDER, numbered_backwards),
]


@pytest.mark.parametrize(("kind", "plant"), PLANTED, ids=[plant.__name__ for _, plant in PLANTED])
def test_a_planted_fault_of_a_message_is_caught_as_what_it_is(kind, plant):
    record = good()
    plant(record)
    assert kind in broken(record)


def test_what_the_assistant_says_after_a_worker_took_the_chat_is_caught():
    record = good()
    for events in lists(record):
        events[9] = Event(10, "assistant", "I can help with that")
    assert AFTER_TAKE in broken(record)


def test_what_the_assistant_says_after_it_was_handed_back_is_no_fault():
    assert AFTER_TAKE not in broken(good())


def untold(record: Record) -> None:
    """Nobody took it, and nobody said so."""
    record.holds = []


def told_too_late(record: Record) -> None:
    record.holds = []
    record.pages[0].seen[6] = Event(6, "service", TOLD)
    record.pages[0].seen_at[6] = 10.1 + TRUTH_WITHIN_S + 10


def came_too_late(record: Record) -> None:
    """A person was there and free for 70 s, and nothing was said."""
    record.holds = [Hold("chat", "robin", 80.2)]
    record.free = {"robin": [(10.1, 80.2)]}


def came_after_two_minutes_of_silence(record: Record) -> None:
    """Nobody was free for long, and the truth was still owed."""
    record.holds = [Hold("chat", "robin", 200.0)]
    record.free = {"robin": [(190.0, 200.0)]}


@pytest.mark.parametrize(
    "plant", [untold, told_too_late, came_too_late, came_after_two_minutes_of_silence]
)
def test_a_level_4_with_neither_a_person_nor_the_truth_in_time_is_caught(plant):
    record = good()
    plant(record)
    assert broken(record) == {UNMET}


def told_in_time(record: Record) -> None:
    record.holds = []
    record.pages[0].seen[6] = Event(6, "service", TOLD)
    record.pages[0].seen_at[6] = 10.0 + TRUTH_WITHIN_S


def offline_while_it_was_due(record: Record) -> None:
    """They are told when they are back, at once: nobody could tell them before."""
    told_in_time(record)
    record.pages[0].streams[1].closed_at = 100.0
    record.pages[0].streams.append(Stream(13, 300.0, None))
    record.pages[0].seen_at[6] = 301.0


def stopped_while_it_was_due(record: Record) -> None:
    told_in_time(record)
    record.faults = [("service killed", 125.0, 150.0)]
    record.pages[0].seen_at[6] = 152.0


def left_before_it_was_due(record: Record) -> None:
    record.holds = []
    record.pages[0].left_at = 60.0


def said_not_now(record: Record) -> None:
    record.holds = []
    [_, _, third, _] = record.pages[0].sent
    third.tapped, third.text = True, "Not now"


def held_when_they_wrote_it(record: Record) -> None:
    record.holds = [Hold("chat", "robin", 5.0, 50.0)]


@pytest.mark.parametrize(
    "plant",
    [
        told_in_time,
        offline_while_it_was_due,
        stopped_while_it_was_due,
        left_before_it_was_due,
        said_not_now,
        held_when_they_wrote_it,
    ],
)
def test_a_level_4_whose_promise_was_kept_is_no_fault(plant):
    record = good()
    plant(record)
    assert UNMET not in broken(record)


def test_a_chat_that_is_not_answered_when_all_is_over_and_a_page_without_numbers_are_caught():
    record = good()
    record.pages[0].answered = False
    record.numbers_missing = [0, 503]
    assert Counter(problem.kind for problem in checks.judge(record)) == {STUCK: 1, NUMBERS: 2}


def test_times_that_overlap_count_once_and_faults_not_at_all():
    spells = [(0.0, 10.0), (5.0, 20.0), (30.0, 40.0)]
    assert lasted(spells, 0.0, 100.0, []) == 30.0
    assert lasted(spells, 8.0, 35.0, []) == 17.0
    assert lasted(spells, 0.0, 100.0, [(15.0, 33.0), (32.0, 34.0)]) == 21.0
