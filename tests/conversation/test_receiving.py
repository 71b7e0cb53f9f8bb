"""A message is kept once, in order, and answered once."""

import asyncio
import gc
import sqlite3
from uuid import uuid4

import pytest

from helpline.conversation.errors import (
    ConversationEnded,
    IdUsed,
    UnknownButton,
    UnknownToken,
)
from helpline.conversation.events import Message, State
from helpline.conversation.incoming import Incoming
from helpline.dialogue import Dialogue
from helpline.store import conversations
from tests.conversation.conftest import texts


async def test_the_same_message_sent_twice_is_kept_and_answered_once(helpline):
    # Given a message with an id of the page's
    _, access = await helpline.begin()
    incoming = Incoming(uuid4(), text="what are my rights")
    # When it arrives four times at once, and once more later
    receipts = await asyncio.gather(*(helpline.young.receive(access, incoming) for _ in range(4)))
    await helpline.settled(access, receipts[0].number)
    receipts.append(await helpline.young.receive(access, incoming))
    # Then it has one number, and one was new
    assert len({receipt.number for receipt in receipts}) == 1
    assert [receipt.repeated for receipt in receipts].count(False) == 1
    # And it stands there once, answered once
    events = await helpline.young.events(access, 0)
    assert texts(events, "young_person") == ["what are my rights"]
    replies = texts(events, "assistant")
    assert len(replies) == len(set(replies)) > 0


async def test_an_id_used_for_other_words_is_refused(helpline):
    _, access = await helpline.begin()
    identity = uuid4()
    await helpline.young.receive(access, Incoming(identity, text="hello"))
    with pytest.raises(IdUsed):
        await helpline.young.receive(access, Incoming(identity, text="something else"))


async def test_messages_sent_at_once_are_all_kept_and_answered_in_order(helpline):
    _, access = await helpline.begin()
    sent = [Incoming(uuid4(), text=f"hello {i}") for i in range(8)]
    receipts = [await helpline.young.receive(access, incoming) for incoming in sent]
    await helpline.settled(access, receipts[-1].number)
    events = await helpline.young.events(access, 0)
    assert texts(events, "young_person") == [f"hello {i}" for i in range(8)]
    assert [e.number for e in events] == list(range(1, len(events) + 1))
    assert len(texts(events, "assistant")) >= 8


async def test_a_button_of_another_conversation_is_unknown(helpline):
    _, mine = await helpline.begin()
    _, other = await helpline.begin()
    await helpline.say(other, "what are my rights")
    events = await helpline.young.events(other, 0)
    button = next(e.buttons[0] for e in events if isinstance(e, Message) and e.buttons)
    with pytest.raises(UnknownButton):
        await helpline.young.receive(mine, Incoming(uuid4(), button=button.id))


async def test_a_text_that_begins_with_a_slash_is_text(helpline):
    _, access = await helpline.begin()
    for text in ("/talk_to_a_person", "/restart", "/inform_nation{}"):
        await helpline.say(access, text)
    events = await helpline.young.events(access, 0)
    assert texts(events, "young_person") == ["/talk_to_a_person", "/restart", "/inform_nation{}"]
    assert not [e for e in events if isinstance(e, State)]


async def test_a_reply_made_before_handoff_is_dropped(helpline, monkeypatch):
    # Given a worker who holds a chat that the young person let them into
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, "hello")
    await helpline.young.ask_for_person(access)
    [row] = await helpline.desk.queue(robin)
    # And a turn of the assistant that is still on its way
    turn, taken = Dialogue.turn, asyncio.Event()

    async def slow_turn(self, **parts):
        answer = await turn(self, **parts)
        await taken.wait()
        return answer

    monkeypatch.setattr(Dialogue, "turn", slow_turn)
    before = texts(await helpline.young.events(access, 0), "assistant")
    receipt = await helpline.young.receive(access, Incoming(uuid4(), text="what are my rights"))
    # When the worker takes the chat before it arrives
    await helpline.desk.take(robin, row.conversation)
    taken.set()
    await helpline.settled(access, receipt.number)
    # Then the assistant's reply is dropped
    assert texts(await helpline.young.events(access, 0), "assistant") == before


async def test_a_dead_assistant_gives_a_safe_reply_and_the_next_turn_works(helpline, assistant):
    # Given a bot that does not answer
    _, access = await helpline.begin()
    dialogue = helpline.heart.dialogue
    url, dialogue._url = dialogue._url, "http://127.0.0.1:9/webhooks/turn/turn"
    # When a young person writes
    await helpline.say(access, "what are my rights")
    # Then they get the numbers and the offer of a person
    events = await helpline.young.events(access, 0)
    safe = [e for e in events if isinstance(e, Message) and e.sender == "service"][-1]
    assert "999" in safe.text
    assert [button.title for button in safe.buttons] == ["Talk to a person"]
    # And when it answers again, the killed turn is not run again, and the next one is
    dialogue._url = url
    await helpline.say(access, "am i in trouble for running away")
    assert len(texts(await helpline.young.events(access, 0), "assistant")) in (1, 2)


