"""A password that staff may have is long, not guessable and not their name."""

import pytest

from helpline import demo
from helpline.conversation import passwords
from helpline.conversation.errors import PasswordWeak

WHO = ("margaret.oyelaran", "Wren")


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "xkq2 vlwd 9pz4 mmtr", "Regen, Brücke, Löffel!", "w" + "ö7 k" * 40],
)
def test_long_and_unrelated_words_will_do(password):
    assert passwords.check(password, *WHO) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "at least 15 characters"),
        ("fourteen chars", "at least 15 characters"),
        ("k" * 201, "at most 200 characters"),
        ("password1234567890", "common passwords"),
        ("qwertyuiopasdfghjkl", "common passwords"),
        ("iloveyouiloveyou", "repeats"),
        ("abcdefghijklmnopqrstuvwxyz", "repeats"),
        ("Summer2026Summer2026", "repeats"),
        ("the-Oyelaran-family-house", "your name"),
        ("wrens nest in high trees", "your name"),
    ],
)
def test_a_password_is_refused_with_the_reason_in_one_sentence(password, why):
    with pytest.raises(PasswordWeak) as refused:
        passwords.check(password, *WHO)
    assert why in refused.value.message
    assert refused.value.message.count(".") == 1


def test_a_very_long_password_is_weighed_at_once():
    """The estimate's work grows with the square of the length: 200 characters must not hurt."""
    assert (
        passwords.check("".join(f"{n * n * 7919 % 99991}k" for n in range(40))[:200], *WHO) is None
    )


@pytest.mark.parametrize("login", demo.LOGINS)
def test_the_demos_own_passwords_keep_the_rule(login):
    assert passwords.check(login.password, login.name, login.name.capitalize()) is None
