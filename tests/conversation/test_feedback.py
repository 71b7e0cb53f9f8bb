"""What is asked and counted after a chat: never after danger, and leading back to nobody."""

import pytest

from helpline.conversation import tally
from helpline.conversation.after import AfterWords
from helpline.conversation.errors import Invalid, NotAsked
from helpline.conversation.feedback import read_answers
from helpline.conversation.wording import WordingBroken
from helpline.store import conversations
from helpline.store.tally import TallyRow, between
from tests.conftest import ROOT

DANGER = "he wont let me leave, the door is locked"
MORE_DANGER = "hes coming up the stairs now hes going to hurt me"
ANSWERS = {"rights": "yes", "listened": "a_bit"}
COUNTED = {"rights:yes": 1, "listened:a_bit": 1}


async def counts(helpline):
    """Everything that was counted, on whatever day."""
    rows = await helpline.kept(between, 0, 10**6)
    return {row.name: row.count for row in rows}


async def taken(helpline, access):
    """Has a helper asked for, and robin take the chat."""
    robin = await helpline.sign_in("robin")
    await helpline.young.ask_for_person(access)
    [row] = await helpline.desk.queue(robin)
    await helpline.desk.take(robin, row.conversation)
    return robin, row.conversation


async def test_a_chat_is_ended_with_answers_and_each_can_be_skipped(quiet):
    # Given a chat in which no danger was written
    _, access = await quiet.begin()
    await quiet.say(access, "what are my rights")
    assert await quiet.young.may_be_asked(access)
    # When it is ended with two of the four answers
    await quiet.young.end(access, ANSWERS)
    # Then they are counted, and so is that the questions were asked
    assert await counts(quiet) == {**COUNTED, tally.ENDED: 1, tally.ASKED: 1}
    # And when another is ended without any, that is counted as well
    _, other = await quiet.begin()
    await quiet.young.end(other)
    assert await counts(quiet) == {**COUNTED, tally.ENDED: 2, tally.ASKED: 2}


async def test_nothing_is_asked_after_danger_with_a_helper_here_or_with_nobody(quiet):
    # Given a chat in danger with nobody on shift, and one with a worker at the desk
    _, alone = await quiet.begin()
    await quiet.say(alone, DANGER)
    await quiet.sign_in("robin")
    _, helped = await quiet.begin()
    await quiet.say(helped, DANGER)
    await quiet.say(helped, "im ok now thanks")
    for access in (alone, helped):
        # Then the questions are not asked, and answers are refused
        assert not await quiet.young.may_be_asked(access)
        with pytest.raises(NotAsked):
            await quiet.young.give_feedback(access, ANSWERS)
        with pytest.raises(NotAsked):
            await quiet.young.end(access, ANSWERS)
        # And it can be ended without
        await quiet.young.end(access)
    assert await counts(quiet) == {tally.LEVEL_4: 2, tally.ENDED: 2}


async def test_level_4_counts_once_in_a_chat(quiet):
    _, access = await quiet.begin()
    await quiet.say(access, DANGER)
    await quiet.say(access, MORE_DANGER)
    assert await counts(quiet) == {tally.LEVEL_4: 1}


async def test_after_a_worker_ended_it_the_token_lives_on_for_answers_given_once(quiet):
    # Given a chat that a worker ended
    _, access = await quiet.begin()
    robin, conversation = await taken(quiet, access)
    await quiet.desk.end(robin, conversation)
    assert await counts(quiet) == {tally.ENDED: 1, tally.ASKED: 1}
    # When the young person answers
    assert await quiet.young.may_be_asked(access)
    await quiet.young.give_feedback(access, ANSWERS)
    # Then it counts, and once only
    with pytest.raises(NotAsked):
        await quiet.young.give_feedback(access, ANSWERS)
    assert not await quiet.young.may_be_asked(access)
    # And ending it as well counts no second end
    await quiet.young.end(access)
    assert await counts(quiet) == {**COUNTED, tally.ENDED: 1, tally.ASKED: 1}


