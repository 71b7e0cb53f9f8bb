"""How long a chat is kept is what the settings say, and what the replies say is the same."""

import asyncio
import secrets
from datetime import UTC, datetime

import pytest

from helpline.conversation.retention import purge_now
from helpline.facts import Facts, values_of
from helpline.settings import Settings
from helpline.store import conversations
from helpline.store.conversations import ConversationRow
from helpline.store.database import Database
from tests.alone import service_in
from tests.conftest import ROOT

HOUR = 3600


async def chat(helpline, *, helper=None):
    """A chat whose last message was just written; a helper was let in, or none."""
    _, access = await helpline.begin()
    if helper is not None:
        await helpline.young.ask_for_person(access)
        [row] = await helpline.desk.queue(helper)
        await helpline.desk.take(helper, row.conversation)
    helpline.clock.pass_seconds(5 * HOUR)
    await helpline.say(access, "the last message")
    return access


async def is_kept(helpline, access, settings):
    """Whether the chat is still there once what has passed its retention was removed."""
    await purge_now(helpline.heart.database, settings, helpline.clock())
    return await helpline.kept(conversations.by_id, access.conversation) is not None


def said(name, settings):
    """What a reply that names this fact says."""
    facts = Facts.load(ROOT / "data" / "facts", values_of(settings))
    return facts.by_id[name].fields["value"]


@pytest.mark.parametrize(("hours", "words"), [(None, "24 hours"), (1, "1 hour"), (48, "48 hours")])
async def test_a_chat_with_only_the_assistant_is_deleted_when_the_settings_say(quiet, hours, words):
    # Given the settings of a fresh installation, or other ones
    settings = Settings() if hours is None else Settings(assistant_chats_kept_hours=hours)
    hours = hours or 24
    # And a chat that no helper was let into
    access = await chat(quiet)
    # Then it is there until so many hours after its last message, and gone an hour later
    quiet.clock.pass_seconds(hours * HOUR)
    assert await is_kept(quiet, access, settings)
    quiet.clock.pass_seconds(HOUR)
    assert not await is_kept(quiet, access, settings)
    # And the replies say the same
    assert said("W06", settings) == words


@pytest.mark.parametrize(("days", "words"), [(None, "90 days"), (1, "1 day"), (30, "30 days")])
async def test_a_chat_with_a_helper_is_kept_as_long_as_the_settings_say(quiet, days, words):
    # Given the settings of a fresh installation, or other ones
    settings = Settings() if days is None else Settings(handed_off_chats_kept_days=days)
    days = days or 90
    # And a chat that a helper was let into
    access = await chat(quiet, helper=await quiet.sign_in("robin"))
    # Then it is there until so many days after its last message, and gone an hour later
    quiet.clock.pass_seconds(days * 24 * HOUR)
    assert await is_kept(quiet, access, settings)
    quiet.clock.pass_seconds(HOUR)
    assert not await is_kept(quiet, access, settings)
    # And the replies say the same
    assert said("W13", settings) == words


def row_of(hour):
    """A chat with the assistant alone whose last message was in that hour (since 1970, UTC)."""
    return ConversationRow(
        id=secrets.token_bytes(16),
        token_hash=secrets.token_bytes(32),
        owner="assistant",
        epoch=0,
        key_epoch=0,
        last_number=0,
        answered=0,
        carried=None,
        carried_number=0,
        carried_key_epoch=0,
        hour=hour,
        handed_off=False,
        left_quickly=False,
        hidden_hour=None,
    )


@pytest.mark.slow
async def test_the_running_service_deletes_by_itself_what_has_passed_its_time(tmp_path):
    # Given a chat with the assistant alone whose last message is 25 hours old, and a newer one
    hour = int(datetime.now(UTC).timestamp() // HOUR)
    old, new = row_of(hour - 25), row_of(hour - 5)
    database = Database.open(Settings(home=tmp_path).database_url)
    await database.upgrade()

    def begin(connection):
        for row in (old, new):
            conversations.create(connection, row)
            conversations.add_wrap(connection, row.id, 0, "token", b"wrapped")

    await database.write(begin)

    async def is_there(row):
        return await database.read(lambda c: conversations.by_id(c, row.id)) is not None

    # When the service runs, and nobody does anything
    with service_in(tmp_path, staff=False):
        # Then the older one is gone, and the newer one is not
        for _ in range(200):
            if not await is_there(old):
                break
            await asyncio.sleep(0.1)
        assert not await is_there(old)
        assert await is_there(new)
    await database.close()
