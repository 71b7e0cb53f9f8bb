"""Coming back with six words: who gets in, what they see, and what a helper may read of it."""

import asyncio
import statistics
import time
from uuid import uuid4

import pytest

from helpline.conversation.after import AfterWords
from helpline.conversation.errors import (
    Invalid,
    NotOpen,
    SlowDown,
    UnknownCode,
    UnknownToken,
)
from helpline.conversation.events import Message, State
from helpline.conversation.incoming import Incoming
from helpline.conversation.returning import WAITING, Returning
from helpline.store import conversations, queue, returns
from helpline.vault import WrapBroken, open_for_team, token_hash
from helpline.vault.return_code import load_words, open_code, read_code
from tests.conftest import ROOT
from tests.conversation.conftest import texts

PEPPER = b"p" * 32
DANGER = "he wont let me leave, the door is locked"
SECRET = "a heron stood in the water"
WRONG = "abacus zoom harbor violin tulip cupcake"
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WITHIN = 0.05


@pytest.fixture(scope="module")
def words():
    return load_words(ROOT / "data" / "service" / "unfit_words.yml")


@pytest.fixture(scope="module")
def after():
    return AfterWords.load(ROOT / "data" / "service" / "after.yml")


@pytest.fixture
def codes(quiet, words, after):
    return Returning(quiet.heart, pepper=PEPPER, words=words, after=after)


async def seen(helpline, access):
    """All that this token's page is sent, in order."""
    return await helpline.young.events(access, 0)


async def back(helpline, codes, code):
    """Comes back with the code; returns the token and what it opens."""
    token = await codes.come_back(code)
    return token, await helpline.young.open(token)


def all_said(events):
    return " ".join(e.text for e in events if isinstance(e, Message))


def states(events):
    return [(e.owner, e.position) for e in events if isinstance(e, State)]


async def test_six_words_come_back_and_nothing_of_before_is_shown(quiet, codes, after):
    # Given a chat in which something was said, and a code asked for
    token, access = await quiet.begin()
    await quiet.say(access, SECRET)
    code = await codes.make_code(access)
    before = await seen(quiet, access)
    # When somebody comes back with it
    new, again = await back(quiet, codes, code)
    # Then it is the same chat under a new token, and the page is sent nothing of what was said
    assert new != token
    assert again.conversation == access.conversation
    shown = await seen(quiet, again)
    assert texts(shown, "service") == [after.back_assistant]
    assert SECRET not in all_said(shown)
    assert min(e.number for e in shown) > max(e.number for e in before)
    assert states(shown) == [("assistant", None)]
    # And what is said from now on is kept and shown
    await quiet.say(again, "i am here")
    assert texts(await seen(quiet, again), "young_person") == ["i am here"]
    # And asking for an older number shows no more
    assert SECRET not in all_said(await quiet.young.events(again, -1))


async def test_the_old_page_is_shut_when_somebody_comes_back(quiet, codes):
    # Given a page that follows its chat, and a code
    token, access = await quiet.begin()
    number = await quiet.say(access, "hello")
    code = await codes.make_code(access)
    last = (await seen(quiet, access))[-1].number
    following = quiet.young.follow(access, last)
    waiting = asyncio.ensure_future(anext(following, "over"))
    await asyncio.sleep(0)
    # When somebody comes back with the code
    await codes.come_back(code)
    # Then the old page's stream is over, and its token opens nothing and keeps nothing
    assert await asyncio.wait_for(waiting, 10) == "over"
    for act in (
        quiet.young.events(await quiet.young.open(token), number),
        quiet.young.receive(access, Incoming(uuid4(), text="still me")),
        quiet.young.ask_for_person(access),
        quiet.young.end(access),
        quiet.young.may_be_asked(access),
        codes.make_code(access),
    ):
        with pytest.raises(UnknownToken):
            await act


async def test_a_code_stays_good_until_another_is_made(quiet, codes):
    # Given a code that was used once
    _, access = await quiet.begin()
    first = await codes.make_code(access)
    _, access = await back(quiet, codes, first)
    # Then it is good again, in any spelling of case, spaces and hyphens
    _, access = await back(quiet, codes, f" {first.upper().replace(' ', ' - ')}")
    # When another is made
    second = await codes.make_code(access)
    # Then only that one is
    with pytest.raises(UnknownCode):
        await codes.come_back(first)
    await codes.come_back(second)


