"""What the service does by itself: chats of helpers who are gone, silent helpers, alerts once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from helpline.conversation.alarms import alarms
from helpline.conversation.alerting import Alerting
from helpline.conversation.events import State
from helpline.conversation.incoming import Incoming
from helpline.conversation.lookout import Lookout
from helpline.settings import Settings
from helpline.store import queue, staff, tables, waiting
from tests.conversation.shift import Shift, quiet_helpline

AWAY = "Your helper may have lost connection. You will hear from me within 2 minutes."
SLOW = "Your helper has not written for a while. You will hear from me within 2 minutes."


@pytest.fixture
async def called(make_helpline, team):
    """A helpline like `quiet`, with a lead on call."""
    async with quiet_helpline(make_helpline, team, on_call=lambda _: True) as helpline:
        yield helpline


async def talking(quiet, name="robin"):
    """A shift in which a worker talks with a young person: the shift, their session, the access."""
    shift = Shift.of(quiet)
    session = await shift.signs_in(name)
    _, access = await quiet.begin()
    await quiet.young.ask_for_person(access)
    await quiet.desk.take(session, access.conversation.hex())
    return shift, session, access


def _more(number):
    return Incoming.make(f"12345678-1234-5678-1234-5678123456{number:02}", "I am here")


async def test_a_helper_who_is_not_heard_of_is_away_and_then_the_chat_is_back_on_top(quiet):
    # Given a worker who talks with somebody, another who waits, and a second worker
    shift, _, access = await talking(quiet)
    await shift.signs_in("kit")
    _, other = await quiet.begin()
    await quiet.young.ask_for_person(other)
    # When the worker's laptop is closed
    shift.crashes("robin")
    await shift.passes(50, access)
    # Then the young person is told, once, and the desk shows it
    assert (await shift.told(access)).count(AWAY) == 1
    [row] = await quiet.desk.mine(shift.sessions["robin"])
    assert row.standing == "away"
    # And two minutes after the last that was heard they are told again, and stand on top
    await shift.passes(70, access)
    assert "The helper had to go." in (await shift.told(access))[-1]
    assert (await shift.told(access)).count(AWAY) == 1
    first, second = await quiet.desk.queue(shift.sessions["kit"])
    assert (first.conversation, second.conversation) == (
        access.conversation.hex(),
        other.conversation.hex(),
    )
    entry = await shift.entry(access)
    assert (entry.returned, entry.taken_at, entry.unanswered_since) == (True, None, None)
    states = [e for e in await quiet.young.events(access, 0) if isinstance(e, State)]
    assert (states[-1].owner, states[-1].position) == ("queue", 1)


async def test_a_chat_goes_back_although_the_young_persons_page_is_closed(quiet):
    shift, _, access = await talking(quiet)
    await shift.signs_in("kit")
    shift.crashes("robin")
    # When nobody has the young person's page open
    await shift.passes(125)
    # Then the chat waits for another helper, and its history says that it was given back
    [row] = await quiet.desk.queue(shift.sessions["kit"])
    assert row.conversation == access.conversation.hex()
    # And the young person hears of it as soon as they are back
    assert not any("had to go" in text for text in await shift.told(access))
    await quiet.young.events(access, 0)
    assert "The helper had to go." in (await shift.told(access))[-1]


async def test_a_helper_who_is_heard_of_again_in_time_keeps_the_chat(quiet):
    shift, _, access = await talking(quiet)
    shift.crashes("robin")
    await shift.passes(60, access)
    assert AWAY in await shift.told(access)
    # When the network is there again
    shift.here.add("robin")
    await shift.passes(10, access)
    # Then the young person is told so, once, and nothing was given back
    assert (await shift.told(access))[-1] == "Your helper is here again."
    await shift.passes(60, access)
    assert (await shift.told(access)).count("Your helper is here again.") == 1
    assert (await shift.entry(access)).staff is not None


async def test_a_silent_helper_is_nudged_then_shown_as_away_then_loses_the_chat(quiet):
    # Given a worker who is connected, and a message that nobody answers
    shift, robin, access = await talking(quiet)
    await shift.signs_in("kit")
    await shift.writes(access, "are you there")
    within = quiet.heart.answer_within_s
    # When half of the time has passed
    await shift.passes(within / 2 + 5, access)
    # Then their desk nudges them, and nobody else
    assert (await alarms(quiet.heart, robin)).owed == ((access.conversation.hex(), "nudged"),)
    assert (await alarms(quiet.heart, shift.sessions["kit"])).owed == ()
    assert SLOW not in await shift.told(access)
    # And after the whole of it the young person is told
    await shift.passes(within / 2, access)
    assert (await shift.told(access))[-1] == SLOW
    assert (await alarms(quiet.heart, robin)).owed == ((access.conversation.hex(), "slow"),)
    # And they hear again within two minutes: the chat is back, on top
    await shift.passes(80, access)
    assert "Your helper did not answer." in (await shift.told(access))[-1]
    [row] = await quiet.desk.queue(shift.sessions["kit"])
    assert row.conversation == access.conversation.hex()


async def test_an_answer_ends_what_is_owed_and_typing_puts_it_off(quiet):
    shift, robin, access = await talking(quiet)
    chat, within = access.conversation.hex(), quiet.heart.answer_within_s
    await shift.writes(access, "are you there")
    await shift.passes(within - 20, access)
    # When the worker types, then nothing is owed for as long again
    await quiet.desk.typing(robin, chat)
    await shift.passes(within - 20, access)
    assert SLOW not in await shift.told(access)
    # And an answer ends it
    await quiet.desk.say(robin, chat, _more(1))
    await shift.passes(2 * within, access)
    assert SLOW not in await shift.told(access)
    assert (await shift.entry(access)).staff == robin.staff
    # And the next message is owed an answer anew
    await shift.writes(access, "ok")
    await shift.passes(within + 5, access)
    assert (await shift.told(access))[-1] == SLOW


async def test_a_yes_to_the_first_words_is_owed_an_answer_and_a_not_now_is_owed_none(quiet):
    # Given a worker whose question whether it is OK to talk has not been answered
    shift, robin, access = await talking(quiet)
    await shift.passes(2 * quiet.heart.answer_within_s, access)
    assert SLOW not in await shift.told(access)
    # When the young person wants to wait, after they have written
    await shift.writes(access, "someone is here")
    await quiet.tap(access, "Not now")
    await shift.passes(2 * quiet.heart.answer_within_s, access)
    assert SLOW not in await shift.told(access)
    # And then it is OK
    await quiet.tap(access, "Yes")
    await shift.passes(quiet.heart.answer_within_s + 5, access)
    assert (await shift.told(access))[-1] == SLOW
    assert (await shift.entry(access)).staff == robin.staff


async def test_who_may_not_write_yet_owes_no_answer(quiet):
    # Given a worker who watches a level 4 that got no yes
    shift = Shift.of(quiet)
    robin = await shift.signs_in("robin")
    _, access = await quiet.begin()
    await shift.writes(access)
    await quiet.desk.take(robin, access.conversation.hex())
    # Then however long it takes, it stays theirs
    await shift.passes(2 * quiet.heart.answer_within_s, access)
    assert (await shift.entry(access)).staff == robin.staff
    assert (await alarms(quiet.heart, robin)).owed == ()


async def test_who_left_quickly_is_owed_no_answer(quiet):
    shift, robin, access = await talking(quiet)
    await shift.writes(access, "someone is coming")
    await quiet.young.leave_quickly(access)
    await shift.passes(2 * quiet.heart.answer_within_s)
    assert (await shift.entry(access)).staff == robin.staff
    assert (await alarms(quiet.heart, robin)).owed == ()


async def test_supervisors_see_a_level_4_that_nobody_took_and_workers_keep_their_queue(quiet):
    # Given a worker and a supervisor who both do not react
    shift = Shift.of(quiet)
    robin, sam = await shift.signs_in("robin"), await shift.signs_in("sam")
    _, access = await quiet.begin()
    await shift.writes(access)
    await shift.passes(55, access)
    assert (await alarms(quiet.heart, sam)).untaken == ()
    # When 60 s have passed, then the desk is woken and the supervisor's alarm is on
    following = quiet.desk.follow(sam)
    waking = asyncio.create_task(anext(following))
    await asyncio.sleep(0)
    await shift.passes(5, access)
    change = await asyncio.wait_for(waking, 10)
    while change.kind != "queue":
        change = await asyncio.wait_for(anext(following), 10)
    assert change.conversation == access.conversation.hex()
    assert (await alarms(quiet.heart, sam)).untaken == (access.conversation.hex(),)
    assert (await alarms(quiet.heart, robin)).untaken == ()
    [row] = await quiet.desk.queue(sam)
    assert row.lead_told
    await following.aclose()
    # And it is off once somebody takes it
    await quiet.desk.take(robin, access.conversation.hex())
    assert (await alarms(quiet.heart, sam)).untaken == ()


async def test_two_processes_claim_an_alert_once(quiet):
    # Given a level 4 that is due, and two processes that look at the same moment
    shift = Shift.of(quiet)
    await shift.signs_in("robin")
    _, access = await quiet.begin()
    await shift.writes(access)
    quiet.clock.pass_seconds(61)
    await quiet.desk.here(shift.sessions["robin"])
    now = quiet.heart.now()

    def claim(connection):
        return waiting.claim_alert(connection, access.conversation, now, now - 100, "sending")

    claims = await asyncio.gather(*(quiet.heart.database.write(claim) for _ in range(8)))
    # Then one of them has it, and the lookout of another leaves it alone
    assert sorted(claims) == [False] * 7 + [True]
    assert (await shift.lookout.look()) is None
    assert (await shift.entry(access)).lead_told_at == now


async def test_an_alert_whose_process_died_is_sent_by_another(quiet):
    # Given an alert that a process claimed and never finished
    shift = Shift.of(quiet)
    await shift.signs_in("robin")
    _, access = await quiet.begin()
    await shift.writes(access)
    await shift.passes(65)
    before = (await shift.entry(access)).lead_told_at

    def dies(connection):
        connection.execute(update(tables.queue_entry).values(alert="sending"))

    await quiet.heart.database.write(dies)
    # When it is long over due, then it is claimed anew, and not before
    await shift.passes(60)
    assert (await shift.entry(access)).lead_told_at == before
    await shift.passes(120)
    assert (await shift.entry(access)).lead_told_at > before


async def test_what_no_young_person_waits_for_costs_one_query(quiet, monkeypatch):
    # Given nobody in the queue
    shift, asked = Shift.of(quiet), []
    monkeypatch.setattr(staff, "here", lambda *parts: asked.append(parts))
    await shift.lookout.look()
    assert asked == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_look_over_open_chats_goes_by_an_index(quiet):
    def plan(connection):
        query = "EXPLAIN QUERY PLAN SELECT * FROM queue_entry WHERE closed IS 0"
        return " ".join(str(row) for row in connection.exec_driver_sql(query))

    assert "ix_queue_entry_closed" in await quiet.heart.database.read(plan)


async def test_an_error_costs_one_look_and_is_logged_by_its_kind(quiet, monkeypatch, caplog):
    # Given a database that fails once
    shift, looks = Shift.of(quiet), []

    async def look(self):
        looks.append(1)
        if len(looks) == 1:
            raise OSError("someone's words")
        raise asyncio.CancelledError

    monkeypatch.setattr(Lookout, "look", look)
    monkeypatch.setattr("helpline.conversation.lookout.LOOK_EVERY_S", 0.0)
    with pytest.raises(asyncio.CancelledError):
        await shift.lookout.run()
    # Then it looks again, and the log holds no words
    assert len(looks) == 2
    assert "OSError" in caplog.text
    assert "someone's words" not in caplog.text


async def test_a_flood_of_danger_is_one_alert_every_ten_seconds(called):
    # Given an on-call lead, nobody at the desk, and five in danger one after the other
    sent = []

    class Counting(Alerting):
        async def send(self, to, title, body):
            sent.append(body)
            return "sent"

    address = {"reaches": "on_call", "address": "json://127.0.0.1:9/"}
    settings = Settings(alerts=(address,), desk_address="https://desk.example/desk")
    shift = Shift(
        called, Lookout(called.heart, Counting(settings.alerts, lambda _: True), settings)
    )
    for _ in range(5):
        _, access = await called.begin()
        await shift.writes(access)
        await shift.tick()
        await shift.lookout.settled()
        called.clock.pass_seconds(1)
    # Then the first is told at once and the others together, with their number and since when
    await shift.passes(10)
    await shift.lookout.settled()
    assert sent == [
        "A level 4 waits for a helper since 20:00. Desk: https://desk.example/desk",
        "4 at level 4 wait for a helper, the first since 20:00. Desk: https://desk.example/desk",
    ]


async def test_the_hour_in_an_alert_is_the_one_on_the_wall(called):
    summer = datetime(2026, 7, 1, 19, 30, tzinfo=UTC)
    called.clock.now = summer
    sent = []

    class Keeping(Alerting):
        async def send(self, to, title, body):
            sent.append((title, body))
            return "failed"

    address = {"reaches": "on_call", "address": "json://127.0.0.1:9/"}
    settings = Settings(alerts=(address,), service_name="Harbour")
    keeping = Keeping(settings.alerts, lambda _: True)
    shift = Shift(called, Lookout(called.heart, keeping, settings))
    _, access = await called.begin()
    await shift.writes(access)
    await shift.tick()
    await shift.lookout.settled()
    [(title, body)] = sent
    assert title == "Harbour: level 4"
    assert "since 20:30" in body
    # And nothing of the chat is in it
    assert access.conversation.hex() not in title + body
    # And when nobody could be reached, the young person hears the truth at once
    await shift.tick([access])
    assert any("Nobody could come yet" in text for text in await shift.told(access))
    # And whoever comes to the desk sees that the alert failed, for a day
    sam = await called.sign_in("sam")
    assert (await alarms(called.heart, sam)).trouble == summer.timestamp()
    called.clock.now = summer + timedelta(hours=25)
    sam = await called.sign_in("sam")
    assert (await alarms(called.heart, sam)).trouble is None


async def test_what_a_chat_lost_and_got_back_is_told_to_no_later_helper(quiet):
    """A chat that another helper took meanwhile has no old news for the young person."""
    shift, _, access = await talking(quiet)
    kit = await shift.signs_in("kit")
    shift.crashes("robin")
    await shift.passes(125)
    await quiet.desk.take(kit, access.conversation.hex())
    before = len(await shift.told(access))
    await quiet.young.events(access, 0)
    assert len(await shift.told(access)) == before
    assert (await quiet.kept(queue.entry_of, access.conversation)).owed is None
