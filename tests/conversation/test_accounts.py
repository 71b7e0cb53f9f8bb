"""One's own account: a password changed, sessions seen and ended, sessions that end themselves."""

import pyotp
import pytest

from helpline.conversation import Sessions, accounts, staffing
from helpline.conversation.errors import (
    CredentialsRefused,
    NotSignedIn,
    PasswordWeak,
    SignInRefused,
    UnknownSession,
)
from helpline.store import sessions
from tests.conversation.conftest import PASSWORD
from tests.conversation.staff import asked_and_taken, signed_in

NEW = "quite another saddle"


async def ash_with_code(helpline):
    """A worker with a second factor; returns it, and their session with its cookie."""
    added = await staffing.add(
        helpline.heart.database,
        name="ash",
        alias="Ash",
        role="worker",
        password=PASSWORD,
        second_factor=True,
        now=helpline.heart.now(),
    )
    totp = pyotp.TOTP(added.one_time_secret)
    session, cookie = await helpline.desk.sign_in("ash", PASSWORD, totp.at(helpline.clock()))
    return totp, session, cookie


async def change(helpline, session, *, present=PASSWORD, code=None, new=NEW):
    await accounts.change_password(
        helpline.heart, helpline.desk.sessions, session, present=present, code=code, new=new
    )


async def test_a_changed_password_opens_the_same_keys_and_ends_the_other_sessions(quiet):
    # Given a worker with two sessions, who held a chat to its end
    here, cookie = await signed_in(quiet, "robin")
    _, elsewhere = await signed_in(quiet, "robin")
    _, access = await quiet.begin()
    await quiet.say(access, "i want to talk to somebody")
    conversation = await asked_and_taken(quiet, here, access)
    await quiet.desk.end(here, conversation)
    # When they change their password in one of them
    await change(quiet, here)
    # Then that one goes on, the other has ended, and the old password is refused
    assert (await quiet.desk.open(cookie)).private == here.private
    with pytest.raises(NotSignedIn):
        await quiet.desk.open(elsewhere)
    with pytest.raises(SignInRefused):
        await quiet.desk.sign_in("robin", PASSWORD, None)
    # And the new one opens what they had: the team key, and the chat they held
    again, _ = await quiet.desk.sign_in("robin", NEW, None)
    assert (again.private, again.team) == (here.private, here.team)
    told = await quiet.desk.transcript(again, conversation)
    assert told.opened


async def test_a_password_changes_only_with_the_present_one_and_a_fresh_code(quiet):
    # Given a worker with a second factor, whose code of this half minute is used
    totp, session, _ = await ash_with_code(quiet)
    used = totp.at(quiet.clock())
    quiet.clock.pass_seconds(30)
    fresh = totp.at(quiet.clock())
    wrong = "000000" if fresh != "000000" else "111111"
    # When the password, or the code, is not right
    for present, code in (
        ("not the password", fresh),
        (PASSWORD, wrong),
        (PASSWORD, used),
        (PASSWORD, None),
    ):
        with pytest.raises(CredentialsRefused):
            await change(quiet, session, present=present, code=code)
    # Then nothing is changed until both are
    await change(quiet, session, code=fresh)
    quiet.clock.pass_seconds(30)
    again, _ = await quiet.desk.sign_in("ash", NEW, totp.at(quiet.clock()))
    assert again.private == session.private


@pytest.mark.parametrize("new", ["short", "password1234567890", PASSWORD])
async def test_a_weak_or_the_same_password_is_refused_and_uses_up_no_code(quiet, new):
    totp, session, _ = await ash_with_code(quiet)
    quiet.clock.pass_seconds(30)
    code = totp.at(quiet.clock())
    with pytest.raises(PasswordWeak):
        await change(quiet, session, code=code, new=new)
    assert (await quiet.desk.sign_in("ash", PASSWORD, code))[0].staff == session.staff


async def test_ones_own_sessions_are_listed_and_each_can_be_ended(quiet):
    # Given two sessions of one worker, a minute apart, and one of somebody else
    first, first_cookie = await signed_in(quiet, "robin")
    quiet.clock.pass_seconds(60)
    second, second_cookie = await signed_in(quiet, "robin")
    kit, kit_cookie = await signed_in(quiet, "kit")
    # When they look
    listed = await accounts.own_sessions(quiet.heart, second)
    # Then both are there with their times, and which is this one
    assert [one.this for one in listed] == [True, False]
    assert [listed[0].begun - listed[1].begun, listed[0].last - listed[1].last] == [60, 60]
    # And nobody ends somebody else's
    with pytest.raises(UnknownSession):
        await accounts.end_session(quiet.heart, kit, listed[1].reference)
    # And their own is gone at once
    await accounts.end_session(quiet.heart, second, listed[1].reference)
    with pytest.raises(NotSignedIn):
        await quiet.desk.open(first_cookie)
    assert (await quiet.desk.open(second_cookie)).staff == second.staff
    assert (await quiet.desk.open(kit_cookie)).staff == kit.staff
    assert first.staff == second.staff


async def test_all_other_sessions_end_and_nobody_elses(quiet):
    cookies = [(await signed_in(quiet, "robin"))[1] for _ in range(3)]
    _, kit_cookie = await signed_in(quiet, "kit")
    this = await quiet.desk.open(cookies[1])
    assert await accounts.end_others(quiet.heart, this) == 2
    for cookie in (cookies[0], cookies[2]):
        with pytest.raises(NotSignedIn):
            await quiet.desk.open(cookie)
    assert (await quiet.desk.open(cookies[1])).staff == this.staff
    assert (await quiet.desk.open(kit_cookie)).name == "kit"


async def test_a_session_is_over_after_fifteen_idle_minutes_to_the_second(quiet):
    _, cookie = await signed_in(quiet, "robin")
    quiet.clock.pass_seconds(15 * 60)
    assert (await quiet.desk.open(cookie)).name == "robin"
    quiet.clock.pass_seconds(15 * 60 + 1)
    with pytest.raises(NotSignedIn):
        await quiet.desk.open(cookie)


async def test_a_session_is_over_after_twelve_hours_however_busy(quiet):
    _, cookie = await signed_in(quiet, "robin")
    for _ in range(12 * 6):
        quiet.clock.pass_seconds(10 * 60)
        await quiet.desk.here(await quiet.desk.open(cookie))
    quiet.clock.pass_seconds(1)
    with pytest.raises(NotSignedIn):
        await quiet.desk.open(cookie)


async def test_keys_of_a_session_that_nobody_came_back_to_are_forgotten_at_the_next_sign_in(quiet):
    # Given a browser that was closed without signing out
    lost, _ = await signed_in(quiet, "robin")
    assert len(await quiet.kept(sessions.of, lost.staff)) == 1
    # When anybody signs in after it is over
    quiet.clock.pass_seconds(16 * 60)
    await signed_in(quiet, "kit")
    # Then its row, with the keys it held, is gone
    assert await quiet.kept(sessions.of, lost.staff) == []


async def test_outside_a_demo_a_password_without_a_second_factor_changes_nothing(quiet):
    session, _ = await signed_in(quiet, "robin")
    with pytest.raises(CredentialsRefused):
        await accounts.change_password(
            quiet.heart,
            Sessions(quiet.heart, demo=False),
            session,
            present=PASSWORD,
            code=None,
            new=NEW,
        )
