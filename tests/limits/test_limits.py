"""Paces, turns and places: who asks for much waits or gives way, and others do not."""

import asyncio

import pytest

from helpline.conversation.errors import SlowDown
from helpline.limits.addresses import Seeded, line_of
from helpline.limits.pacing import Pace, Pacing
from helpline.limits.places import Place, Places
from helpline.limits.turns import AT_ONCE, IN_LINE, Turns

PACE = Pace("messages", "chat", at_once=3, per_second=2, longest=1, why="a test")


class Time:
    """Seconds that pass when somebody waits, and what was waited."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


async def test_the_first_go_through_the_next_wait_and_the_rest_are_told_when() -> None:
    clock = Time()
    pacing = Pacing(PACE, clock, clock.sleep)
    # Given as many as may come at once: none waits
    for _ in range(3):
        await pacing.wait(1)
    assert clock.waited == []
    # When more come at the same moment, then they wait, each a little longer
    for _ in range(2):
        await pacing.wait(1)
    assert clock.waited == [0.5, 1.0]
    # And who would wait too long is told when to come back, which costs nothing
    for _ in range(100):
        with pytest.raises(SlowDown) as told:
            await pacing.wait(1)
        assert told.value.retry_after == 1
    clock.now += 1
    await pacing.wait(1)
    # And another chat does not wait
    waited = len(clock.waited)
    await pacing.wait(2)
    assert len(clock.waited) == waited


async def test_a_pace_that_was_kept_is_full_again() -> None:
    clock = Time()
    pacing = Pacing(PACE, clock, clock.sleep)
    for _ in range(5):
        await pacing.wait(1)
    clock.now += 60
    clock.waited.clear()
    for _ in range(3):
        await pacing.wait(1)
    assert clock.waited == []


async def test_an_address_has_so_many_turns_at_once_and_another_address_its_own() -> None:
    turns = Turns()
    # Given an address that has all its turns
    held = [await turns.take(1) for _ in range(AT_ONCE)]
    waiting = asyncio.ensure_future(turns.take(1))
    await asyncio.sleep(0)
    assert not waiting.done()
    # Then another address has one at once
    (await turns.take(2)).release()
    # And the one in line has its own when one is given back, however often
    held[0].release()
    held[0].release()
    (await waiting).release()
    for turn in held:
        turn.release()
    assert turns._lanes == {}


async def test_a_line_that_is_full_says_so_and_who_left_it_is_forgotten() -> None:
    turns = Turns()
    held = [await turns.take(1) for _ in range(AT_ONCE)]
    line = [asyncio.ensure_future(turns.take(1)) for _ in range(IN_LINE)]
    await asyncio.sleep(0)
    with pytest.raises(SlowDown):
        await turns.take(1)
    # When they give up
    for each in line:
        each.cancel()
    await asyncio.gather(*line, return_exceptions=True)
    # Then there is room again, and nothing is left behind
    again = asyncio.ensure_future(turns.take(1))
    for turn in held:
        turn.release()
    (await again).release()
    assert turns._lanes == {}


class Held:
    """Something that has a place, and knows that it was taken back."""

    def __init__(self, bucket: int, owner: str | None = None, busy: bool = True) -> None:
        self.closed = False
        self.place = Place(bucket, owner, self.close, lambda: busy)

    def close(self) -> None:
        self.closed = True


def test_the_address_that_has_most_gives_up_its_oldest_and_the_newcomer_gets_in() -> None:
    places = Places(4)
    flood = [Held(1) for _ in range(3)]
    other = Held(2)
    for each in (*flood, other):
        places.take(each.place)
    # When somebody else comes
    newcomer = Held(3)
    places.take(newcomer.place)
    # Then the oldest of the flood is closed, and nobody else
    assert [each.closed for each in flood] == [True, False, False]
    assert not other.closed
    assert not newcomer.closed
    assert len(places) == 4


def test_what_nobody_would_miss_is_closed_first() -> None:
    places = Places(3)
    stream, idle, another = Held(1), Held(1, busy=False), Held(1)
    for each in (stream, idle, another, Held(2)):
        places.take(each.place)
    assert [each.closed for each in (stream, idle, another)] == [False, True, False]


def test_an_owner_who_has_too_many_gives_up_their_own_oldest() -> None:
    places = Places(10, most_of_one=2)
    first, second, third, other = Held(1, "a"), Held(1, "a"), Held(1, "a"), Held(1, "b")
    for each in (first, other, second, third):
        places.take(each.place)
    assert [each.closed for each in (first, second, third, other)] == [True, False, False, False]
    # And a place that was given up and left after that is counted once
    places.leave(first.place)
    assert len(places) == 3
    for each in (second, third, other):
        places.leave(each.place)
    assert len(places) == 0
    assert list(places) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("198.51.100.1", "198.51.100.1:4711", True),
        ("[2001:db8::1]", "2001:db8::2", True),
        ("[2001:db8::1]:80", "2001:db8:0:1::1", False),
        ("::ffff:198.51.100.1", "198.51.100.1", True),
        ("198.51.100.1", "198.51.100.2", False),
        ("_hidden", "_hidden", True),
        ("unknown", "198.51.100.1", False),
    ],
)
def test_a_line_is_one_line_whatever_its_port(one: str, other: str, same: bool) -> None:
    assert (line_of(one) == line_of(other)) is same


def test_a_number_leads_back_to_nobody_and_changes_every_hour() -> None:
    clock = Time()
    seeded = Seeded(1024, clock)
    before = [seeded.number(f"198.51.100.{n}") for n in range(200)]
    assert before == [seeded.number(f"198.51.100.{n}") for n in range(200)]
    assert len(set(before)) > 100
    clock.now += 3601
    after = [seeded.number(f"198.51.100.{n}") for n in range(200)]
    assert sum(one == other for one, other in zip(before, after, strict=True)) < 10
