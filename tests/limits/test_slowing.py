"""Who guesses is slowed down, others are not, and nobody is shut out."""

import asyncio
from contextlib import suppress

import pytest

from helpline.conversation.errors import SlowDown, UnknownCode
from helpline.limits.addresses import ADDRESSES, ROTATED_AFTER_S, Seeded
from helpline.limits.slowing import AT_ONCE, FREE, LONGEST_S, Slowing


class Time:
    """Seconds as the buckets see them; waiting makes them pass and is remembered."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


async def guess(slowing: Slowing, address: str) -> None:
    with suppress(UnknownCode):
        async with slowing.turn(address):
            raise UnknownCode


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def slowing(clock: Time) -> Slowing:
    return Slowing(Seeded(ADDRESSES, clock), UnknownCode, clock, clock.sleep)


def another(slowing: Slowing, address: str) -> str:
    """An address in another bucket."""
    taken = slowing._bucket(address)
    return next(a for n in range(256) if slowing._bucket(a := f"203.0.113.{n}") is not taken)


async def test_a_few_wrong_codes_cost_nothing_and_more_wait_ever_longer(
    slowing: Slowing, clock: Time
) -> None:
    for _ in range(FREE + 1):
        await guess(slowing, "198.51.100.1")
    assert clock.waited == []
    for _ in range(50):
        await guess(slowing, "198.51.100.1")
    assert clock.waited == sorted(clock.waited)
    assert clock.waited[0] > 0
    assert clock.waited[-1] == LONGEST_S


async def test_ten_thousand_guesses_leave_others_unharmed_and_shut_nobody_out(
    slowing: Slowing, clock: Time
) -> None:
    # Given somebody who guesses ten thousand times
    for _ in range(10_000):
        await guess(slowing, "198.51.100.1")
    clock.waited.clear()
    # When somebody from elsewhere comes back, then they do not wait at all
    async with slowing.turn(another(slowing, "198.51.100.1")):
        pass
    assert clock.waited == []
    # And somebody who shares the guesser's address waits a little, and gets in
    async with slowing.turn("198.51.100.1"):
        pass
    assert clock.waited == [LONGEST_S]


async def test_right_codes_fill_nothing_and_time_empties_what_wrong_ones_filled(
    slowing: Slowing, clock: Time
) -> None:
    for _ in range(100):
        async with slowing.turn("198.51.100.1"):
            pass
    assert clock.waited == []
    for _ in range(20):
        await guess(slowing, "198.51.100.1")
    clock.now += 600
    clock.waited.clear()
    await guess(slowing, "198.51.100.1")
    assert clock.waited == []


async def test_too_many_at_once_of_one_address_are_told_when_to_try_again(clock: Time) -> None:
    # Given so many tries of one address that none more may wait
    slowing = Slowing(Seeded(ADDRESSES, clock), UnknownCode, clock, clock.sleep)
    go = asyncio.Event()

    async def stay() -> None:
        async with slowing.turn("198.51.100.1"):
            await go.wait()

    tries = [asyncio.ensure_future(stay()) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    # Then the next is told, one from elsewhere is not, and afterwards there is room again
    with pytest.raises(SlowDown) as told:
        await stay()
    assert told.value.retry_after > 0
    async with slowing.turn(another(slowing, "198.51.100.1")):
        pass
    go.set()
    await asyncio.gather(*tries)
    await stay()


def test_no_address_is_kept_and_the_seed_changes_every_hour(slowing: Slowing, clock: Time) -> None:
    # Given addresses that were seen
    addresses = [f"198.51.{a}.{b}" for a in range(20) for b in range(100)]
    before = [slowing._bucket(address) for address in addresses]
    # Then there are far fewer buckets than addresses, and nothing in them is an address
    assert len(slowing._buckets) <= ADDRESSES < len(addresses)
    assert "198.51" not in repr([vars(slowing), vars(slowing._addresses)])
    # And an hour later they fall into other ones, all empty
    clock.now += ROTATED_AFTER_S + 1
    after = [slowing._bucket(address) for address in addresses]
    assert not any(one is other for one, other in zip(before, after, strict=True))
    assert all(bucket.fill == 0 for bucket in after)
