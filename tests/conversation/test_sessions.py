"""Who may sign in to the desk, and what a session opens."""

import pyotp
import pytest

from helpline.conversation import Sessions
from helpline.conversation.errors import NotAllowed, NotSignedIn, SignInRefused
from helpline.conversation.staffing import NameTaken, add
from tests.conversation.conftest import PASSWORD


async def with_code(helpline):
    added = await add(
        helpline.heart.database,
        name="ash",
        alias="Ash",
        role="worker",
        password=PASSWORD,
        second_factor=True,
        now=helpline.heart.now(),
    )
    return pyotp.TOTP(added.one_time_secret)


async def test_a_wrong_name_password_or_code_gives_the_same_answer(helpline):
    totp = await with_code(helpline)
    right = totp.at(helpline.clock())
    for name, password, code in (
        ("nobody", PASSWORD, right),
        ("ash", "wrong password here", right),
        ("ash", PASSWORD, "000000" if right != "000000" else "111111"),
        ("ash", PASSWORD, None),
    ):
        with pytest.raises(SignInRefused) as refused:
            await helpline.desk.sign_in(name, password, code)
        assert refused.value.message == SignInRefused.message


async def test_a_one_time_code_works_once(helpline):
    totp = await with_code(helpline)
    code = totp.at(helpline.clock())
    await helpline.desk.sign_in("ash", PASSWORD, code)
    with pytest.raises(SignInRefused):
        await helpline.desk.sign_in("ash", PASSWORD, code)


async def test_outside_a_demo_nobody_signs_in_without_a_second_factor(helpline):
    sessions = Sessions(helpline.heart, demo=False)
    with pytest.raises(SignInRefused):
        await sessions.sign_in("robin", PASSWORD, None)


async def test_a_session_ends_by_signing_out_idling_or_age(helpline):
    session, cookie = await helpline.desk.sign_in("robin", PASSWORD, None)
    await helpline.desk.open(cookie)
    await helpline.desk.sign_out(session)
    with pytest.raises(NotSignedIn):
        await helpline.desk.open(cookie)
    _, cookie = await helpline.desk.sign_in("robin", PASSWORD, None)
    helpline.clock.pass_seconds(16 * 60)
    with pytest.raises(NotSignedIn):
        await helpline.desk.open(cookie)
    _, cookie = await helpline.desk.sign_in("robin", PASSWORD, None)
    for _ in range(73):
        helpline.clock.pass_seconds(10 * 60)
        try:
            await helpline.desk.here(await helpline.desk.open(cookie))
        except NotSignedIn:
            break
    else:
        raise AssertionError("a session lived for more than 12 hours")


async def test_a_session_outlives_a_restart_and_still_opens_the_team_key(helpline):
    session, cookie = await helpline.desk.sign_in("robin", PASSWORD, None)
    restarted = Sessions(helpline.heart, demo=True)
    assert (await restarted.open(cookie)).team == session.team


async def test_a_newcomer_opens_nothing_until_a_supervisor_gives_access(helpline):
    # Given a worker who was added on the command line
    totp = await with_code(helpline)
    ash, _ = await helpline.desk.sign_in("ash", PASSWORD, totp.at(helpline.clock()))
    with pytest.raises(NotAllowed):
        await helpline.desk.queue(ash)
    # Then a worker cannot give access, and a supervisor can
    robin, sam = await helpline.sign_in("robin"), await helpline.sign_in("sam")
    with pytest.raises(NotAllowed):
        await helpline.desk.give_access(robin, ash.staff)
    [newcomer] = await helpline.desk.newcomers(sam)
    await helpline.desk.give_access(sam, newcomer.staff)
    helpline.clock.pass_seconds(60)
    ash, _ = await helpline.desk.sign_in("ash", PASSWORD, totp.at(helpline.clock()))
    assert ash.team == sam.team
    assert await helpline.desk.newcomers(sam) == []


async def test_a_name_is_taken_once(helpline):
    await with_code(helpline)
    with pytest.raises(NameTaken):
        await with_code(helpline)