async def test_a_typo_opens_nothing(quiet, codes):
    _, access = await quiet.begin()
    code = await codes.make_code(access)
    for wrong in (code[:-1], code + "s", " ".join(code.split()[:5]), WRONG):
        with pytest.raises(UnknownCode):
            await codes.come_back(wrong)
    with pytest.raises(Invalid):
        await codes.come_back(" - ")


async def test_key_epochs_made_later_are_sealed_to_the_code_and_to_nobody_else(quiet, codes):
    # Given a chat with a code, taken back from the team by a no: a key epoch later
    await quiet.sign_in("robin")
    _, access = await quiet.begin()
    code = await codes.make_code(access)
    await quiet.young.ask_for_person(access)
    await quiet.young.stop_waiting(access)
    await quiet.say(access, "after the no")
    sealed = await quiet.kept(conversations.wraps, access.conversation, returns.CODE)
    assert set(sealed) == {0, 1}
    # Then the code opens every one of them, and nothing in the database alone does
    keys = open_code(read_code(code), PEPPER)
    for epoch, wrapped in sealed.items():
        opened = open_for_team(keys.private, wrapped, access.conversation, epoch)
        assert opened == access.ring.keys[epoch]
    stolen = open_code(read_code(code), bytes(32))
    with pytest.raises(WrapBroken):
        open_for_team(stolen.private, sealed[0], access.conversation, 0)
    # When somebody comes back, then the next key epoch is sealed to code and token as well
    token, again = await back(quiet, codes, code)
    for holder in (returns.CODE, "token"):
        kept = await quiet.kept(conversations.wraps, access.conversation, holder)
        assert set(kept) == {0, 1, 2}
    row = await quiet.kept(conversations.by_id, access.conversation)
    assert row.token_hash == token_hash(token) == again.name


async def test_a_code_that_was_replaced_opens_no_key(quiet, codes):
    _, access = await quiet.begin()
    await codes.make_code(access)
    first = await quiet.kept(conversations.wraps, access.conversation, returns.CODE)
    await codes.make_code(access)
    second = await quiet.kept(conversations.wraps, access.conversation, returns.CODE)
    assert first[0] not in second.values()
    assert await quiet.kept(returns.count) == 1


async def test_a_helper_cannot_read_what_is_written_after_a_return_until_a_yes(quiet, codes, after):
    # Given a helper who is in the chat
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    code = await codes.make_code(access)
    await quiet.say(access, SECRET)
    await quiet.young.ask_for_person(access)
    [row] = await quiet.desk.queue(robin)
    await quiet.desk.take(robin, row.conversation)
    # When somebody comes back with the code
    _, again = await back(quiet, codes, code)
    # Then they are told that a helper has the chat, and are asked
    shown = await seen(quiet, again)
    assert states(shown) == [("queue", None)]
    assert texts(shown, "service") == [after.back_with_helper]
    assert [b.title for b in shown[-1].buttons] == ["Talk", "Not now"]
    # And the helper sees that they came back, reads nothing of what is written, and cannot write
    await quiet.say(again, "who am i")
    told = await quiet.desk.transcript(robin, row.conversation)
    assert [e.came_back for e in told.events if isinstance(e, State)][-1]
    assert SECRET in texts(told.events, "young_person")
    assert "who am i" not in texts(told.events, "young_person")
    with pytest.raises(NotOpen):
        await quiet.desk.say(robin, row.conversation, Incoming(uuid4(), text="hi"))
    # When they tap Talk
    await quiet.tap(again, "Talk")
    # Then the helper reads it and can write: the code word first
    told = await quiet.desk.transcript(robin, row.conversation)
    assert "who am i" in texts(told.events, "young_person")
    await quiet.desk.say(robin, row.conversation, Incoming(uuid4(), text="What is our word?"))
    assert texts(await seen(quiet, again), "worker")[-1] == "What is our word?"
    assert SECRET not in all_said(await seen(quiet, again))


async def test_who_waits_keeps_their_place_and_is_asked_again(quiet, codes, after):
    # Given two in line, of whom the first has a code
    robin = await quiet.sign_in("robin")
    _, first = await quiet.begin()
    code = await codes.make_code(first)
    await quiet.young.ask_for_person(first)
    quiet.clock.pass_seconds(5)
    _, second = await quiet.begin()
    await quiet.young.ask_for_person(second)
    # When the first comes back
    _, again = await back(quiet, codes, code)
    # Then they are told that they are still in line, and a tap gives them their place again
    shown = await seen(quiet, again)
    assert texts(shown, "service") == [after.back_in_line]
    assert states(shown) == [("queue", None)]
    await quiet.tap(again, "Talk")
    assert states(await seen(quiet, again))[-1] == ("queue", 1)
    assert states(await seen(quiet, second))[-1] == ("queue", 2)
    rows = await quiet.desk.queue(robin)
    assert [row.conversation for row in rows] == [
        again.conversation.hex(),
        second.conversation.hex(),
    ]


