"""Who holds a chat: one at a time, told to all, and never lost on the way from one to the other."""

import asyncio

import pytest

from helpline.conversation import brief, looking, notes, owning, presence, unsealing
from helpline.conversation.errors import (
    AlreadyTaken,
    HoldsOthers,
    Invalid,
    NotAllowed,
    NotConnected,
    NotOpen,
    NotYours,
    PassedOn,
)
from helpline.conversation.events import Message, State
from helpline.conversation.incoming import Incoming
from helpline.store import conversations, queue, tables
from tests.conversation.conftest import texts

DANGER = "he wont let me leave, the door is locked"


async def waits(helpline, text="i want to talk to someone"):
    """A young person who asked for a helper and waits: their access, and the chat's id."""
    _, access = await helpline.begin()
    await helpline.say(access, text)
    await helpline.young.ask_for_person(access)
    return access, access.conversation.hex()


async def talks(helpline, worker, **given):
    access, chat = await waits(helpline, **given)
    await owning.take(helpline.heart, worker, chat)
    return access, chat


def owner_of(events):
    return [event.owner for event in events if isinstance(event, State)][-1]


async def test_a_workers_first_words_are_whether_it_is_ok_to_talk(quiet):
    worker = await quiet.sign_in("robin")
    access, chat = await talks(quiet, worker)
    # When the worker has taken the chat, the question is there before any word of theirs
    events = await quiet.young.events(access, 0)
    asked = events[-1]
    assert (asked.sender, asked.text) == ("worker", "OK to talk now?")
    assert [button.title for button in asked.buttons] == ["Yes", "Not now", "Just numbers"]
    assert (await quiet.desk.transcript(worker, chat)).safe == "unanswered"
    # And the answer is what the desk shows
    await quiet.tap(access, "Yes")
    assert (await quiet.desk.transcript(worker, chat)).safe == "yes"


async def test_not_now_is_told_to_the_worker_who_can_ask_again(quiet):
    worker = await quiet.sign_in("robin")
    access, chat = await talks(quiet, worker)
    await quiet.tap(access, "Not now")
    assert (await quiet.desk.transcript(worker, chat)).safe == "no"
    # Nobody nags a worker for an answer to that
    entry = await quiet.kept(queue.entry_of, access.conversation)
    assert entry.unanswered_since is None
    # And nothing reaches a screen that somebody else may be looking at
    with pytest.raises(NotOpen):
        await quiet.desk.say(worker, chat, Incoming.make("2" * 32, "are you there"))
    # Asked again, it stands until they say yes
    await owning.ask_again(quiet.heart, worker, chat)
    assert (await quiet.desk.transcript(worker, chat)).safe == "no"
    await quiet.tap(access, "Yes")
    assert (await quiet.desk.transcript(worker, chat)).safe == "yes"


async def test_who_said_not_now_can_say_yes_by_themselves(quiet):
    worker = await quiet.sign_in("robin")
    access, chat = await talks(quiet, worker)
    await quiet.tap(access, "Not now")
    last = (await quiet.young.events(access, 0))[-1]
    assert [button.title for button in last.buttons] == ["Yes"]
    await quiet.tap(access, "Yes")
    assert (await quiet.desk.transcript(worker, chat)).safe == "yes"


async def test_just_numbers_gets_the_numbers_at_once(quiet):
    worker = await quiet.sign_in("robin")
    access, chat = await talks(quiet, worker)
    await quiet.tap(access, "Just numbers")
    assert "999" in texts(await quiet.young.events(access, 0), "service")[-1]
    assert (await quiet.desk.transcript(worker, chat)).safe == "numbers"


async def test_of_two_who_take_at_once_one_is_told_fifty_times(quiet):
    one, other = await quiet.sign_in("robin"), await quiet.sign_in("kit")
    for _ in range(50):
        access, chat = await waits(quiet)
        takes = (owning.take(quiet.heart, who, chat) for who in (one, other))
        came = await asyncio.gather(*takes, return_exceptions=True)
        # Then exactly one has it, and the other is told
        assert sorted(type(each) for each in came if each) == [AlreadyTaken]
        holder = one if came[0] is None else other
        assert (await quiet.kept(queue.entry_of, access.conversation)).staff == holder.staff
        await quiet.desk.end(holder, chat)


