"""What each level does, on both databases, with the real screen and the real assistant."""

from uuid import uuid4

import pytest

from helpline.conversation.errors import NotOpen, NotYours
from helpline.conversation.events import Broken, Message, State
from helpline.conversation.incoming import Incoming
from helpline.conversation.sealing import open_event
from helpline.dialogue import Dialogue, Reply, Turn
from helpline.store import conversations
from helpline.vault import KeyRing, WrapBroken, open_for_team
from tests.conversation.conftest import texts

DANGER = "he wont let me leave, the door is locked"
CONCERN = "my boyfriend is 24 and i am 14"
NO_TOPIC = "he gave me another phone to use"
POLISH = "nie wiem co mam robić, mój ojciec jest zły i boję się"
POLISH_DANGER = "ojczym mnie bije prosze pomocy"


async def test_level_4_with_nobody_on_shift_seals_nothing_and_says_so(helpline):
    # Given nobody at the desk
    _, access = await helpline.begin()
    # When a young person writes of immediate danger
    await helpline.say(access, DANGER)
    # Then the emergency card comes first, and the truth that nobody will read this
    events = await helpline.young.events(access, 2)
    service = [e for e in events if isinstance(e, Message) and e.sender == "service"]
    assert service[0].card == "hurt"
    assert service[0].text.startswith("999")
    assert "No helper until 9am" in service[1].text
    # And the assistant was not asked
    assert texts(events, "assistant") == []
    # And nothing is sealed for the team, and nobody is in the queue
    assert await helpline.kept(conversations.excerpts, access.conversation) == []
    assert await helpline.kept(conversations.epochs_let_in, access.conversation) == set()
    robin = await helpline.sign_in("robin")
    assert await helpline.desk.queue(robin) == []


async def test_level_4_with_a_helper_shows_three_messages_and_nothing_else_until_talk(helpline):
    # Given a worker at the desk and a young person who has written five messages
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    for text in ("hello", "what are my rights", "do i have to go back"):
        await helpline.say(access, text)
    # When danger is noticed
    await helpline.say(access, DANGER)
    # Then it is on top of the queue with its quoted trigger
    [row] = await helpline.desk.queue(robin)
    assert (row.level, row.agreed, row.reason) == (4, "unanswered", "danger")
    assert row.trigger
    assert row.trigger in DANGER
    # And the worker who takes it sees the last three messages of the young person, no more
    await helpline.desk.take(robin, row.conversation)
    transcript = await helpline.desk.transcript(robin, row.conversation)
    assert not transcript.opened
    assert texts(transcript.events, "young_person") == [
        "what are my rights",
        "do i have to go back",
        DANGER,
    ]
    # And may not write
    with pytest.raises(NotOpen):
        await helpline.desk.say(robin, row.conversation, Incoming(uuid4(), text="hi"))
    # And the worker's own key opens no key of this conversation but the excerpt's
    excerpts = await helpline.kept(conversations.excerpts, access.conversation)
    wrapped = await helpline.kept(conversations.wraps, access.conversation, "token")
    events = await helpline.kept(conversations.events_after, access.conversation, 0)
    [excerpt] = excerpts
    keys = await helpline.kept(conversations.excerpt_keys, access.conversation)
    sealed = keys[excerpt.number, "team:1"]
    opened = open_for_team(robin.team[1], sealed, excerpt.conversation, excerpt.number)
    for key in wrapped.values():
        with pytest.raises(WrapBroken):
            open_for_team(robin.team[1], key, access.conversation, 0)
    for event in events:
        if event.kind == "message":
            assert isinstance(open_event(KeyRing({0: opened}), event), Broken)


