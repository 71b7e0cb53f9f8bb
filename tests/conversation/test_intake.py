"""What comes in goes before replies: while many messages come in, replies go one at a time."""

import asyncio
from contextlib import ExitStack

from helpline.conversation.intake import MANY, PAUSE_S, Intake


class Replies:
    """Replies that are being made, each until it is let go."""

    def __init__(self, intake: Intake, count: int) -> None:
        self.making: list[int] = []
        self._intake, self._go = intake, [asyncio.Event() for _ in range(count)]
        self.tasks = [asyncio.create_task(self._make(number)) for number in range(count)]

    async def _make(self, number: int) -> None:
        async with self._intake.giving_way():
            self.making.append(number)
            await self._go[number].wait()

    async def done(self, number: int) -> None:
        """Lets one go and has the others do what they then can."""
        self._go[number].set()
        await self.settled()

    async def settled(self) -> None:
        for _ in range(3 * len(self.tasks)):
            await asyncio.sleep(0)


async def test_while_few_messages_come_in_replies_wait_for_nothing():
    intake = Intake()
    with ExitStack() as coming:
        for _ in range(MANY - 1):
            coming.enter_context(intake.taking())
        replies = Replies(intake, 5)
        await replies.settled()
        assert replies.making == [0, 1, 2, 3, 4]
        for number in range(5):
            await replies.done(number)


async def test_while_many_come_in_replies_go_one_at_a_time_with_pauses_and_in_order():
    intake = Intake()
    # Given as many messages on their way in as are many
    with ExitStack() as coming:
        for _ in range(MANY):
            coming.enter_context(intake.taking())
        replies = Replies(intake, 4)
        # When replies are to be made, then one is after a pause, and the next when it is done
        await replies.settled()
        assert replies.making == []
        await asyncio.sleep(1.5 * PAUSE_S)
        assert replies.making == [0]
        await asyncio.sleep(2 * PAUSE_S)
        assert replies.making == [0]
        await replies.done(0)
        assert replies.making == [0]
        await asyncio.sleep(1.5 * PAUSE_S)
        assert replies.making == [0, 1]
    # And with fewer coming in the rest wait for no other
    await replies.done(1)
    assert replies.making == [0, 1, 2, 3]
    for number in (2, 3):
        await replies.done(number)
    await asyncio.gather(*replies.tasks)


async def test_with_few_again_no_reply_waits_for_the_pause():
    intake = Intake()
    with ExitStack() as coming:
        for _ in range(MANY):
            coming.enter_context(intake.taking())
        replies = Replies(intake, 2)
        await replies.settled()
    await replies.settled()
    assert replies.making == [0, 1]
    for number in range(2):
        await replies.done(number)