async def test_a_chat_is_passed_to_one_helper_with_a_note(quiet):
    robin, kit = await quiet.sign_in("robin"), await quiet.sign_in("kit")
    sam = await quiet.sign_in("sam")
    access, chat = await talks(quiet, robin)
    await owning.pass_on(quiet.heart, robin, chat, to=kit.staff, note="prefers short words")
    # Then it waits at the top for Kit, and for nobody else
    [row] = await quiet.desk.queue(kit)
    assert (row.wanted, row.returned) == ("Kit", True)
    with pytest.raises(PassedOn):
        await owning.take(quiet.heart, sam, chat)
    # And the young person is told
    told = texts(await quiet.young.events(access, 0), "service")
    assert told[-1].startswith("Your helper is passing you on")
    # And Kit reads the note, Robin nothing more
    await owning.take(quiet.heart, kit, chat)
    read = await quiet.kept(notes.read, kit, access.conversation)
    assert [(note.kind, note.text, note.by) for note in read] == [
        ("transfer", "prefers short words", "Robin")
    ]
    with pytest.raises(NotYours):
        await quiet.desk.transcript(robin, chat)


async def test_after_a_minute_anybody_may_take_what_was_passed_on(quiet):
    robin, kit = await quiet.sign_in("robin"), await quiet.sign_in("kit")
    sam = await quiet.sign_in("sam")
    _, chat = await talks(quiet, robin)
    await owning.pass_on(quiet.heart, robin, chat, to=kit.staff)
    quiet.clock.pass_seconds(61)
    await owning.take(quiet.heart, sam, chat)
    assert (await quiet.desk.mine(sam))[0].conversation == chat


async def test_a_chat_is_passed_to_nobody_who_is_not_here(quiet):
    robin = await quiet.sign_in("robin")
    _, chat = await talks(quiet, robin)
    for nobody in (robin.staff, 99, 3):
        with pytest.raises(Invalid):
            await owning.pass_on(quiet.heart, robin, chat, to=nobody)
    assert (await quiet.desk.mine(robin))[0].conversation == chat


async def test_what_was_given_back_goes_first_within_its_level(quiet):
    robin, kit = await quiet.sign_in("robin"), await quiet.sign_in("kit")
    await waits(quiet)
    quiet.clock.pass_seconds(5)
    _, chat = await talks(quiet, robin)
    await owning.pass_on(quiet.heart, robin, chat)
    first, *_ = await quiet.desk.queue(kit)
    assert first.conversation == chat


async def test_handed_back_the_assistant_answers_and_no_helper_can_read_on(helpline):
    worker = await helpline.sign_in("robin")
    access, chat = await talks(helpline, worker)
    await helpline.desk.say(worker, chat, Incoming.make("0" * 32, "hello"))
    await owning.hand_back(helpline.heart, worker, chat)
    events = await helpline.young.events(access, 0)
    assert owner_of(events) == "assistant"
    assert texts(events, "service")[-1].startswith("You are talking with the computer again")
    # When the young person goes on, the assistant answers
    before = len(texts(events, "assistant"))
    number = await helpline.say(access, "am i in trouble for running away")
    events = await helpline.young.events(access, 0)
    assert len(texts(events, "assistant")) > before
    # Then who had it can read what was said till then, and nothing after
    seen = await helpline.desk.transcript(worker, chat)
    assert "hello" in texts(seen.events, "worker")
    assert all(event.number < number for event in seen.events if isinstance(event, Message))
    row = await helpline.kept(conversations.by_id, access.conversation)
    assert row.key_epoch == 1
    assert await helpline.kept(conversations.wraps, row.id, "team:1") == {}
    # And another yes opens it all again
    await helpline.young.ask_for_person(access)
    await owning.take(helpline.heart, worker, chat)
    seen = await helpline.desk.transcript(worker, chat)
    assert number in [event.number for event in seen.events]


async def test_a_break_gives_back_all_that_is_held(quiet):
    robin, kit = await quiet.sign_in("robin"), await quiet.sign_in("kit")
    chats = [await talks(quiet, robin) for _ in range(2)]
    assert await owning.take_a_break(quiet.heart, robin) == 2
    assert {row.conversation for row in await quiet.desk.queue(kit)} == {c for _, c in chats}
    assert await presence.mine(quiet.heart, robin) == "break"
    for access, _ in chats:
        assert owner_of(await quiet.young.events(access, 0)) == "queue"


async def test_nobody_holds_more_than_they_take_at_once(quiet):
    robin = await quiet.sign_in("robin")
    for _ in range(3):
        await talks(quiet, robin)
    _, fourth = await waits(quiet)
    with pytest.raises(HoldsOthers):
        await owning.take(quiet.heart, robin, fourth)
    # But somebody in immediate danger is never left for that
    _, access = await quiet.begin()
    await quiet.say(access, DANGER)
    await owning.take(quiet.heart, robin, access.conversation.hex())


async def test_one_chat_at_a_time_beside_a_level_4(quiet):
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    await quiet.say(access, DANGER)
    await owning.take(quiet.heart, robin, access.conversation.hex())
    _, chat = await waits(quiet)
    with pytest.raises(HoldsOthers) as refused:
        await owning.take(quiet.heart, robin, chat)
    assert "level 4" in refused.value.message