async def test_who_comes_back_and_taps_not_now_is_out_of_line(quiet, codes):
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    code = await codes.make_code(access)
    await quiet.young.ask_for_person(access)
    _, again = await back(quiet, codes, code)
    await quiet.tap(again, "Not now")
    assert await quiet.desk.queue(robin) == []
    assert states(await seen(quiet, again))[-1] == ("assistant", None)
    assert await quiet.kept(conversations.epochs_let_in, again.conversation) == set()


async def test_nobody_left_at_the_desk_is_told_truly(quiet, codes):
    # Given somebody in line, and a desk that is empty when they come back
    await quiet.sign_in("robin")
    _, access = await quiet.begin()
    code = await codes.make_code(access)
    await quiet.young.ask_for_person(access)
    quiet.clock.pass_seconds(600)
    _, again = await back(quiet, codes, code)
    # When their page asks what happened, then it is told at once that nobody could come
    assert texts(await seen(quiet, again), "service")[-1] == quiet.heart.policy.nobody_came().text


async def test_a_chat_that_a_worker_ended_goes_on_with_the_assistant(quiet, codes, after):
    # Given a chat that a worker ended, and a code made after that
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    await quiet.say(access, SECRET)
    await quiet.young.ask_for_person(access)
    [row] = await quiet.desk.queue(robin)
    await quiet.desk.take(robin, row.conversation)
    await quiet.desk.end(robin, row.conversation)
    code = await codes.make_code(access)
    # When somebody comes back
    _, again = await back(quiet, codes, code)
    # Then the assistant has it, no team key opens it, and the worker reads no more of it
    assert states(await seen(quiet, again)) == [("assistant", None)]
    assert texts(await seen(quiet, again), "service") == [after.back_assistant]
    number = await quiet.say(again, "new words")
    assert number
    assert await quiet.kept(conversations.epochs_let_in, again.conversation) == set()
    told = await quiet.desk.transcript(robin, row.conversation)
    assert SECRET in texts(told.events, "young_person")
    assert "new words" not in texts(told.events, "young_person")
    # And a person can be asked for again
    await quiet.young.ask_for_person(again)
    assert states(await seen(quiet, again))[-1] == ("queue", 1)


@pytest.mark.parametrize("way", ["leave_quickly", "end"])
async def test_with_a_code_a_chat_is_kept_to_come_back_into(quiet, codes, way):
    # Given a chat with the assistant alone, and its code
    token, access = await quiet.begin()
    await quiet.say(access, SECRET)
    code = await codes.make_code(access)
    # When they leave quickly, or end it
    await getattr(quiet.young, way)(access)
    # Then the token opens nothing, and the code does
    with pytest.raises(UnknownToken):
        await quiet.young.open(token)
    _, again = await back(quiet, codes, code)
    assert states(await seen(quiet, again)) == [("assistant", None)]
    assert SECRET not in all_said(await seen(quiet, again))
    row = await quiet.kept(conversations.by_id, access.conversation)
    assert not row.left_quickly


async def test_after_delete_no_code_opens_it(quiet, codes):
    # Given a chat with the assistant alone, one let in, and one let in at level 4, each with a code
    robin = await quiet.sign_in("robin")
    made = []
    for text in (None, "hello", DANGER):
        _, access = await quiet.begin()
        if text:
            await quiet.say(access, text)
            await quiet.young.ask_for_person(access)
            [row] = await quiet.desk.queue(robin)
            await quiet.desk.take(robin, row.conversation)
        made.append((await codes.make_code(access), access))
    # When each is deleted
    for code, access in made:
        await quiet.young.delete(access)
        # Then its code opens nothing, and no key is left for it
        with pytest.raises(UnknownCode):
            await codes.come_back(code)
        assert await quiet.kept(conversations.wraps, access.conversation, returns.CODE) == {}
    assert await quiet.kept(returns.count) == 0
    hidden = await quiet.kept(conversations.by_id, made[2][1].conversation)
    assert hidden.hidden_hour is not None


