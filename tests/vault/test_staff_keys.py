"""Passwords, sessions and the recovery key open what they should, and nothing else does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpline.vault import (
    PasswordRefused,
    WrapBroken,
    close_session,
    create_staff_secret,
    create_team_key,
    new_cookie,
    new_key,
    open_recovery_copy,
    open_session,
    open_staff_secret,
    recovery_public,
    renew_staff_secret,
    renew_team_key,
)

OLD, NEW = "correct horse battery", "another saddle entirely"
KEY = st.binary(min_size=32, max_size=32)


def test_another_password_wraps_the_same_key_and_the_old_one_opens_nothing():
    # Given a secret under one password
    secret = create_staff_secret(OLD, "ONETIME")
    private, one_time = open_staff_secret(secret, OLD)
    # When it is wrapped under another
    renewed = renew_staff_secret(private, one_time, NEW)
    # Then the new one opens the same, what was sealed to them still is, and the salt is fresh
    assert open_staff_secret(renewed, NEW) == (private, one_time)
    assert renewed.public == secret.public
    assert renewed.salt != secret.salt
    # And the old one opens nothing
    with pytest.raises(PasswordRefused):
        open_staff_secret(renewed, OLD)


@settings(deadline=None)
@given(KEY, st.dictionaries(st.integers(1, 2**32 - 1), KEY, max_size=5))
def test_a_session_keeps_every_team_key_for_its_own_cookie_only(private, team):
    cookie = new_cookie()
    wrapped = close_session(cookie, private, team)
    assert open_session(cookie, wrapped) == (private, team)
    for other, changed in ((new_cookie(), wrapped), (cookie, wrapped[:-1]), (cookie, b"")):
        with pytest.raises(WrapBroken):
            open_session(other, changed)
    assert private not in wrapped


def test_a_renewed_team_key_is_recovered_with_the_key_printed_at_first():
    # Given a team key, and one that took its place without the offline key at hand
    first = create_team_key()
    second = renew_team_key(first.recovery_public)
    assert second.private != first.private
    # Then the printed key opens both copies, and nothing new has to be printed
    assert recovery_public(first.recovery_key) == first.recovery_public
    for team in (first, second):
        assert open_recovery_copy(first.recovery_key, team.recovery_copy) == team.private
    assert second.recovery_key is None


@pytest.mark.parametrize("wrong", ["", "zz", "00" * 31, "00" * 32, new_key().hex()], ids=range(5))
def test_what_is_not_the_recovery_key_opens_nothing(wrong):
    with pytest.raises(WrapBroken):
        open_recovery_copy(wrong, create_team_key().recovery_copy)