async def test_a_supervisor_looks_in_and_the_worker_sees_it(quiet):
    robin, sam = await quiet.sign_in("robin"), await quiet.sign_in("sam")
    access, chat = await talks(quiet, robin)
    with pytest.raises(NotYours):
        await quiet.desk.transcript(sam, chat)
    await looking.look(quiet.heart, sam, chat)
    seen = await quiet.desk.transcript(sam, chat)
    assert seen.looking
    assert seen.opened
    assert (await quiet.desk.transcript(robin, chat)).lookers == ("Sam",)
    # And it is in the audit log, once
    await looking.look(quiet.heart, sam, chat)
    assert await audited(quiet, "looked in") == [(sam.staff, access.conversation, robin.staff)]
    # And it ends by itself
    quiet.clock.pass_seconds(61)
    await quiet.desk.here(robin)
    with pytest.raises(NotYours):
        await quiet.desk.transcript(sam, chat)


async def test_a_worker_looks_at_no_chat_of_another(quiet):
    robin, kit = await quiet.sign_in("robin"), await quiet.sign_in("kit")
    _, chat = await talks(quiet, robin)
    with pytest.raises(NotAllowed):
        await looking.look(quiet.heart, kit, chat)
    assert await looking.past(quiet.heart, kit) == []


async def test_a_supervisor_takes_over_and_all_three_are_told(quiet):
    robin, sam = await quiet.sign_in("robin"), await quiet.sign_in("sam")
    access, chat = await talks(quiet, robin)
    await owning.take_over(quiet.heart, sam, chat)
    with pytest.raises(NotYours):
        await quiet.desk.say(robin, chat, Incoming.make("1" * 32, "still me"))
    events = await quiet.young.events(access, 0)
    assert [e.worker for e in events if isinstance(e, State) and e.owner == "worker"] == [
        "Robin",
        "Sam",
    ]
    assert texts(events, "service")[-1].startswith("Another helper is with you now")
    assert texts(events, "worker")[-1] == "OK to talk now?"


async def test_the_rest_opens_without_a_yes_by_two_people_while_they_are_here(quiet):
    robin, sam = await quiet.sign_in("robin"), await quiet.sign_in("sam")
    _, access = await quiet.begin()
    early = await quiet.say(access, "my name is nobodys business")
    for text in ("hi", "hello again", DANGER):
        await quiet.say(access, text)
    chat = access.conversation.hex()
    await owning.take(quiet.heart, robin, chat)
    # Given a page that is closed, it cannot be asked for
    with pytest.raises(NotConnected):
        await unsealing.ask(quiet.heart, robin, chat, "life_in_danger")
    with quiet.heart.broadcast.listen(access.conversation):
        with pytest.raises(Invalid):
            await unsealing.ask(quiet.heart, robin, chat, "curiosity")
        await unsealing.ask(quiet.heart, robin, chat, "life_in_danger")
        # Then the one who asked does not decide
        with pytest.raises(NotAllowed):
            await unsealing.decide(
                quiet.heart, robin, chat, agreed=True, access_of=quiet.young.followed
            )
        assert not (await quiet.desk.transcript(robin, chat)).opened
        assert len(await unsealing.waiting(quiet.heart, sam)) == 1
        await unsealing.decide(quiet.heart, sam, chat, agreed=True, access_of=quiet.young.followed)
    # Then the worker reads all, still writes nothing, and the young person is told
    seen = await quiet.desk.transcript(robin, chat)
    assert seen.opened
    assert early in [event.number for event in seen.events]
    assert (
        "decided to read this whole chat"
        in texts(await quiet.young.events(access, 0), "service")[-1]
    )
    assert await audited(quiet, "agreed to open") == [(sam.staff, access.conversation, robin.staff)]


async def test_a_no_of_the_second_person_opens_nothing(quiet):
    robin, sam = await quiet.sign_in("robin"), await quiet.sign_in("sam")
    _, access = await quiet.begin()
    await quiet.say(access, DANGER)
    chat = access.conversation.hex()
    await owning.take(quiet.heart, robin, chat)
    with quiet.heart.broadcast.listen(access.conversation):
        await unsealing.ask(quiet.heart, robin, chat, "whereabouts")
        await unsealing.decide(quiet.heart, sam, chat, agreed=False, access_of=quiet.young.followed)
    assert not (await quiet.desk.transcript(robin, chat)).opened


