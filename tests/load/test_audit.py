"""What looks for lost, doubled and overtaken messages has to find them: planted ones, here."""

from dataclasses import replace

import pytest

from bench.audit import NOTHING, Audit, audit, excuse
from bench.person import Arrival, Sent
from tests.alone import service_in
from tests.young_person import YoungPerson


def said(number: int, sender: str, text: str = "hello") -> dict[str, object]:
    return {"type": "message", "number": number, "from": sender, "text": text}


EXCUSE = "Sorry"
SENT = [Sent(3, "hello", 0.0, 0.1), Sent(5, "are you there", 1.0, 1.1)]
EVENTS = [
    said(3, "young_person"),
    said(4, "assistant"),
    said(5, "young_person", "are you there"),
    said(6, "assistant"),
]
ARRIVED = [Arrival(event, float(event["number"])) for event in EVENTS]
FINE = replace(NOTHING, messages=2, events=4)


def test_nothing_is_found_where_nothing_is_wrong():
    assert audit(SENT, ARRIVED, EVENTS, EXCUSE) == FINE


@pytest.mark.parametrize(
    ("arrived", "kept", "found"),
    [
        ([*ARRIVED[:2], ARRIVED[3]], EVENTS, {"lost": 1, "not_kept": 1}),
        ([*ARRIVED[:2], ARRIVED[3]], [*EVENTS[:2], EVENTS[3]], {"lost": 1}),
        ([*ARRIVED, ARRIVED[0]], EVENTS, {"doubled": 1, "out_of_order": 1}),
        ([ARRIVED[0], ARRIVED[2], ARRIVED[1], ARRIVED[3]], EVENTS, {"out_of_order": 1}),
        (ARRIVED, EVENTS[:3], {"not_kept": 1}),
        (ARRIVED, [*EVENTS, EVENTS[0]], {"not_kept": 1}),
        (ARRIVED[:3], EVENTS[:3], {"unanswered": 1}),
        (
            [*ARRIVED[:3], Arrival(said(6, "service", EXCUSE), 6.0)],
            [*EVENTS[:3], said(6, "service", EXCUSE)],
            {"unanswered": 1, "excused": 1},
        ),
        (
            [Arrival(said(3, "young_person", "hallo"), 3.0), *ARRIVED[1:]],
            [said(3, "young_person", "hallo"), *EVENTS[1:]],
            {"lost": 1},
        ),
    ],
    ids=[
        "not on the stream", "nowhere", "twice on the stream", "overtaken", "not kept",
        "kept twice", "no reply", "an excuse for a reply", "changed on the way",
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(
    arrived: list[Arrival], kept: list[dict[str, object]], found: dict[str, int]
):
    events = len(arrived)
    assert audit(SENT, arrived, kept, EXCUSE) == replace(FINE, events=events, **found)


def test_faults_are_those_that_may_never_be_and_audits_add_up():
    one = Audit(
        messages=1, events=2, lost=1, doubled=2, out_of_order=4, not_kept=8, unanswered=16,
        excused=32,
    )  # fmt: skip
    assert one.faults == 15
    assert (one + one).faults == 30
    assert (one + one).messages == 2


@pytest.mark.slow
def test_the_excuse_is_what_the_service_says_when_the_assistant_is_down(tmp_path):
    # Given the service with no assistant at all
    with service_in(tmp_path, staff=False) as running, YoungPerson(running.url) as young:
        # When somebody writes, then what they are told is what is counted as an excuse
        [told] = young.say("hello")
    assert told["text"] == excuse()