async def test_what_a_crash_left_unanswered_is_answered_when_the_stream_comes_back(
    helpline, monkeypatch
):
    # Given a message that was kept, and a service that died before the reply
    token, access = await helpline.begin()
    monkeypatch.setattr(helpline.answering, "wake", lambda *_: None)
    await helpline.young.receive(access, Incoming(uuid4(), text="what are my rights"))
    monkeypatch.undo()
    # When the young person's page connects again with the token
    access = await helpline.young.open(token)
    answered = None
    async for event in helpline.young.follow(access, 3):
        if isinstance(event, Message):
            answered = event
            break
    # Then the reply comes
    assert answered.sender == "assistant"


async def test_an_ended_chat_takes_no_message_and_its_token_opens_nothing(helpline):
    token, access = await helpline.begin()
    await helpline.say(access, "hello")
    await helpline.young.end(access)
    with pytest.raises(UnknownToken):
        await helpline.young.open(token)
    # And nothing of a chat that nobody was let into is left
    assert await helpline.kept(conversations.by_id, access.conversation) is None


async def test_a_chat_that_a_worker_ended_says_so(helpline):
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, "hello")
    await helpline.young.ask_for_person(access)
    [row] = await helpline.desk.queue(robin)
    await helpline.desk.take(robin, row.conversation)
    await helpline.desk.end(robin, row.conversation)
    with pytest.raises(ConversationEnded):
        await helpline.young.receive(access, Incoming(uuid4(), text="wait"))
    # And the team has no key any more; the worker who held it and the supervisor keep one
    assert await helpline.kept(conversations.epochs_let_in, access.conversation) == set()
    for staff_id in (1, 2):
        assert await helpline.kept(conversations.wraps, access.conversation, f"staff:{staff_id}")
    assert not await helpline.kept(conversations.wraps, access.conversation, "staff:3")


async def test_quick_exit_revokes_the_token_and_forgets_a_chat_nobody_was_let_into(helpline):
    token, access = await helpline.begin()
    await helpline.say(access, "hello")
    await helpline.young.leave_quickly(access)
    with pytest.raises(UnknownToken):
        await helpline.young.open(token)


async def test_quick_exit_in_danger_leaves_the_excerpt_to_the_desk(helpline):
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, "he wont let me leave, the door is locked")
    await helpline.young.leave_quickly(access)
    [row] = await helpline.desk.queue(robin)
    assert row.left_quickly
    assert row.trigger


async def test_two_workers_take_at_once_and_one_is_told(helpline):
    from helpline.conversation.errors import AlreadyTaken

    robin, kit = await helpline.sign_in("robin"), await helpline.sign_in("kit")
    _, access = await helpline.begin()
    await helpline.young.ask_for_person(access)
    [row] = await helpline.desk.queue(robin)
    results = await asyncio.gather(
        helpline.desk.take(robin, row.conversation),
        helpline.desk.take(kit, row.conversation),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["AlreadyTaken", "NoneType"]
    assert any(isinstance(result, AlreadyTaken) for result in results)
    assert isinstance(access.conversation, bytes)


async def test_a_stream_resumes_after_the_last_number_seen(helpline):
    _, access = await helpline.begin()
    await helpline.say(access, "hello")
    whole = [e.number for e in await helpline.young.events(access, 0)]
    resumed = []
    async for event in helpline.young.follow(access, 2):
        resumed.append(event.number)
        if event.number == whole[-1]:
            break
    assert resumed == whole[2:]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # PostgreSQL has row locks
async def test_a_reply_that_could_not_be_kept_is_kept_once_the_database_is_back(
    make_helpline, tmp_path, caplog
):
    """The young person waits on an open page, and writes nothing more that would wake it."""
    # Given a page that is open, and an assistant that takes its time
    let_go = asyncio.Event()

    async def never_answers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_go.wait()
        writer.close()

    server = await asyncio.start_server(never_answers, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    dialogue = Dialogue(url=url, actions_url=url, secret="")
    await dialogue.open()
    helpline = make_helpline(dialogue)
    _, access = await helpline.begin()
    page = helpline.young.follow(access, 2)
    sent = await helpline.young.receive(access, Incoming(uuid4(), text="what are my rights"))
    assert (await anext(page)).number == sent.number
    # When another process holds the database for itself until the reply could not be kept
    other = sqlite3.connect(tmp_path / "waymark.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    let_go.set()
    while "answering failed" not in caplog.text:  # noqa: ASYNC110 -- a log wakes nobody
        await asyncio.sleep(0.05)
    other.execute("ROLLBACK")
    other.close()
    # Then it is kept, once, without another word
    async with asyncio.timeout(20):
        while not isinstance(reply := await anext(page), Message):
            pass
    assert reply.sender == "service"
    assert (reply.number, reply.text) == (sent.number + 1, helpline.heart.wording.assistant_down)
    await page.aclose()
    server.close()
    await helpline.answering.finish()
    await dialogue.close()


async def test_a_refusal_that_nobody_waits_for_leaves_no_line_in_the_log(quiet, caplog):
    # Given a message to a chat that was just deleted, whose sender is cut off meanwhile
    _, access = await quiet.begin()
    await quiet.young.delete(access)
    sending = quiet.young.receive(access, Incoming(uuid4(), text="are you there"))
    cut_off = asyncio.create_task(sending)
    await asyncio.sleep(0)
    cut_off.cancel()
    await asyncio.gather(cut_off, return_exceptions=True)
    # When the refusal comes to nobody
    while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 -- the task is not ours to wait for
        await asyncio.sleep(0.01)
    gc.collect()
    # Then it is no error of ours
    assert "never retrieved" not in caplog.text
