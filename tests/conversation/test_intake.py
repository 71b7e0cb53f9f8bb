"""What comes in goes before replies: while many messages come in, few replies are begun."""

import asyncio
from contextlib import ExitStack

from helpline.conversation.intake import MANY, PAUSE_S, Intake


class Replies:
    """Replies that are to be made, in the order they were begun."""

    def __init__(self, intake: Intake, count: int) -> None:
        self.begun: list[int] = []
        self._intake = intake
        self.tasks = [asyncio.create_task(self._make(number)) for number in range(count)]

    async def _make(self, number: int) -> None:
        await self._intake.give_way()
        self.begun.append(number)

    async def settled(self) -> None:
        """Has them do what they can without waiting for time to pass."""
        for _ in range(10 * len(self.tasks)):
            await asyncio.sleep(0)


def many(intake: Intake, coming: ExitStack, count: int = MANY) -> None:
    for _ in range(count):
        coming.enter_context(intake.taking())


async def test_while_few_messages_come_in_replies_wait_for_nothing():
    intake = Intake()
    with ExitStack() as coming:
        many(intake, coming, MANY - 1)
        replies = Replies(intake, 5)
        await replies.settled()
    assert replies.begun == [0, 1, 2, 3, 4]


async def test_while_many_come_in_replies_are_begun_with_pauses_and_in_order():
    intake = Intake()
    # Given as many messages on their way in as are many
    with ExitStack() as coming:
        many(intake, coming)
        replies = Replies(intake, 4)
        # When replies are to be made, then one is begun after each pause
        await replies.settled()
        assert replies.begun == []
        await asyncio.sleep(1.5 * PAUSE_S)
        assert replies.begun == [0]
        await asyncio.sleep(PAUSE_S)
        assert replies.begun == [0, 1]
    # And with fewer coming in the rest wait for no pause
    await replies.settled()
    assert replies.begun == [0, 1, 2, 3]


async def test_few_for_a_moment_alone_does_not_end_a_pause():
    intake = Intake()
    with ExitStack() as coming:
        many(intake, coming)
        replies = Replies(intake, 1)
        await replies.settled()
        # When there are fewer, and at once as many again, before the reply can be begun
        coming.pop_all().close()
        many(intake, coming)
        await replies.settled()
        # Then it goes on waiting
        assert replies.begun == []
    await asyncio.gather(*replies.tasks)
