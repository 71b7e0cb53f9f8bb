"""A page that follows a chat gets all of it, in order, however long it is, a little at a time."""

import asyncio
from uuid import uuid4

from helpline.conversation import following
from helpline.conversation.incoming import Incoming


async def test_a_long_chat_is_read_a_few_at_a_time_and_comes_whole_and_in_order(quiet, monkeypatch):
    # Given a chat longer than what is opened at a time, and every reading watched
    _, access = await quiet.begin()
    for number in range(following.AT_ONCE + 3):
        await quiet.say(access, f"hello {number}")
    kept = await quiet.young.events(access, 0)
    assert len(kept) > 2 * following.AT_ONCE
    found, look = [], following.look

    async def watched(*asked):
        found.append(await look(*asked))
        return found[-1]

    monkeypatch.setattr(following, "look", watched)
    # When a page comes back and reads from the beginning
    came = []
    async with asyncio.timeout(20):
        async for event in quiet.young.follow(access, 0):
            came.append(event)
            if event.number == kept[-1].number:
                break
    # Then it has what was kept, each once, and never more at once than a few
    assert came == kept
    assert max(len(each.events) for each in found) == following.AT_ONCE


async def test_what_is_said_while_the_rest_is_read_is_not_overlooked(quiet):
    # Given a chat exactly as long as what is opened at a time
    _, access = await quiet.begin()
    while len(await quiet.young.events(access, 0)) < following.AT_ONCE:
        await quiet.say(access, "hello")
    last = (await quiet.young.events(access, 0))[following.AT_ONCE - 1].number
    # When more is said while a page is in the middle of it
    came, said = [], None
    async with asyncio.timeout(20):
        async for event in quiet.young.follow(access, 0):
            came.append(event.number)
            if event.number == last:
                receipt = await quiet.young.receive(access, Incoming(uuid4(), text="and this"))
                said = receipt.number
            if event.number == said:
                break
    # Then that comes too, and nothing twice
    assert came == list(range(1, said + 1))
