"""Level 4: a person within 60 s, or the truth within 120 s, whatever happens to the helpers."""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from helpline.conversation.errors import AlreadyTaken
from helpline.conversation.following import look
from helpline.store import conversations, staff
from tests.conversation.shift import DANGER, STEP_S, Shift, quiet_helpline

TAKEN_WITHIN_S, TRUTH_WITHIN_S = 60, 120

Happens = Callable[[Shift], Awaitable[None]]


async def nobody(shift: Shift) -> None:
    """No worker was there at all."""


async def asleep(shift: Shift) -> None:
    await shift.signs_in("robin")


async def two_asleep(shift: Shift) -> None:
    await shift.signs_in("robin")
    await shift.signs_in("kit")


async def a_supervisor_only(shift: Shift) -> None:
    await shift.signs_in("sam")


async def on_a_break(shift: Shift) -> None:
    robin = await shift.signs_in("robin")
    await shift.helpline.heart.database.write(
        lambda c: staff.change(c, robin.staff, presence="break")
    )


async def busy(shift: Shift) -> None:
    robin = await shift.signs_in("robin")
    await shift.helpline.heart.database.write(
        lambda c: staff.change(c, robin.staff, presence="busy")
    )


async def with_a_level_4(shift: Shift) -> None:
    robin = await shift.signs_in("robin")
    _, other = await shift.helpline.begin()
    await shift.writes(other)
    await shift.helpline.desk.take(robin, other.conversation.hex())


async def at_capacity(shift: Shift) -> None:
    robin = await shift.signs_in("robin")
    await shift.helpline.heart.database.write(lambda c: staff.change(c, robin.staff, at_once=1))
    _, other = await shift.helpline.begin()
    await shift.helpline.young.ask_for_person(other)
    await shift.helpline.desk.take(robin, other.conversation.hex())


async def crashed_just_before(shift: Shift) -> None:
    await shift.signs_in("robin")
    shift.crashes("robin")
    await shift.passes(20)


async def crashes_just_after(shift: Shift) -> None:
    await shift.signs_in("robin")
    shift.crashes("robin")


async def signed_out_before(shift: Shift) -> None:
    await shift.signs_in("robin")
    await shift.signs_out("robin")


CASES = [
    nobody,
    asleep,
    two_asleep,
    a_supervisor_only,
    on_a_break,
    busy,
    with_a_level_4,
    at_capacity,
    crashed_just_before,
    crashes_just_after,
    signed_out_before,
]