async def test_no_answers_leave_the_questions_open(quiet):
    _, access = await quiet.begin()
    await quiet.young.give_feedback(access, {})
    assert await quiet.young.may_be_asked(access)
    assert await counts(quiet) == {}


async def test_a_worker_who_ends_a_chat_of_level_4_has_nothing_asked(quiet):
    _, access = await quiet.begin()
    robin = await quiet.sign_in("robin")
    await quiet.say(access, DANGER)
    [row] = await quiet.desk.queue(robin)
    await quiet.desk.take(robin, row.conversation)
    await quiet.tap(access, "Talk")
    await quiet.desk.end(robin, row.conversation)
    assert await counts(quiet) == {tally.LEVEL_4: 1, tally.ENDED: 1}


async def test_nothing_in_the_database_leads_from_an_answer_to_a_chat(quiet):
    # Given a chat in which answers were given, and one in which none were
    _, access = await quiet.begin()
    _, other = await quiet.begin()
    await quiet.young.give_feedback(access, ANSWERS)
    # Then the counts hold a day, a name and a number
    assert set(TallyRow.__dataclass_fields__) == {"day", "name", "count"}
    days = {row.day for row in await quiet.kept(between, 0, 10**6)}
    assert days == {tally.day_of(quiet.heart.now())}
    # And the chat says no more than that it was asked
    row = await quiet.kept(conversations.by_id, access.conversation)
    assert row.feedback_given
    assert not (await quiet.kept(conversations.by_id, other.conversation)).feedback_given


async def test_who_leaves_declines_or_waits_in_vain_is_counted_too(quiet):
    # Given one who leaves quickly, and one who deletes
    for way in (quiet.young.leave_quickly, quiet.young.delete):
        _, access = await quiet.begin()
        await way(access)
    # And one who waits, is told that nobody came, and stops waiting
    await quiet.sign_in("robin")
    _, access = await quiet.begin()
    await quiet.young.ask_for_person(access)
    quiet.clock.pass_seconds(600)
    await quiet.young.events(access, 0)
    await quiet.young.stop_waiting(access)
    # Then each is counted once
    assert await counts(quiet) == {
        tally.LEFT_QUICKLY: 1,
        tally.DELETED: 1,
        tally.NOBODY_CAME: 1,
        tally.DECLINED: 1,
    }


async def test_counts_are_of_their_day(quiet):
    # Given two ended chats on two days
    for _ in range(2):
        _, access = await quiet.begin()
        await quiet.young.end(access)
        quiet.clock.pass_seconds(24 * 3600)
    rows = await quiet.kept(between, 0, 10**6)
    first = rows[0].day
    assert {row.day for row in rows} == {first, first + 1}
    # Then a span of days holds those of its days only
    assert {row.day for row in await quiet.kept(between, first, first)} == {first}


@pytest.mark.parametrize(
    "given",
    [None, [], "yes", {"rights": "maybe"}, {"name": "yes"}, {"rights": 1}, {"rights": ["yes"]}],
)
def test_what_is_no_answer_is_refused(given):
    with pytest.raises(Invalid):
        read_answers(given)


def test_a_skip_may_be_said_or_left_out():
    assert read_answers({"rights": "no", "choice": None}) == {"rights": "no"}
    assert read_answers({}) == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [("rights:", "right:"), ("back_in_line:", "other:"), ("{alone}", "{who}"), ("thanks:", ":")],
)
def test_a_broken_file_of_words_stops_the_start(tmp_path, old, new):
    text = (ROOT / "data" / "service" / "after.yml").read_text("utf-8")
    file = tmp_path / "after.yml"
    file.write_text(text.replace(old, new, 1) if old != "{alone}" else text.replace(old, new))
    with pytest.raises(WordingBroken, match=r"after\.yml"):
        AfterWords.load(file)
