"""What is said to who waits: an honest estimate or none, when somebody is here, who answers now."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from helpline.conversation import waiting
from helpline.conversation.wording import Wording, WordingBroken
from helpline.facts import Facts
from helpline.store import staff
from helpline.store import waiting as store
from tests.conftest import ROOT
from tests.conversation.shift import Shift, quiet_helpline

NIGHT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


async def finished(helpline, *minutes):
    """Chats that ended, one after the other, each held for so many minutes."""

    def keep(connection):
        for each in minutes:
            store.add_finished(connection, 20778, each * 60)

    await helpline.heart.database.write(keep)


async def estimated(helpline, position):
    now = helpline.heart.now()
    return await helpline.kept(lambda c: waiting.estimate(c, position, now))


async def asks(shift, name):
    """Somebody asks for a person; returns their access and what they are told."""
    _, access = await shift.helpline.begin()
    await shift.helpline.young.ask_for_person(access)
    return access, (await shift.told(access))[-1]


async def holding(shift, name):
    """A worker who talks with somebody: nobody at the desk is free."""
    session = await shift.signs_in(name)
    access, _ = await asks(shift, name)
    await shift.helpline.desk.take(session, access.conversation.hex())
    return session, access


async def test_too_few_chats_give_no_estimate(quiet):
    shift = Shift.of(quiet)
    await holding(shift, "robin")
    await finished(quiet, *[20] * 7)
    assert await estimated(quiet, 1) is None
    await finished(quiet, 20)
    assert await estimated(quiet, 1) == "about 20 minutes"


async def test_an_estimate_is_the_middle_of_the_last_twenty_and_grows_with_the_place(quiet):
    # Given many long chats long ago, and short ones lately with one that took all night
    shift = Shift.of(quiet)
    await holding(shift, "robin")
    await finished(quiet, *[90] * 30, *[10] * 19, 600)
    # Then it rests on the last twenty, and one night does not shift it
    assert [await estimated(quiet, place) for place in (1, 2, 3, 5, 8)] == [
        "about 10 minutes",
        "about 20 minutes",
        "about half an hour",
        "about 45 minutes",
        "more than an hour",
    ]
    # And what is older is kept nowhere
    assert len(await quiet.kept(store.held_times)) == 20


async def test_more_helpers_make_the_wait_shorter_and_a_break_does_not(quiet):
    shift = Shift.of(quiet)
    await holding(shift, "robin")
    await finished(quiet, *[40] * 10)
    assert await estimated(quiet, 1) == "about 45 minutes"
    kit, _ = await holding(shift, "kit")
    assert await estimated(quiet, 1) == "about 20 minutes"
    await quiet.heart.database.write(lambda c: staff.change(c, kit.staff, presence="break"))
    assert await estimated(quiet, 1) == "about 45 minutes"


async def test_who_comes_next_to_a_free_helper_hears_of_no_wait(quiet):
    # Given one helper in a chat and one with none
    shift = Shift.of(quiet)
    await holding(shift, "robin")
    await shift.signs_in("kit")
    await finished(quiet, *[20] * 10)
    # Then the first in line waits for nobody to finish, the second does
    assert await estimated(quiet, 1) is None
    assert await estimated(quiet, 2) == "about 10 minutes"


async def test_with_nobody_here_there_is_no_estimate(quiet):
    await finished(quiet, *[20] * 10)
    assert await estimated(quiet, 1) is None


async def test_the_estimate_is_said_with_the_place_and_anew_when_asked_again(quiet):
    shift = Shift.of(quiet)
    _, access = await holding(shift, "robin")
    await finished(quiet, *[10] * 10)
    _, first = await asks(shift, "a")
    second, said = await asks(shift, "b")
    assert "You are number 1 in line. It may take about 10 minutes." in first
    assert "You are number 2 in line. It may take about 20 minutes." in said
    # When chats have taken longer since, and they ask again
    await finished(quiet, *[30] * 20)
    await quiet.young.ask_for_person(second)
    assert "You are number 2 in line. It may take about an hour." in (await shift.told(second))[-1]
    # And without an estimate there is no gap in the sentence
    await quiet.heart.database.write(lambda c: c.exec_driver_sql("DELETE FROM finished_chat"))
    await quiet.young.ask_for_person(second)
    assert "in line. You can keep asking me things." in (await shift.told(second))[-1]
    assert access is not second


async def test_a_chat_that_a_worker_ends_counts_and_a_closed_alert_does_not(quiet):
    # Given a chat of a quarter of an hour, and an alert that got no yes
    shift = Shift.of(quiet)
    robin, access = await holding(shift, "robin")
    _, other = await quiet.begin()
    await shift.writes(other)
    await quiet.desk.take(robin, other.conversation.hex())
    quiet.clock.pass_seconds(15 * 60)
    # When the worker ends both
    await quiet.desk.end(robin, access.conversation.hex())
    await quiet.desk.end(robin, other.conversation.hex())
    # Then the time of the first is kept, and no more of it
    assert await quiet.kept(store.held_times) == [15 * 60]


@pytest.mark.parametrize(
    ("opens", "said"),
    [("9am tomorrow", "They are here from 9am tomorrow."), (None, "Open now: Childline 0800 1111")],
)
async def test_out_of_hours_says_when_who_answers_now_and_how_to_come_back(
    make_helpline, team, opens, said
):
    async with quiet_helpline(make_helpline, team, opens=lambda _: opens) as helpline:
        shift = Shift.of(helpline)
        _, told = await asks(shift, "a")
        assert told.startswith("No helper is here ")
        assert said in told
        for line in ("Childline 0800 1111.", "Text SHOUT to 85258.", "In danger: call 999."):
            assert line in told
        assert "get a code: tap This chat" in told
        assert len(told.split()) <= 45


async def test_who_waits_while_the_last_helper_goes_hears_who_answers_now(quiet):
    shift = Shift.of(quiet)
    await shift.signs_in("robin")
    access, _ = await asks(shift, "a")
    await shift.signs_out("robin")
    await quiet.young.ask_for_person(access)
    told = (await shift.told(access))[-1]
    assert "You are still in line, but no helper is here right now." in told
    assert "Childline 0800 1111." in told


def test_a_line_with_hours_is_open_only_in_them_and_while_they_were_checked():
    # Given the facts, and the hours of one line checked lately
    facts = Facts.load(ROOT / "data" / "facts")
    line = facts.by_id["S10"]
    checked = {**line.fields, "hours": {**line.fields["hours"], "checked_on": "2026-11-01"}}
    fresh = Facts({**facts.by_id, "S10": replace(line, fields=checked)})
    evening, night = NIGHT, NIGHT.replace(hour=23, minute=30)
    said = "SafeCall 116 000, call or text."
    # Then it is named in its hours, and never without a check
    assert said in waiting.lines_open(fresh, evening)
    assert said not in waiting.lines_open(fresh, night)
    assert said not in waiting.lines_open(facts, evening)
    assert said not in waiting.lines_open(fresh, datetime(2027, 6, 1, 12, 0, tzinfo=UTC))
    # And its hours are those of the clocks there: in summer 10pm UTC is 11pm
    summer = {**line.fields, "hours": {**line.fields["hours"], "checked_on": "2026-07-01"}}
    in_summer = Facts({"S10": replace(line, fields=summer)})
    assert waiting.lines_open(in_summer, datetime(2026, 7, 2, 21, 59, tzinfo=UTC)) == [said]
    assert waiting.lines_open(in_summer, datetime(2026, 7, 2, 22, 0, tzinfo=UTC)) == []


def test_lines_open_day_and_night_are_named_at_any_hour_and_only_if_verified():
    facts = Facts.load(ROOT / "data" / "facts")
    for hour in (0, 3, 12, 23):
        lines = waiting.lines_open(facts, datetime(2026, 11, 21, hour, tzinfo=UTC))
        assert lines == [
            "Childline 0800 1111.",
            "Text SHOUT to 85258.",
            "Samaritans 116 123.",
            "HOPELINE247 0800 068 4141.",
        ]
    unchecked = replace(facts.by_id["S21"], fields={**facts.by_id["S21"].fields, "status": "old"})
    told = waiting.lines_open(Facts({**facts.by_id, "S21": unchecked}), NIGHT)
    assert not any("Childline" in line for line in told)
    assert date(2026, 11, 21) == NIGHT.date()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{position}", "nothing fills {position} in handoff_closed"),
        ("Open now: {open_now}", "handoff_closed lacks {kept}"),
        ("{opens", "handoff_closed|expected"),
    ],
)
def test_a_text_with_a_wrong_place_stops_the_start(tmp_path, wrong, said):
    # Given a wording in which the charity mistyped a place
    kept = (ROOT / "data" / "service" / "wording.yml").read_text("utf-8").splitlines()
    lines = [f'handoff_closed: "{wrong}"' if "handoff_closed:" in line else line for line in kept]
    file = tmp_path / "wording.yml"
    file.write_text("\n".join(lines), "utf-8")
    with pytest.raises(WordingBroken, match=said):
        Wording.load(file)