async def test_the_brief_says_what_is_known_and_where_it_was_said(quiet):
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    place = await quiet.say(access, "im near the train station in Leeds")
    trigger = await quiet.say(access, DANGER)
    chat = access.conversation.hex()
    await owning.take(quiet.heart, robin, chat)
    before = await brief.of(quiet.heart, robin, chat)
    assert before.level == 4
    assert not before.opened
    assert before.safe == "unanswered"
    assert before.signs[0].said.number == trigger
    # The excerpt holds the message with the place
    assert [(said.text, said.number) for said in before.places] == [
        ("near the train station", place),
        ("Leeds", place),
    ]
    await quiet.tap(access, "Talk")
    await quiet.tap(access, "Yes")
    after = await brief.of(quiet.heart, robin, chat)
    assert after.opened
    assert after.safe == "yes"
    assert after.safe_at is not None
    assert [card.text for card in after.cards] == ["hurt"]


async def audited(helpline, action):
    """Who did it, in which chat, to whom."""
    entries = tables.audit_entry.c

    def find(connection):
        rows = connection.execute(
            tables.audit_entry.select().where(entries.action == action).order_by(entries.number)
        )
        return [(row.staff, row.conversation, row.about) for row in rows]

    return await helpline.heart.database.read(find)


async def test_a_closed_alert_that_two_had_opened_is_read_no_further(quiet):
    robin, sam = await quiet.sign_in("robin"), await quiet.sign_in("sam")
    _, access = await quiet.begin()
    await quiet.say(access, DANGER)
    chat = access.conversation.hex()
    await owning.take(quiet.heart, robin, chat)
    with quiet.heart.broadcast.listen(access.conversation):
        await unsealing.ask(quiet.heart, robin, chat, "life_in_danger")
        await unsealing.decide(quiet.heart, sam, chat, agreed=True, access_of=quiet.young.followed)
    # When the worker closes the alert and the young person goes on with the assistant
    await quiet.desk.end(robin, chat)
    number = await quiet.say(access, "what are my rights")
    # Then neither of the two reads that
    await looking.look(quiet.heart, sam, chat)
    for session in (robin, sam):
        seen = await quiet.desk.transcript(session, chat)
        assert number not in [event.number for event in seen.events]


async def test_a_second_alert_of_a_chat_is_closed_like_the_first(quiet):
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    chat = access.conversation.hex()
    for _ in range(2):
        await quiet.say(access, DANGER)
        await owning.take(quiet.heart, robin, chat)
        await quiet.desk.end(robin, chat)
        await quiet.desk.end(robin, chat)
    assert await quiet.desk.mine(robin) == []


async def test_an_alert_stays_on_the_desk_when_a_chat_that_was_handed_back_is_ended(quiet):
    robin = await quiet.sign_in("robin")
    access, chat = await talks(quiet, robin)
    await owning.hand_back(quiet.heart, robin, chat)
    await quiet.say(access, DANGER)
    await quiet.young.end(access)
    [row] = await quiet.desk.queue(robin)
    assert (row.level, row.owner) == (4, "ended")
    assert row.trigger is not None


async def test_a_second_look_is_in_the_audit_log_too(quiet):
    robin, sam = await quiet.sign_in("robin"), await quiet.sign_in("sam")
    _, chat = await talks(quiet, robin)
    await looking.look(quiet.heart, sam, chat)
    quiet.clock.pass_seconds(3600)
    sam = await quiet.sign_in("sam")
    await looking.look(quiet.heart, sam, chat)
    assert len(await audited(quiet, "looked in")) == 2


async def test_a_break_ends_with_the_shift(quiet):
    robin = await quiet.sign_in("robin")
    await owning.take_a_break(quiet.heart, robin)
    robin = await quiet.sign_in("robin")
    assert await presence.mine(quiet.heart, robin) == "here"


async def test_danger_that_was_passed_on_waits_for_nobody(quiet):
    robin, kit = await quiet.sign_in("robin"), await quiet.sign_in("kit")
    sam = await quiet.sign_in("sam")
    _, access = await quiet.begin()
    await quiet.say(access, DANGER)
    chat = access.conversation.hex()
    await owning.take(quiet.heart, robin, chat)
    await owning.pass_on(quiet.heart, robin, chat, to=kit.staff)
    await owning.take(quiet.heart, sam, chat)
    assert (await quiet.desk.mine(sam))[0].conversation == chat


async def test_passed_on_with_nobody_else_here_no_other_helper_is_promised(quiet):
    robin = await quiet.sign_in("robin")
    access, chat = await talks(quiet, robin)
    await owning.pass_on(quiet.heart, robin, chat)
    told = texts(await quiet.young.events(access, 0), "service")
    assert not any(text.startswith("Your helper is passing you on") for text in told)
    assert any(text.startswith("The helper had to go") for text in told)
