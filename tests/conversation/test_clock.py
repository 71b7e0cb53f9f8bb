"""A clock that is set back an hour puts off no promise, and neither loses nor swaps a message."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pyotp
import pytest

from helpline.clock import RisingClock
from helpline.conversation import Sessions
from helpline.conversation.incoming import Incoming
from helpline.conversation.staffing import add
from tests.conversation.conftest import PASSWORD, texts
from tests.conversation.shift import Shift, quiet_helpline

TRUTH_WITHIN_S, GONE_AFTER_S = 120, 120
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""Time is the same on both."""


@dataclass
class Machine:
    """A machine whose clock can be set; `seconds` counts what has really passed."""

    wall: datetime = field(default_factory=lambda: datetime(2026, 11, 21, 20, 0, tzinfo=UTC))
    passed: float = 0.0

    def time(self) -> datetime:
        return self.wall

    def seconds(self) -> float:
        return self.passed

    def pass_seconds(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.passed += seconds

    def sets_back(self, hours: float = 1) -> None:
        self.wall -= timedelta(hours=hours)

    def clock(self) -> RisingClock:
        """As the service makes it when it starts."""
        return RisingClock(self.time, self.seconds)


@asynccontextmanager
async def started(make_helpline, team, machine):
    """A helpline on this machine, as if its process had just started."""
    async with quiet_helpline(make_helpline, team, clock=machine.clock()) as helpline:
        helpline.clock = machine
        yield Shift.of(helpline)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
async def shift(make_helpline, team, machine):
    async with started(make_helpline, team, machine) as shift:
        yield shift


def test_the_time_goes_on_at_its_pace_while_the_machines_clock_is_behind(machine):
    now = machine.clock()
    began = now()
    machine.pass_seconds(10)
    machine.sets_back()
    machine.pass_seconds(5)
    assert now() - began == timedelta(seconds=15)
    machine.sets_back()
    assert now() - began == timedelta(seconds=15)


def test_a_clock_that_is_set_forward_is_followed(machine):
    now = machine.clock()
    machine.sets_back(-2)
    assert now() == machine.wall


@ONE_DATABASE
@pytest.mark.parametrize("after", [0, 30, 119])
async def test_the_truth_is_told_within_two_minutes_of_the_promise(shift, machine, after):
    # Given a level 4 that nobody takes
    await shift.signs_in("robin")
    _, access = await shift.helpline.begin()
    await shift.writes(access)
    await shift.passes(after, access)
    # When the clock is set back an hour before the two minutes are over
    machine.sets_back()
    await shift.passes(TRUTH_WITHIN_S - after, access)
    # Then they were told in time, and once
    assert len(await shift.truth_told(access)) == 1
    # And supervisors and the lead were alerted in theirs
    assert (await shift.entry(access)).lead_told_at is not None


@ONE_DATABASE
async def test_a_service_that_starts_with_an_earlier_clock_tells_the_truth_at_once(
    shift, machine, make_helpline, team
):
    # Given a promise, and a service that is killed before it is due
    await shift.signs_in("robin")
    token, access = await shift.helpline.begin()
    await shift.writes(access)
    await shift.passes(40, access)
    # When it starts again after the clock was set back an hour
    machine.sets_back()
    helpline = make_helpline(shift.helpline.heart.dialogue, clock=machine.clock())
    helpline.clock, again = machine, Shift.of(helpline)
    access = await helpline.young.open(token)
    await again.tick([access])
    # Then nobody waits an hour for what was due in two minutes
    assert len(await again.truth_told(access)) == 1
    assert (await again.entry(access)).lead_told_at is not None


@ONE_DATABASE
async def test_a_helper_who_is_gone_loses_the_chat_when_they_would_have(shift, machine):
    # Given a worker who took a level 4 and whose browser dies
    robin = await shift.signs_in("robin")
    _, access = await shift.helpline.begin()
    await shift.writes(access)
    await shift.helpline.desk.take(robin, access.conversation.hex())
    shift.crashes("robin")
    # When the clock is set back an hour
    machine.sets_back()
    await shift.passes(GONE_AFTER_S + 5, access)
    # Then the chat is back on the queue for whoever is there
    entry = await shift.entry(access)
    assert (entry.staff, entry.returned) == (None, True)


@ONE_DATABASE
async def test_a_helper_who_is_here_keeps_the_chat(shift, machine):
    robin = await shift.signs_in("robin")
    _, access = await shift.helpline.begin()
    await shift.writes(access)
    await shift.helpline.desk.take(robin, access.conversation.hex())
    machine.sets_back()
    await shift.passes(60, access)
    assert (await shift.entry(access)).staff == robin.staff


@ONE_DATABASE
async def test_messages_keep_their_order_and_are_kept_once(shift, machine):
    # Given messages before and after the clock is set back, one of them sent twice
    _, access = await shift.helpline.begin()
    said = [f"hello {number}" for number in range(6)]
    for number, text in enumerate(said):
        if number == 3:
            machine.sets_back()
        incoming = Incoming(uuid4(), text=text)
        first = await shift.helpline.young.receive(access, incoming)
        again = await shift.helpline.young.receive(access, incoming)
        assert (again.number, again.repeated) == (first.number, True)
        machine.pass_seconds(1)
    # Then they stand there once, in the order in which they were sent
    events = await shift.helpline.young.events(access, 0)
    assert texts(events, "young_person") == said
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    # And the time of each is later than that of the one before
    times = [event.at for event in events if hasattr(event, "at")]
    assert times == sorted(times)


@ONE_DATABASE
async def test_a_one_time_code_of_a_telephone_goes_by_the_true_time(shift, machine):
    # Given a service whose time is an hour ahead, as its clock was before it was put right
    machine.sets_back()
    heart = shift.helpline.heart
    added = await add(
        heart.database,
        name="ash",
        alias="Ash",
        role="worker",
        password=PASSWORD,
        second_factor=True,
        now=heart.now(),
    )
    sessions = Sessions(heart, demo=False, on_their_phone=machine.wall.timestamp)
    # When a worker signs in with the code that their telephone shows
    code = pyotp.TOTP(added.one_time_secret).at(machine.wall)
    session, _ = await sessions.sign_in("ash", PASSWORD, code)
    # Then they are not locked out
    assert session.name == "ash"
