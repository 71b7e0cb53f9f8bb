"""What the young person is told about danger and helpers is true, whatever else goes wrong."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import update

from helpline.conversation.errors import SignInRefused
from helpline.conversation.events import Message, State
from helpline.conversation.incoming import Incoming
from helpline.conversation.staffing import add
from helpline.dialogue import AssistantDown, Dialogue
from helpline.store import conversations, queue, tables
from tests.conversation.conftest import PASSWORD, texts

DANGER = "he wont let me leave, the door is locked"


async def alarm(helpline, worker):
    """A young person in danger whose alert a worker watches: their access, and the chat's id."""
    _, access = await helpline.begin()
    await helpline.say(access, DANGER)
    [row] = await helpline.desk.queue(worker)
    await helpline.desk.take(worker, row.conversation)
    return access, row.conversation


async def test_a_hanging_assistant_holds_up_no_emergency_card(helpline, monkeypatch):
    # Given an assistant that hangs over two earlier messages
    async def hang(self, **parts):
        await asyncio.sleep(3600)

    monkeypatch.setattr(Dialogue, "turn", hang)
    _, access = await helpline.begin()
    for text in ("hello", "are you there"):
        await helpline.young.receive(access, Incoming(uuid4(), text=text))
    # When danger is written
    receipt = await helpline.young.receive(access, Incoming(uuid4(), text=DANGER))
    # Then the card is there with the acknowledgement
    after = await helpline.young.events(access, receipt.number)
    assert after[0].card == "hurt"
    for task in helpline.answering._tasks:
        task.cancel()


async def test_a_state_that_does_not_open_costs_the_thread_and_nothing_else(helpline):
    # Given a conversation whose carried state was damaged
    _, access = await helpline.begin()
    await helpline.say(access, "what are my rights")

    def damage(connection):
        connection.execute(update(tables.conversation).values(carried=b"\x01damaged"))

    await helpline.heart.database.write(damage)
    # When the young person goes on
    before = len(texts(await helpline.young.events(access, 0), "assistant"))
    await helpline.say(access, "am i in trouble for running away")
    # Then the assistant answers, and danger is still met with a card
    assert len(texts(await helpline.young.events(access, 0), "assistant")) > before
    number = await helpline.say(access, DANGER)
    assert (await helpline.young.events(access, number))[0].card == "hurt"


async def test_an_alert_nobody_has_seen_outlives_the_end_of_the_chat(helpline):
    # Given an alert on the desk
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, DANGER)
    # When the young person, or somebody else with their phone, ends the chat
    await helpline.young.end(access)
    # Then it is still there, with its words
    [row] = await helpline.desk.queue(robin)
    assert row.trigger
    # And once a worker has looked and closed it, the team's key to it is gone
    await helpline.desk.take(robin, row.conversation)
    await helpline.desk.end(robin, row.conversation)
    keys = await helpline.kept(conversations.excerpt_keys, access.conversation)
    assert {holder for _, holder in keys} == {"staff:1", "staff:2"}


async def test_a_yes_never_goes_to_a_worker_who_has_gone(helpline):
    # Given an alert whose worker is gone, and another worker at the desk
    robin = await helpline.sign_in("robin")
    access, conversation = await alarm(helpline, robin)
    helpline.clock.pass_seconds(90)
    kit = await helpline.sign_in("kit")
    # When the young person taps Talk
    await helpline.tap(access, "Talk")
    # Then the other worker has them on the queue
    [row] = await helpline.desk.queue(kit)
    assert (row.conversation, row.agreed) == (conversation, "yes")
    states = [e for e in await helpline.young.events(access, 0) if isinstance(e, State)]
    assert (states[-1].owner, states[-1].position) == ("queue", 1)


async def test_signing_out_gives_chats_back_and_the_young_person_is_told(helpline):
    robin, kit = await helpline.sign_in("robin"), await helpline.sign_in("kit")
    access, conversation = await alarm(helpline, robin)
    await helpline.tap(access, "Talk")
    await helpline.desk.sign_out(robin)
    [row] = await helpline.desk.queue(kit)
    assert row.conversation == conversation
    states = [e for e in await helpline.young.events(access, 0) if isinstance(e, State)]
    assert states[-1].owner == "queue"


