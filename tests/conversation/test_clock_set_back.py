"""Row 20 of the attacks: the clock is set back by an hour in the middle of a shift."""

from uuid import uuid4

import pyotp
import pytest

from helpline.conversation.errors import SignInRefused
from helpline.conversation.events import Message
from helpline.conversation.incoming import Incoming
from helpline.conversation.staffing import add
from tests.conversation.conftest import PASSWORD

HOUR_S = 3600.0
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@ONE_DATABASE
async def test_20_messages_stay_in_order_and_sessions_open_when_the_clock_is_set_back(quiet):
    # Given a chat that a worker holds
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    await quiet.young.ask_for_person(access)
    await quiet.desk.take(robin, access.conversation.hex())
    texts = [f"before {n}" for n in range(3)]
    for text in texts:
        await quiet.young.receive(access, Incoming(uuid4(), text=text))
    # When the clock is set back, and everybody goes on
    quiet.clock.pass_seconds(-HOUR_S)
    for text in ("after 0", "after 1"):
        await quiet.young.receive(access, Incoming(uuid4(), text=text))
        texts.append(text)
    said = await quiet.desk.say(robin, access.conversation.hex(), Incoming(uuid4(), text="here"))
    # Then all is there once, in the order in which it was written, on both sides
    for events in (
        await quiet.young.events(access, 0),
        (await quiet.desk.transcript(robin, access.conversation.hex())).events,
    ):
        messages = [each for each in events if isinstance(each, Message)]
        assert [each.text for each in messages if each.sender == "young_person"] == texts
        numbers = [each.number for each in events]
        assert numbers == sorted(set(numbers))
        assert messages[-1].number == said.number


@ONE_DATABASE
async def test_20_a_one_time_password_is_not_good_again_when_the_clock_is_set_back(quiet):
    # Given a one-time password that was used
    added = await add(
        quiet.heart.database,
        name="ash",
        alias="Ash",
        role="worker",
        password=PASSWORD,
        second_factor=True,
        now=quiet.heart.now(),
    )
    totp = pyotp.TOTP(added.one_time_secret)
    code = totp.at(quiet.clock())
    await quiet.desk.sign_in("ash", PASSWORD, code)
    quiet.clock.pass_seconds(HOUR_S)
    await quiet.desk.sign_in("ash", PASSWORD, totp.at(quiet.clock()))
    # When the clock is set back to when the first was good
    quiet.clock.pass_seconds(-HOUR_S)
    # Then it is not good again, nor is one that was never used
    for tried in (code, totp.at(int(quiet.clock().timestamp()) + 1)):
        with pytest.raises(SignInRefused):
            await quiet.desk.sign_in("ash", PASSWORD, tried)
