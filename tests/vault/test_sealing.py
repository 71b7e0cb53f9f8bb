"""What is sealed opens in its own place only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.vault import (
    KeyRing,
    PasswordRefused,
    Place,
    SealBroken,
    WrapBroken,
    create_staff_secret,
    create_team_key,
    new_key,
    new_token,
    open_for_team,
    open_sealed,
    open_staff_secret,
    seal,
    seal_for_team,
    token_hash,
    token_key,
    unwrap,
    wrap,
)

CHAT, OTHER = b"c" * 16, b"o" * 16
PLACE = Place(CHAT, 7, "young_person", 2)


@given(st.binary(max_size=3000))
def test_a_sealed_message_opens_in_its_place_and_hides_its_length(plaintext):
    key = new_key()
    sealed = seal(key, PLACE, plaintext)
    assert open_sealed(key, PLACE, sealed) == plaintext
    assert (len(sealed) - len(seal(key, PLACE, b""))) % 256 == 0


@pytest.mark.parametrize(
    "place",
    [
        Place(OTHER, 7, "young_person", 2),
        Place(CHAT, 8, "young_person", 2),
        Place(CHAT, 7, "worker", 2),
        Place(CHAT, 7, "young_person", 3),
    ],
)
def test_a_moved_message_does_not_open(place):
    key = new_key()
    sealed = seal(key, PLACE, b"words")
    with pytest.raises(SealBroken):
        open_sealed(key, place, sealed)


@given(st.data())
def test_a_changed_or_cut_message_does_not_open(data):
    key = new_key()
    sealed = seal(key, PLACE, b"words")
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        open_sealed(key, PLACE, bytes(changed))
    with pytest.raises(SealBroken):
        open_sealed(key, PLACE, sealed[:at])


def test_another_key_opens_nothing():
    sealed = seal(new_key(), PLACE, b"words")
    with pytest.raises(SealBroken):
        open_sealed(new_key(), PLACE, sealed)


def test_only_the_token_that_wrapped_a_key_unwraps_it_and_only_in_its_epoch():
    # Given a key wrapped under a token
    token, key = new_token(), new_key()
    wrapped = wrap(token_key(token), key, CHAT, 0)
    # Then that token opens it
    assert unwrap(token_key(token), wrapped, CHAT, 0) == key
    # And no other token, conversation or epoch does
    for under, chat, epoch in (
        (token_key(new_token()), CHAT, 0),
        (token_key(token), OTHER, 0),
        (token_key(token), CHAT, 1),
    ):
        with pytest.raises(WrapBroken):
            unwrap(under, wrapped, chat, epoch)


def test_the_servers_hash_of_a_token_says_nothing_of_its_key():
    token = new_token()
    assert token_hash(token) != token_key(token)


@given(st.text(max_size=100))
def test_what_is_no_token_is_refused_and_never_an_error(text):
    with pytest.raises(WrapBroken):
        token_hash(text)


def test_a_key_sealed_to_the_team_opens_with_the_team_key_for_its_chat_and_epoch_only():
    team, stranger, key = create_team_key(), create_team_key(), new_key()
    sealed = seal_for_team(team.public, key, CHAT, 3)
    assert open_for_team(team.private, sealed, CHAT, 3) == key
    for private, chat, epoch in (
        (stranger.private, CHAT, 3),
        (team.private, OTHER, 3),
        (team.private, CHAT, 4),
    ):
        with pytest.raises(WrapBroken):
            open_for_team(private, sealed, chat, epoch)


def test_the_offline_recovery_key_opens_the_recovery_copy():
    from nacl.public import PrivateKey, SealedBox

    team = create_team_key()
    offline = PrivateKey(bytes.fromhex(team.recovery_key))
    assert SealedBox(offline).decrypt(team.recovery_copy) == team.private


def test_a_password_opens_its_own_secret_only():
    secret = create_staff_secret("correct horse battery", "ONETIME")
    private, one_time = open_staff_secret(secret, "correct horse battery")
    assert (len(private), one_time) == (32, "ONETIME")
    with pytest.raises(PasswordRefused):
        open_staff_secret(secret, "correct horse batterz")


def test_keys_never_show_in_a_repr():
    key = new_key()
    team = create_team_key()
    secret = create_staff_secret("correct horse battery", "ONETIME")
    shown = repr(KeyRing({0: key})) + repr(team) + repr(secret)
    for hidden in (key, team.private, secret.wrapped):
        assert repr(hidden) not in shown
    assert team.recovery_key not in shown