async def test_a_damaged_excerpt_hides_no_other_chat(helpline):
    # Given two alerts, one of which was tampered with on disk
    robin = await helpline.sign_in("robin")
    _, first = await helpline.begin()
    await helpline.say(first, DANGER)
    _, second = await helpline.begin()
    await helpline.say(second, DANGER)

    def damage(connection):
        table = tables.excerpt
        connection.execute(
            update(table)
            .where(table.c.conversation == first.conversation)
            .values(sealed=b"\x01" + b"x" * 300)
        )

    await helpline.heart.database.write(damage)
    # Then both are on the desk, the damaged one without its words
    rows = await helpline.desk.queue(robin)
    assert [bool(row.trigger) for row in rows] == [False, True]


async def test_a_damaged_chat_hides_no_other_chat(helpline):
    # Given two who let a person in, and a message of the first that was tampered with on disk
    robin = await helpline.sign_in("robin")
    _, first = await helpline.begin()
    _, second = await helpline.begin()
    for access in (first, second):
        await helpline.say(access, "hello")
        await helpline.young.ask_for_person(access)

    def damage(connection):
        table = tables.event
        connection.execute(
            update(table)
            .where(table.c.conversation == first.conversation, table.c.sender == "young_person")
            .values(sealed=b"\x01" + b"x" * 300)
        )

    await helpline.heart.database.write(damage)
    # Then both are in the queue
    assert len(await helpline.desk.queue(robin)) == 2


async def test_new_danger_after_a_no_is_seen_by_the_worker_who_watches(helpline):
    # Given a no to a worker who watches
    robin = await helpline.sign_in("robin")
    access, conversation = await alarm(helpline, robin)
    await helpline.tap(access, "Not now")
    # When danger is written again
    again = "hes coming up the stairs now hes going to hurt me"
    await helpline.say(access, again)
    # Then the worker still has the chat, sees the new words, and may not write before a yes
    transcript = await helpline.desk.transcript(robin, conversation)
    assert again in texts(transcript.events, "young_person")
    assert transcript.agreed == "unanswered"


async def test_danger_in_a_chat_that_a_worker_holds_raises_it(helpline):
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.young.ask_for_person(access)
    [row] = await helpline.desk.queue(robin)
    await helpline.desk.take(robin, row.conversation)
    number = await helpline.say(access, DANGER)
    [held] = await helpline.desk.mine(robin)
    assert held.level == 4
    # And the young person sees the numbers, and no offer of what they have
    after = await helpline.young.events(access, number)
    assert [e.card for e in after if isinstance(e, Message)] == ["hurt"]


async def test_a_no_while_waiting_takes_the_teams_keys_back(helpline):
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, "i've been cutting my arms again")
    await helpline.young.ask_for_person(access)
    assert await helpline.kept(conversations.epochs_let_in, access.conversation) == {0}
    await helpline.tap(access, "Not now")
    assert await helpline.kept(conversations.epochs_let_in, access.conversation) == set()
    assert await helpline.desk.queue(robin) == []


async def test_danger_after_a_yes_is_not_told_that_only_three_messages_are_seen(helpline):
    await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.young.ask_for_person(access)
    number = await helpline.say(access, DANGER)
    said = texts(await helpline.young.events(access, number), "service")
    assert said[0].startswith("999")
    assert not any("last 3 messages" in text for text in said)
    assert "number 1 in line" in said[-1]


async def test_an_alert_that_was_closed_without_a_word_is_owned_up_to(helpline):
    # Given an alert that a worker closed before any yes
    robin = await helpline.sign_in("robin")
    access, conversation = await alarm(helpline, robin)
    after = (await helpline.young.events(access, 0))[-1].number
    following = helpline.young.follow(access, after - 1)
    await anext(following)
    await helpline.desk.end(robin, conversation)
    # Then the young person is told that nobody could come
    async for event in following:
        if isinstance(event, Message):
            assert "Nobody could come yet" in event.text
            break
    await following.aclose()


