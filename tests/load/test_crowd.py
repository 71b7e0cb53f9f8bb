"""Many at once: nothing is lost, who never reads is cut off, and danger does not wait for replies.

How fast it is, `python -m bench.crowd` says at full size; the promises are held here, at a small
one.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from bench import phases
from bench.audit import Audit
from bench.generator import Generator
from bench.load import read_lines
from bench.phases import Running, Size
from helpline.dialogue import LONGEST_TURN_S
from helpline.limits.readers import READS_WITHIN_S
from tests.conftest import ROOT, Service

pytestmark = pytest.mark.slow

SMALL = Size(streams=200, rate=40, seconds=4, slow=10, patience=120)
TURN_S = 0.07
"""An assistant that answers fourteen a second, where forty are sent."""


@pytest.fixture(scope="module")
def alone() -> Iterator[Running]:
    """The service, allowed to open as many files as a system allows by itself: too few."""
    with phases.service_alone(ROOT) as running:
        yield running


def found(audit: dict[str, Any]) -> Audit:
    return Audit(**audit)


def test_what_is_acknowledged_comes_once_and_in_order_and_is_kept(alone: Running) -> None:
    # Given two hundred streams, each from an address of its own, and as many to send on
    # When forty messages a second come
    told = phases.many_streams(alone, SMALL)
    # Then every one was taken, and each is on its stream once, and kept as it was sent
    audit = found(told["audit"]["ordinary"])
    assert told["messages"] == SMALL.rate * SMALL.seconds
    assert audit.messages >= told["messages"]
    assert audit.faults == 0, audit
    # And each has its answer
    assert told["ordinary"]["missing"] == audit.unanswered == audit.excused == 0


def test_who_never_reads_is_cut_off_and_loses_nothing_and_nobody_else_feels_it(
    alone: Running,
) -> None:
    # Given ten streams that are written to and never read, and a crowd beside them
    told = phases.slow_readers(alone, SMALL)
    # Then all ten are cut off, soon after there was no room for more
    assert told["cut"] == SMALL.slow
    assert told["seconds_until_cut"]["longest"] < READS_WITHIN_S + 20
    # And when they come back they get the rest, once and in order
    audit = found(told["audit"])
    assert audit.messages == SMALL.slow * phases.CLOGGING
    assert audit.faults == audit.unanswered == 0, audit
    # And nothing of the others' was lost, nor waited for them
    others = found(told["audit_of_the_others"]["ordinary"])
    assert others.faults == others.unanswered == others.excused == 0, others
    assert told["others_meanwhile"]["missing"] == 0
    assert told["others_meanwhile"]["POST to the stream"]["longest"] < 1000 * READS_WITHIN_S


def test_at_overload_messages_are_kept_replies_wait_and_danger_does_not() -> None:
    # Given an assistant that can answer a third of what is sent
    with phases.service_alone(ROOT, turn_seconds=TURN_S) as busy:
        busy.crowd.ask("open", count=SMALL.streams)
        # When messages come all the same, and of danger two a second
        told = phases.send(busy, SMALL, cards=2)
        audits = busy.crowd.ask("audit")
    # Then every message is kept, and answered in the end, with no excuse in place of a reply
    ordinary, grave = found(audits["ordinary"]), found(audits["grave"])
    assert ordinary.faults == grave.faults == 0, audits
    assert told["ordinary"]["missing"] == ordinary.unanswered == ordinary.excused == 0, audits
    # And replies waited for the assistant; messages did not, and cards did not
    replies, cards = told["ordinary"]["POST to reply"], told["grave"]["POST to card"]
    assert told["cards"] == 2 * SMALL.seconds
    assert told["grave"]["missing"] == 0
    assert replies["longest"] > 1000 * LONGEST_TURN_S
    assert cards["longest"] < replies["median"]
    assert told["ordinary"]["POST to 201"]["p95"] < replies["median"]


def test_with_the_assistant_nothing_is_lost_and_each_is_answered(service: Service) -> None:
    # Given the whole of Waymark, and forty streams
    with Generator(ROOT, int(service.url.rpartition(":")[2])) as crowd:
        crowd.ask("open", count=40)
        # When ten messages come a second
        told = crowd.ask(
            "send", texts=read_lines(phases.CALM), rate=10, seconds=4, cards=0, patience=120
        )
        audit = found(crowd.ask("audit")["ordinary"])
    # Then each is there once, and answered by the assistant
    assert audit.messages == told["messages"] == 40
    assert audit.faults == audit.unanswered == audit.excused == 0, audit