async def test_talk_opens_the_chat_to_the_worker_who_took_it(helpline):
    # Given a level 4 that a worker watches
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, "hello there")
    await helpline.say(access, DANGER)
    [row] = await helpline.desk.queue(robin)
    await helpline.desk.take(robin, row.conversation)
    # When the young person taps Talk
    await helpline.tap(access, "Talk")
    # Then the worker reads the whole chat and writes
    transcript = await helpline.desk.transcript(robin, row.conversation)
    assert transcript.opened
    assert "hello there" in texts(transcript.events, "young_person")
    await helpline.desk.say(robin, row.conversation, Incoming(uuid4(), text="I am Robin."))
    # And the young person sees who it is, and what they wrote
    events = await helpline.young.events(access, 0)
    assert [e.worker for e in events if isinstance(e, State)][-1] == "Robin"
    assert texts(events, "worker") == ["OK to talk now?", "I am Robin."]
    # And the assistant is silent from then on
    before = texts(events, "assistant")
    await helpline.say(access, "yes i can talk")
    assert texts(await helpline.young.events(access, 0), "assistant") == before


async def test_after_a_no_the_worker_may_read_the_excerpt_and_does_not_write(helpline):
    # Given a level 4 that a worker took
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, DANGER)
    [row] = await helpline.desk.queue(robin)
    await helpline.desk.take(robin, row.conversation)
    # When the young person says not now
    await helpline.tap(access, "Not now")
    # Then the worker still reads the excerpt, and may not write
    transcript = await helpline.desk.transcript(robin, row.conversation)
    assert texts(transcript.events, "young_person") == [DANGER]
    assert transcript.agreed == "no"
    with pytest.raises(NotOpen):
        await helpline.desk.say(robin, row.conversation, Incoming(uuid4(), text="hi"))
    # And the assistant answers again
    await helpline.say(access, "what are my rights")
    events = await helpline.young.events(access, 0)
    assert texts(events, "assistant")


async def test_what_is_written_after_a_no_is_under_a_key_the_team_never_got(helpline):
    # Given a yes, and then a no
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, DANGER)
    await helpline.young.ask_for_person(access)
    await helpline.tap(access, "Not now")
    number = await helpline.say(access, "this is only for the assistant")
    # Then the team has no key any more, and never had the one of what came after
    let_in = await helpline.kept(conversations.epochs_let_in, access.conversation)
    events = await helpline.kept(conversations.events_after, access.conversation, number - 1)
    assert let_in == set()
    assert all(event.key_epoch == 1 for event in events if event.kind == "message")
    assert robin.team


async def test_the_next_sign_of_danger_asks_again_after_a_no(helpline):
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, DANGER)
    await helpline.tap(access, "Not now")
    await helpline.say(access, "hes coming up the stairs now hes going to hurt me")
    [row] = await helpline.desk.queue(robin)
    assert row.agreed == "unanswered"
    states = [e for e in await helpline.young.events(access, 0) if isinstance(e, State)]
    assert states[-1].owner == "queue"


async def test_level_3_offers_a_person_and_answers_what_was_asked(helpline):
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, "i've been cutting my arms again. what are my rights")
    events = await helpline.young.events(access, 2)
    offers = [e for e in events if isinstance(e, Message) and e.sender == "service"]
    assert [button.title for button in offers[0].buttons] == ["Talk to a person", "Not now"]
    assert texts(events, "assistant")
    # And the desk sees nothing until it is accepted
    assert await helpline.desk.queue(robin) == []
    await helpline.tap(access, "Talk to a person")
    [row] = await helpline.desk.queue(robin)
    assert (row.level, row.agreed, row.reason) == (3, "yes", "asked")


@pytest.mark.parametrize("text", [CONCERN, POLISH])
async def test_with_nobody_on_shift_no_helper_is_offered_as_if_one_were_here(helpline, text):
    # Given nobody at the desk
    _, access = await helpline.begin()
    # When a young person writes of a concern, or what cannot be read
    number = await helpline.say(access, text)
    # Then they are told that nobody is here, and get no button for a helper
    events = await helpline.young.events(access, number)
    said = [e for e in events if isinstance(e, Message) and e.sender == "service"]
    assert "No helper until 9am" in said[-1].text
    assert not any(event.buttons for event in said)
    # And with a worker at the desk the next one is offered
    await helpline.sign_in("robin")
    _, other = await helpline.begin()
    await helpline.say(other, text)
    await helpline.tap(other, "Talk to a person")
    assert await helpline.kept(conversations.epochs_let_in, other.conversation)


