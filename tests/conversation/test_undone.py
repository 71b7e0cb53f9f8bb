"""What was undone with its transaction seals nothing: every message opens with what is on disk."""

from contextlib import suppress
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from helpline.conversation import consent, owning
from helpline.conversation.access import Access, open_access, refresh
from helpline.conversation.events import Message
from helpline.conversation.incoming import Incoming
from tests.conversation.conftest import Helpline, texts


class Undone(Exception):
    """The database would not keep it: its disk is full, or the connection was lost."""


@pytest.fixture
async def robin(quiet: Helpline):
    return await quiet.sign_in("robin")


async def handed_back(quiet: Helpline, robin) -> tuple[str, Access]:
    """A chat that a worker handed back: what comes next begins a key epoch."""
    token, access = await quiet.begin()
    await quiet.young.ask_for_person(access)
    await owning.take(quiet.heart, robin, access.conversation.hex())
    await owning.hand_back(quiet.heart, robin, access.conversation.hex())
    return token, access


async def undo(quiet: Helpline, access: Access) -> None:
    """Begins what the next message begins, and has it undone when all but the commit is done."""

    def begin(connection: Connection) -> None:
        refresh(connection, access)
        raise Undone

    with suppress(Undone):
        await quiet.heart.database.write(begin)


async def opened_anew(quiet: Helpline, token: str) -> list[str]:
    """What the young person wrote, opened by the token and the disk alone."""
    access = await quiet.heart.database.read(lambda c: open_access(c, token))
    return texts(await quiet.young.events(access, 0), "young_person")


async def test_a_message_after_an_undone_one_opens_with_the_token(quiet, robin):
    # Given a page that is open, and a first message that the database would not keep
    token, access = await handed_back(quiet, robin)
    await undo(quiet, access)
    # When it is sent again
    await quiet.young.receive(access, Incoming(uuid4(), text="are you there"))
    # Then the token opens it, also when the page and the service have long been gone
    assert await opened_anew(quiet, token) == ["are you there"]


async def test_a_message_opens_whoever_began_the_key_epoch_meanwhile(quiet, robin):
    # Given two processes that both have the chat open, one of them after an undone message
    token, access = await handed_back(quiet, robin)
    other = await quiet.heart.database.read(lambda c: open_access(c, token))
    await undo(quiet, access)
    # When a message reaches the other, and the next one the first
    await quiet.young.receive(other, Incoming(uuid4(), text="are you there"))
    await quiet.young.receive(access, Incoming(uuid4(), text="hello"))
    # Then both open with the token, and each process reads both
    assert await opened_anew(quiet, token) == ["are you there", "hello"]
    for page in (access, other):
        said = texts(await quiet.young.events(page, 0), "young_person")
        assert said == ["are you there", "hello"]


async def test_a_helper_who_is_let_in_after_an_undone_message_reads_all_of_it(quiet, robin):
    # Given a key epoch that was undone, and a yes after it
    token, access = await handed_back(quiet, robin)
    await undo(quiet, access)
    await quiet.young.ask_for_person(access)
    # When a worker takes it and the young person goes on
    chat = access.conversation.hex()
    await owning.take(quiet.heart, robin, chat)
    receipt = await quiet.young.receive(access, Incoming(uuid4(), text="are you there"))
    # Then the worker reads it, and so does whoever has the token
    assert await opened_anew(quiet, token) == ["are you there"]
    seen = await quiet.desk.transcript(robin, chat)
    told = [event for event in seen.events if isinstance(event, Message)]
    assert (told[-1].number, told[-1].text) == (receipt.number, "are you there")


async def test_a_no_that_was_undone_seals_nothing_either(quiet, robin):
    # Given somebody in the queue whose "Stop waiting" the database would not keep
    token, access = await quiet.begin()
    await quiet.young.ask_for_person(access)

    def stop(connection: Connection) -> None:
        consent.not_now(connection, access, refresh(connection, access), quiet.heart)
        raise Undone

    with suppress(Undone):
        await quiet.heart.database.write(stop)
    # When they press it again and write
    await quiet.young.stop_waiting(access)
    await quiet.young.receive(access, Incoming(uuid4(), text="are you there"))
    # Then the token opens it
    assert await opened_anew(quiet, token) == ["are you there"]