@pytest.fixture(params=[False, True], ids=["no lead", "a lead on call"])
async def shift(request, make_helpline, team):
    async with quiet_helpline(make_helpline, team, on_call=lambda _: request.param) as helpline:
        yield Shift.of(helpline)


ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For the many cases: what differs between the databases is tested by the others, on both."""


@ONE_DATABASE
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_nobody_takes_it_and_the_truth_is_told_within_two_minutes(shift, case):
    # Given helpers of whom none will react
    await case(shift)
    # When two write of immediate danger, and one of them leaves the page
    _, stays = await shift.helpline.begin()
    _, leaves = await shift.helpline.begin()
    raised = shift.helpline.heart.now()
    for access in (stays, leaves):
        await shift.writes(access)
    await shift.passes(TRUTH_WITHIN_S, stays)
    # Then who stays has been told the truth by now, and once
    [told] = await shift.truth_told(stays)
    assert told - raised <= TRUTH_WITHIN_S
    await shift.passes(200, stays)
    assert len(await shift.truth_told(stays)) == 1
    # And who left is told when they are next connected, at once, and once
    await shift.helpline.young.events(leaves, 0)
    await shift.passes(30, leaves)
    assert len(await shift.truth_told(leaves)) == 1
    # And whoever it was sealed for was alerted in time: nothing waits that nobody hears of
    for access in (stays, leaves):
        entry = await shift.entry(access)
        assert entry is None or entry.lead_told_at - raised <= TAKEN_WITHIN_S + STEP_S


async def test_a_page_that_comes_back_is_told_on_its_stream_at_once(shift):
    # Given somebody who closed the page while the desk slept
    await asleep(shift)
    _, access = await shift.helpline.begin()
    await shift.writes(access)
    events = (await look(shift.helpline.heart, access, 0)).events
    await shift.passes(TRUTH_WITHIN_S + 1)
    assert await shift.truth_told(access) == []
    # When the page is there again, then its own stream says so without any other event
    following = shift.helpline.young.follow(access, events[-1].number)
    assert "Nobody could come yet" in (await anext(following)).text
    await following.aclose()


async def test_who_signs_out_in_between_leaves_nobody_waiting_in_silence(shift):
    await shift.signs_in("robin")
    _, access = await shift.helpline.begin()
    raised = shift.helpline.heart.now()
    await shift.writes(access)
    await shift.passes(30, access)
    await shift.signs_out("robin")
    await shift.passes(90, access)
    [told] = await shift.truth_told(access)
    assert told - raised <= TRUTH_WITHIN_S


async def test_who_takes_it_in_time_is_the_person_and_nothing_else_is_said(shift):
    robin = await shift.signs_in("robin")
    _, access = await shift.helpline.begin()
    await shift.writes(access)
    await shift.passes(55, access)
    await shift.helpline.desk.take(robin, access.conversation.hex())
    await shift.passes(300, access)
    assert await shift.truth_told(access) == []
    entry = await shift.entry(access)
    assert entry.lead_told_at is None
    assert entry.taken_at - entry.promised_at <= TAKEN_WITHIN_S


@pytest.mark.parametrize("leaves", ["crashes", "signs_out"])
async def test_who_took_it_and_is_gone_starts_the_two_minutes_again(shift, leaves):
    # Given a worker who took it, and then is gone
    robin = await shift.signs_in("robin")
    await shift.signs_in("kit")
    _, access = await shift.helpline.begin()
    await shift.writes(access)
    await shift.helpline.desk.take(robin, access.conversation.hex())
    gone = getattr(shift, leaves)("robin")
    if gone is not None:
        await gone
    await shift.passes(120, access)
    # Then it is on top of the queue again, for all who are here
    entry = await shift.entry(access)
    assert (entry.staff, entry.returned) == (None, True)
    back = entry.promised_at
    # And nobody reacts: they are told, and supervisors and the lead are alerted
    await shift.passes(TRUTH_WITHIN_S, access)
    [told] = await shift.truth_told(access)
    assert told - back <= TRUTH_WITHIN_S
    assert (await shift.entry(access)).lead_told_at - back <= TAKEN_WITHIN_S


async def test_writing_again_and_again_puts_off_neither_alert_nor_truth(shift):
    await shift.signs_in("robin")
    _, access = await shift.helpline.begin()
    raised = shift.helpline.heart.now()
    for _ in range(8):
        await shift.writes(access)
        await shift.passes(15, access)
    [told, *_] = await shift.truth_told(access)
    assert told - raised <= TRUTH_WITHIN_S
    assert (await shift.entry(access)).lead_told_at - raised <= TAKEN_WITHIN_S + STEP_S


async def test_a_yes_puts_off_neither_alert_nor_truth(shift):
    await shift.signs_in("robin")
    _, access = await shift.helpline.begin()
    raised = shift.helpline.heart.now()
    await shift.writes(access)
    await shift.passes(50, access)
    await shift.helpline.tap(access, "Talk")
    await shift.passes(70, access)
    [told] = await shift.truth_told(access)
    assert told - raised <= TRUTH_WITHIN_S
    assert (await shift.entry(access)).lead_told_at - raised <= TAKEN_WITHIN_S


async def test_danger_after_the_truth_is_a_new_promise_and_a_new_alert(shift):
    await shift.signs_in("robin")
    _, access = await shift.helpline.begin()
    await shift.writes(access)
    await shift.passes(180, access)
    again, number = shift.helpline.heart.now(), await shift.writes(access)
    await shift.passes(TRUTH_WITHIN_S, access)
    [told] = await shift.truth_told(access, number)
    assert told - again <= TRUTH_WITHIN_S
    assert 0 < (await shift.entry(access)).lead_told_at - again <= TAKEN_WITHIN_S


async def test_one_who_waits_already_and_is_in_danger_now_is_told_within_two_minutes(shift):
    # Given somebody in the queue, who was told that nobody could come
    await shift.signs_in("robin")
    _, access = await shift.helpline.begin()
    await shift.helpline.young.ask_for_person(access)
    await shift.passes(150, access)
    assert len(await shift.truth_told(access)) == 1
    # When they write of danger
    now, number = shift.helpline.heart.now(), await shift.writes(access)
    await shift.passes(TRUTH_WITHIN_S, access)
    # Then all that a level 4 does is done for them
    [told] = await shift.truth_told(access, number)
    assert told - now <= TRUTH_WITHIN_S
    assert (await shift.entry(access)).lead_told_at - now <= TAKEN_WITHIN_S


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_in_any_order_no_promise_is_open_for_longer_than_two_minutes(
    shift, seed
):
    """Helpers come, go, crash, take and give back at random; the young person writes and answers.

    A promise is open from danger, or from when a helper gave the chat back, until somebody takes
    it, the truth is told, or the young person says no.
    """
    chance = random.Random(seed)  # noqa: S311
    _, access = await shift.helpline.begin()
    chat, told, promised = access.conversation.hex(), 0, None
    for _ in range(80):
        now = shift.helpline.heart.now()
        what = chance.choice(["write", "yes", "no", "take", "in", "out", "crash", *["wait"] * 8])
        name = chance.choice(["robin", "kit", "sam"])
        before = await shift.entry(access)
        if what == "write":
            await shift.writes(access, DANGER)
        elif what == "yes" and before and before.agreed == "unanswered":
            await shift.helpline.tap(access, "Talk")
        elif what == "no" and before and before.agreed == "unanswered":
            await shift.helpline.tap(access, "Not now")
        elif what == "take" and before and name in shift.here:
            with suppress(AlreadyTaken):
                await shift.helpline.desk.take(shift.sessions[name], chat)
        elif what == "in" and name not in shift.here:
            await shift.signs_in(name)
        elif what == "out" and name in shift.here:
            await shift.signs_out(name)
        elif what == "crash":
            shift.crashes(name)
        await shift.tick([access])
        entry = await shift.entry(access)
        newly_told = len(await shift.truth_told(access)) > told
        told = len(await shift.truth_told(access))
        waits = entry is not None and not entry.closed and not entry.staff
        if not waits or entry.agreed == "no" or newly_told:
            promised = None
        elif what == "write" or (before is not None and before.staff):
            promised = now if promised is None else promised
        assert promised is None or now - promised <= TRUTH_WITHIN_S, (seed, what, entry)
        # And who was let down is in the queue as one who was given back
        if before and before.staff and waits and entry.agreed != "no" and what != "write":
            assert entry.returned
        await shift.passes(STEP_S, access)


async def test_with_nobody_on_shift_and_no_lead_nothing_is_unsealed(quiet):
    shift = Shift.of(quiet)
    _, access = await quiet.begin()
    await shift.writes(access)
    assert any("Nobody will read this" in text for text in await shift.told(access))
    assert await quiet.kept(conversations.excerpts, access.conversation) == []
    assert await shift.entry(access) is None


async def test_with_nobody_at_the_desk_the_lead_on_call_is_asked_at_once(make_helpline, team):
    async with quiet_helpline(make_helpline, team, on_call=lambda _: True) as helpline:
        # Given nobody at the desk and a lead on call
        shift = Shift.of(helpline)
        _, access = await helpline.begin()
        # When a young person writes of danger
        raised = helpline.heart.now()
        await shift.writes(access)
        await shift.tick([access])
        # Then they are told that a helper is being asked, the excerpt waits for one, and the lead
        # is alerted already
        told = await shift.told(access)
        assert any("I'm asking a helper" in text for text in told)
        assert await helpline.kept(conversations.excerpts, access.conversation)
        assert (await shift.entry(access)).lead_told_at == raised
        # And a yes lets in whoever comes, with the truth about who is here
        await helpline.tap(access, "Talk")
        assert "A helper can read this chat when they come." in (await shift.told(access))[-1]
        sam = await shift.signs_in("sam")
        await helpline.desk.take(sam, access.conversation.hex())
        assert (await helpline.desk.transcript(sam, access.conversation.hex())).opened
        # And below level 4 a lead is not called: nobody is offered who is not here
        _, other = await helpline.begin()
        await shift.signs_out("sam")
        await helpline.young.ask_for_person(other)
        assert "No helper is here" in (await shift.told(other))[-1]


async def test_a_break_hides_a_helper_from_who_asks_but_not_from_danger(quiet):
    # Given a desk whose only worker is on a break
    shift = Shift.of(quiet)
    await on_a_break(shift)
    _, asks = await quiet.begin()
    _, danger = await quiet.begin()
    # When one asks for a person and another is in danger
    await quiet.young.ask_for_person(asks)
    await shift.writes(danger)
    # Then the first is told that nobody is here, and the second is on the desk
    assert "No helper is here" in (await shift.told(asks))[-1]
    [row] = await quiet.desk.queue(shift.sessions["robin"])
    assert (row.conversation, row.level) == (danger.conversation.hex(), 4)
