"""What the desk's tools know of a chat: what the assistant was told, and what it would say."""

import json
from uuid import uuid4

import pytest

from helpline.conversation import tools
from helpline.conversation.errors import Invalid, NotOpen, NotYours
from helpline.conversation.tools import Told
from helpline.tools import Tools
from tests.conftest import ROOT
from tests.conversation.conftest import texts

RIGHTS = "what are my rights"


async def let_in(helpline, access, name="robin"):
    """The young person lets a helper in, who takes the chat."""
    session = await helpline.sign_in(name)
    await helpline.young.ask_for_person(access)
    await helpline.desk.take(session, access.conversation.hex())
    return session


async def told(helpline, session, access):
    """What this person's tools know of the young person."""
    now = helpline.heart.now()
    return await helpline.kept(tools.told, session, access.conversation, now)


async def test_nation_and_age_are_those_that_the_young_person_told_the_assistant(helpline):
    # Given a young person who told the assistant where they live and how old they are
    _, access = await helpline.begin()
    await helpline.say(access, RIGHTS)
    await helpline.tap(access, "I'd rather not say")
    await helpline.say(access, "i live in wales")
    await helpline.say(access, "will they make me go home")
    await helpline.tap(access, "Under 16")
    # When they let a helper in
    robin = await let_in(helpline, access)
    # Then the helper's tools know both, and another helper's do not
    assert await told(helpline, robin, access) == Told("wales", "under_16")
    kit = await helpline.sign_in("kit")
    with pytest.raises(NotYours):
        await told(helpline, kit, access)


async def test_who_said_nothing_or_would_rather_not_is_not_known(helpline):
    _, access = await helpline.begin()
    robin = await let_in(helpline, access)
    assert await told(helpline, robin, access) == Told()
    # And the same for one who would rather not say
    _, other = await helpline.begin()
    await helpline.say(other, RIGHTS)
    await helpline.tap(other, "I'd rather not say")
    robin = await let_in(helpline, other)
    assert await told(helpline, robin, other) == Told()


async def test_before_the_yes_nothing_is_known(helpline):
    # Given a young person in danger who told the assistant where they live
    robin = await helpline.sign_in("robin")
    _, access = await helpline.begin()
    await helpline.say(access, RIGHTS)
    await helpline.say(access, "i live in wales")
    await helpline.say(access, "he has a knife and he is here")
    # When a helper watches, and the young person has not tapped Talk
    await helpline.desk.take(robin, access.conversation.hex())
    # Then the helper is shown the excerpt, and not where they live
    assert await told(helpline, robin, access) == Told()


async def test_what_the_desk_shows_is_what_the_assistant_says(helpline):
    # Given some topics, as the assistant answers them to somebody in Wales
    desk = Tools.load(ROOT / "data", helpline.heart.facts)
    today = helpline.heart.clock().date()
    _, access = await helpline.begin()
    await helpline.say(access, RIGHTS)
    await helpline.say(access, "i live in wales")
    asked = {
        "T22": "what is a return interview",
        "T18": "am i in trouble for running away",
        "T28": "he buys me stuff and says i owe him",
        "T53": "will my name be in the papers",
    }
    for topic, question in asked.items():
        before = len(texts(await helpline.young.events(access, 0), "assistant"))
        await helpline.say(access, question)
        said = texts(await helpline.young.events(access, 0), "assistant")[before:]
        # Then the desk shows the same bubbles for Wales
        shown = desk.topics.answer(topic, "wales", "not_said", today)
        assert [bubble.said for bubble in shown.bubbles] == said, topic


async def test_an_answer_is_sent_in_order_once_and_only_to_who_let_the_helper_in(quiet):
    # Given a chat that a helper was let into
    _, access = await quiet.begin()
    robin = await let_in(quiet, access)
    name, identity = access.conversation.hex(), uuid4()
    # When an answer of two bubbles is sent, and its receipt is lost
    for _ in range(2):
        kept = await tools.send(quiet.desk, robin, name, ("first", "second"), identity)
    # Then it is there once, after the first words, which come by themselves
    assert [receipt.repeated for receipt in kept] == [True, True]
    said = texts(await quiet.young.events(access, 0), "worker")
    assert said == ["OK to talk now?", "first", "second"]
    # And an answer with nothing in it is refused
    with pytest.raises(Invalid):
        await tools.send(quiet.desk, robin, name, (), uuid4())


async def test_no_answer_is_sent_before_the_yes(quiet):
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    await quiet.say(access, "he has a knife and he is here")
    await quiet.desk.take(robin, access.conversation.hex())
    with pytest.raises(NotOpen):
        await tools.send(quiet.desk, robin, access.conversation.hex(), ("first",), uuid4())
    assert "first" not in json.dumps([e.public() for e in await quiet.young.events(access, 0)])