async def test_danger_after_a_return_shows_a_helper_nothing_of_before(quiet, codes):
    # Given a chat in which things were said, and a return
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    await quiet.say(access, SECRET)
    await quiet.say(access, DANGER)
    code = await codes.make_code(access)
    _, again = await back(quiet, codes, code)
    # When danger is written
    await quiet.say(again, "hes coming up the stairs now hes going to hurt me")
    # Then the excerpt made of it holds that alone
    shown = (await quiet.kept(conversations.excerpts, again.conversation))[-1].number
    [row] = await quiet.desk.queue(robin)
    await quiet.desk.take(robin, row.conversation)
    told = await quiet.desk.transcript(robin, row.conversation)
    before = [e.number for e in told.events if isinstance(e, Message) and e.number < shown]
    row = await quiet.kept(conversations.by_id, again.conversation)
    assert all(number < row.shown_from for number in before)
    # And they are told in full what a helper sees, as somebody who has been told nothing yet
    words = quiet.heart.policy.words["helper_may_see"]
    assert any(words in each for each in texts(await seen(quiet, again), "service"))


async def test_what_was_not_answered_before_is_not_answered_after(quiet, codes):
    # Given a message that a crash left unanswered
    _, access = await quiet.begin()
    number = await quiet.say(access, "a question")
    code = await codes.make_code(access)
    await quiet.heart.database.write(
        lambda c: conversations.change(c, access.conversation, answered=number - 1)
    )
    # When somebody comes back and follows the chat
    _, again = await back(quiet, codes, code)
    first = await seen(quiet, again)
    await quiet.say(again, "another question")
    # Then only what is asked now is answered
    events = await seen(quiet, again)
    own = next(e.number for e in events if isinstance(e, Message) and e.sender == "young_person")
    assert [e for e in events if e.number < own] == first


@ONE_DATABASE
async def test_right_and_wrong_codes_take_the_same_time(quiet, codes):
    # Given a chat with a code
    _, access = await quiet.begin()
    code = await codes.make_code(access)

    async def seconds(written):
        began = time.perf_counter()
        try:
            await codes.come_back(written)
        except UnknownCode:
            return time.perf_counter() - began, False
        return time.perf_counter() - began, True

    # When 20 right and 20 wrong ones are tried in turn, and more if another program is in the way
    tries = list[tuple[float, bool]]()
    apart = 1.0
    while apart > WITHIN and len(tries) < 160:
        tries += [await seconds(written) for _ in range(20) for written in (code, WRONG)]
        right = statistics.median(took for took, opened in tries if opened)
        wrong = statistics.median(took for took, opened in tries if not opened)
        apart = abs(right - wrong) / max(right, wrong)
    # Then the medians of all of them are within 5 % of each other
    assert sum(opened for _, opened in tries) == len(tries) / 2
    assert apart <= WITHIN


@ONE_DATABASE
async def test_two_are_looked_at_at_a_time_others_wait_and_too_many_are_told_to(
    quiet, codes, monkeypatch
):
    # Given how many codes are being looked at
    at_once, most = 0, 0

    async def counted(letters):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return await Returning._open(codes, letters)
        finally:
            at_once -= 1

    monkeypatch.setattr(codes, "_open", counted)
    # When more are tried than may wait
    tries = [codes.come_back(WRONG) for _ in range(WAITING + 5)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    # Then two are at work at a time, and those beyond the line are told when to try again
    assert most == 2
    assert sum(isinstance(answer, UnknownCode) for answer in answers) == WAITING
    refused = [answer for answer in answers if isinstance(answer, SlowDown)]
    assert len(refused) == 5
    assert all(answer.retry_after > 0 for answer in refused)
    # And who comes after them is served
    _, access = await quiet.begin()
    code = await codes.make_code(access)
    await codes.come_back(code)


async def test_a_place_in_the_queue_is_left_by_stop_waiting(quiet):
    # Given somebody in line
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    await quiet.young.ask_for_person(access)
    # When they stop waiting
    await quiet.young.stop_waiting(access)
    # Then they are out of line, the team has no key, and the assistant goes on
    assert await quiet.desk.queue(robin) == []
    assert await quiet.kept(conversations.epochs_let_in, access.conversation) == set()
    events = await seen(quiet, access)
    assert states(events)[-1] == ("assistant", None)
    assert texts(events, "service")[-1] == quiet.heart.wording.not_now
    assert (await quiet.kept(queue.entry_of, access.conversation)).closed
