"""The numbers by week: answers beside those who gave none, for supervisors only."""

from datetime import date

import pytest

from helpline.conversation import tally
from helpline.conversation.errors import NotAllowed
from helpline.conversation.numbers import WEEKS, by_week

DAY = 24 * 3600


async def end(helpline, **answers):
    _, access = await helpline.begin()
    await helpline.young.end(access, answers)


async def test_answers_stand_beside_who_gave_none_week_by_week(quiet):
    # Given Saturday 21 November 2026, three chats ended, one of them with an answer to each
    # question, one with one answer, and one that was left quickly
    await end(quiet, rights="yes", someone="a_bit", choice="no", listened="yes")
    await end(quiet, rights="no")
    await end(quiet)
    _, access = await quiet.begin()
    await quiet.young.leave_quickly(access)
    # And two days later, in the next week, one more
    quiet.clock.pass_seconds(2 * DAY)
    await end(quiet, listened="no")
    # When a supervisor looks
    sam = await quiet.sign_in("sam")
    weeks = await by_week(quiet.heart, sam)
    # Then there are twelve weeks, the present one first, each from a Monday
    assert len(weeks) == WEEKS
    assert [week.monday for week in weeks[:2]] == [date(2026, 11, 23), date(2026, 11, 16)]
    assert weeks[0].sunday == date(2026, 11, 29)
    # And each holds its own days' counts
    assert weeks[0].counts[tally.ENDED] == 1
    assert weeks[1].counts[tally.ENDED] == 3
    assert weeks[1].counts[tally.LEFT_QUICKLY] == 1
    assert not weeks[2].counts
    # And for each question the answers (yes, a bit, no), and how many gave none
    assert [(each.question, each.given, each.none) for each in weeks[1].answered] == [
        ("rights", (1, 0, 1), 1),
        ("someone", (0, 1, 0), 2),
        ("choice", (0, 0, 1), 2),
        ("listened", (1, 0, 0), 2),
    ]


async def test_what_is_older_than_twelve_weeks_is_not_shown(quiet):
    await end(quiet, rights="yes")
    quiet.clock.pass_seconds(WEEKS * 7 * DAY)
    weeks = await by_week(quiet.heart, await quiet.sign_in("sam"))
    assert not any(week.counts for week in weeks)


async def test_only_a_supervisor_sees_them(quiet):
    with pytest.raises(NotAllowed):
        await by_week(quiet.heart, await quiet.sign_in("robin"))