async def test_at_level_2_the_offer_stands_alone_where_nothing_was_understood(helpline):
    # Given a worker at the desk
    await helpline.sign_in("robin")
    _, access = await helpline.begin()
    # When a young person writes of a concern about which the assistant has no answer
    number = await helpline.say(access, NO_TOPIC)
    # Then a person is offered once, and no "I don't know that" stands before it
    events = await helpline.young.events(access, number)
    assert texts(events, "assistant") == []
    titles = [b.title for e in events if isinstance(e, Message) for b in e.buttons]
    assert titles == ["Talk to a person", "Not now"]


async def test_at_level_2_a_question_that_was_not_answered_is_still_asked_again(
    helpline, monkeypatch
):
    # Given an assistant that did not understand the answer to its question
    asked = Reply("Sorry, I didn't get that. Are you safe right now?", (("Yes", "/affirm"),))

    async def ask_again(self, **parts):
        return Turn((asked,), [], form_active=False, topic="none")

    monkeypatch.setattr(Dialogue, "turn", ask_again)
    _, access = await helpline.begin()
    # When that answer is a concern, then the question stands before the offer
    number = await helpline.say(access, CONCERN)
    events = await helpline.young.events(access, number)
    assert [event.sender for event in events] == ["assistant", "service"]


async def test_the_desk_knows_in_which_language_it_could_not_be_read(helpline):
    # Given somebody whose message could not be read
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, POLISH)
    # When they let a person in
    await helpline.tap(access, "Talk to a person")
    # Then the queue knows the language
    [row] = await helpline.desk.queue(robin)
    assert (row.level, row.unread) == (3, "pl")
    # And says no more of it when the newest danger was read
    await helpline.say(access, "someone is threatening to share my pictures")
    [row] = await helpline.desk.queue(robin)
    assert (row.level, row.unread) == (3, None)


async def test_an_excerpt_that_could_not_be_read_says_its_language_before_the_yes(helpline):
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, POLISH_DANGER)
    [row] = await helpline.desk.queue(robin)
    assert (row.level, row.agreed, row.unread) == (4, "unanswered", "pl")


async def test_ask_for_a_person_with_nobody_there_opens_nothing(helpline):
    _, access = await helpline.begin()
    await helpline.say(access, "hello")
    await helpline.young.ask_for_person(access)
    events = await helpline.young.events(access, 0)
    assert "No helper is here" in texts(events, "service")[-1]
    assert await helpline.kept(conversations.epochs_let_in, access.conversation) == set()


async def test_only_the_worker_who_took_a_chat_reads_it(helpline):
    robin, kit = await helpline.sign_in("robin"), await helpline.sign_in("kit")
    _, access = await helpline.begin()
    await helpline.say(access, DANGER)
    [row] = await helpline.desk.queue(robin)
    await helpline.desk.take(robin, row.conversation)
    with pytest.raises(NotYours):
        await helpline.desk.transcript(kit, row.conversation)


async def test_two_minutes_without_anybody_and_the_young_person_is_told_once(helpline):
    # Given a level 4 that nobody takes
    await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, DANGER)
    after = (await helpline.young.events(access, 0))[-1].number
    # When two minutes pass while the young person's page is open
    helpline.clock.pass_seconds(121)
    async for event in helpline.young.follow(access, after):
        assert isinstance(event, Message)
        assert "Nobody could come yet" in event.text
        after = event.number
        break
    # Then they are told, and not a second time
    async for event in helpline.young.follow(access, after - 1):
        assert event.number == after
        break
    said = texts(await helpline.young.events(access, 0), "service")
    assert sum("Nobody could come yet" in text for text in said) == 1


async def test_a_message_is_screened_in_the_light_of_the_words_before_it(helpline):
    # Given two young people of whom one has told what happens at home
    _, told = await helpline.begin()
    _, new = await helpline.begin()
    await helpline.say(told, "my uncle hits me when hes drunk")
    # When both write the same few words
    for access in (told, new):
        await helpline.say(access, "hes downstairs")
    # Then they are grave for the first and not for the second
    last = {}
    for access in (told, new):
        events = await helpline.young.events(access, 0)
        own = [e for e in events if isinstance(e, Message) and e.sender == "young_person"]
        last[access.conversation] = own[-1].level
    assert last[told.conversation] >= 3 > last[new.conversation]