async def test_when_the_last_helper_goes_who_waits_is_told_before_two_minutes(helpline):
    # Given somebody in the queue, and a desk that was last heard of a while ago
    await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.young.ask_for_person(access)
    after = (await helpline.young.events(access, 0))[-1].number
    helpline.clock.pass_seconds(119)
    assert (await helpline.kept(queue.entry_of, access.conversation)).told_at is None
    helpline.clock.pass_seconds(2)
    async for event in helpline.young.follow(access, after):
        assert "Nobody could come yet" in event.text
        break


async def test_an_outage_is_not_spoken_over_a_worker(helpline, monkeypatch):
    # Given an assistant that will fail, slowly
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.young.ask_for_person(access)
    [row] = await helpline.desk.queue(robin)
    taken = asyncio.Event()

    async def fail(self, **parts):
        await taken.wait()
        raise AssistantDown

    monkeypatch.setattr(Dialogue, "turn", fail)
    receipt = await helpline.young.receive(access, Incoming(uuid4(), text="what are my rights"))
    # When a worker takes the chat before it has failed
    await helpline.desk.take(robin, row.conversation)
    taken.set()
    await helpline.settled(access, receipt.number)
    # Then nothing is said over the worker
    assert texts(await helpline.young.events(access, receipt.number), "service") == []


async def test_asking_twice_is_answered_by_the_place_in_line(helpline):
    await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.young.ask_for_person(access)
    await helpline.young.ask_for_person(access)
    first, second = texts(await helpline.young.events(access, 2), "service")
    assert "A helper can now read this chat" in first
    assert "You have asked for a helper already" in second


async def test_a_deleted_chat_is_kept_from_the_team_and_from_who_was_given_no_access(helpline):
    # Given a chat at level 4 that a worker holds, and a supervisor without access
    robin = await helpline.sign_in("robin")
    await add(
        helpline.heart.database,
        name="mallory",
        alias="M",
        role="supervisor",
        password=PASSWORD,
        second_factor=False,
        now=helpline.heart.now(),
    )
    access, _ = await alarm(helpline, robin)
    await helpline.tap(access, "Talk")
    # When the young person deletes it
    await helpline.young.delete(access)
    # Then no team key opens it, nor the newcomer's
    assert await helpline.kept(conversations.epochs_let_in, access.conversation) == set()
    assert await helpline.kept(conversations.wraps, access.conversation, "staff:1")
    assert not await helpline.kept(conversations.wraps, access.conversation, "staff:4")
    # And the desk shows it to nobody
    assert await helpline.desk.mine(robin) == []


async def test_a_cut_connection_leaves_no_message_unanswered(helpline):
    # Given a page whose connection is cut while the message is being kept
    _, access = await helpline.begin()
    sending = asyncio.create_task(
        helpline.young.receive(access, Incoming(uuid4(), text="what are my rights"))
    )
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    # Then it is kept and answered all the same
    await helpline.settled(access, 3)
    assert texts(await helpline.young.events(access, 0), "assistant")


async def test_another_tab_sees_what_was_written_after_a_no(helpline):
    # Given two tabs, one of which was opened before a no
    await helpline.sign_in("robin")
    token, access = await helpline.begin()
    await helpline.say(access, DANGER)
    stale = (await helpline.young.open(token)).__class__(
        access.conversation, access.name, access.under, type(access.ring)({0: access.ring.keys[0]})
    )
    await helpline.tap(access, "Not now")
    await helpline.say(access, "i've been cutting my arms again")
    # Then a button that came after it can be tapped from the older tab
    await helpline.tap(stale, "Not now")
    assert len(await helpline.young.events(stale, 0)) == len(await helpline.young.events(access, 0))


async def test_a_name_that_no_database_can_hold_is_an_unknown_name(helpline):
    with pytest.raises(SignInRefused):
        await helpline.desk.sign_in("robin\x00", PASSWORD, None)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_keys_of_a_deleted_chat_are_in_no_file(helpline, tmp_path):
    # Given a chat
    _, access = await helpline.begin()
    await helpline.say(access, "hello")
    [wrapped] = (await helpline.kept(conversations.wraps, access.conversation, "token")).values()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(wrapped in path.read_bytes() for path in files)
    # When it is deleted
    await helpline.young.delete(access)
    # Then its wrapped key is in neither the database nor its log
    assert not any(wrapped in path.read_bytes() for path in files if path.exists())
