"""Before a yes the desk is told how many were offered a helper at level 3, and nothing else."""

import pytest

from tests.conversation.test_danger import DANGER

HIGH = "someone is threatening to share my pictures"
CONCERN = "my boyfriend is 24 and i am 14"


async def test_who_was_offered_a_helper_is_counted_until_they_answer(helpline):
    # Given a worker at the desk
    robin = await helpline.sign_in("robin")
    # When two young people write of high risk, and one of a concern
    _, first = await helpline.begin()
    _, second = await helpline.begin()
    _, third = await helpline.begin()
    for access, text in ((first, HIGH), (second, HIGH), (third, CONCERN)):
        await helpline.say(access, text)
    # Then two are counted, and the queue shows none of them
    assert await helpline.desk.offered(robin) == 2
    assert await helpline.desk.queue(robin) == []
    # When one of them writes again, of danger as before
    await helpline.say(first, HIGH)
    # Then they are counted once
    assert await helpline.desk.offered(robin) == 2
    # When one says yes, then they are in the queue and counted no more
    await helpline.tap(first, "Talk to a person")
    assert len(await helpline.desk.queue(robin)) == 1
    assert await helpline.desk.offered(robin) == 1
    # And nobody is left after the other's no
    await helpline.tap(second, "Not now")
    assert await helpline.desk.offered(robin) == 0


@pytest.mark.parametrize("act", ["ask_for_person", "end", "leave_quickly", "delete"])
async def test_who_asks_for_a_person_or_goes_is_counted_no_more(helpline, act):
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, HIGH)
    assert await helpline.desk.offered(robin) == 1
    await getattr(helpline.young, act)(access)
    assert await helpline.desk.offered(robin) == 0


async def test_who_is_on_the_desk_is_not_counted_as_well(helpline):
    # Given somebody who was offered a helper
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, HIGH)
    # When the desk gets their excerpt, at level 4, and they are offered a helper again
    await helpline.say(access, DANGER)
    await helpline.say(access, HIGH)
    # Then they are in the queue alone
    assert len(await helpline.desk.queue(robin)) == 1
    assert await helpline.desk.offered(robin) == 0


async def test_with_nobody_on_shift_nobody_is_counted(helpline):
    _, access = await helpline.begin()
    await helpline.say(access, HIGH)
    robin = await helpline.sign_in("robin")
    assert await helpline.desk.offered(robin) == 0


async def test_who_has_gone_is_forgotten_30_minutes_after_their_last_message(helpline):
    # Given two who were offered a helper, one of whom wrote again 20 minutes later
    robin = await helpline.sign_in("robin")
    _, silent = await helpline.begin()
    _, writing = await helpline.begin()
    await helpline.say(silent, HIGH)
    await helpline.say(writing, HIGH)
    helpline.clock.pass_seconds(20 * 60)
    await helpline.say(writing, "what are my rights")
    # When 30 minutes have passed since the offer, and the silent one's page is open
    helpline.clock.pass_seconds(10 * 60)
    with helpline.heart.broadcast.listen(silent.conversation):
        # Then both are counted
        assert await helpline.desk.offered(robin) == 2
    # And only the one who wrote once the page is closed, and 20 minutes later nobody
    assert await helpline.desk.offered(robin) == 1
    helpline.clock.pass_seconds(20 * 60)
    assert await helpline.desk.offered(robin) == 0
