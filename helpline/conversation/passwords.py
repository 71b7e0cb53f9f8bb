"""Which passwords staff may have: long, not guessable, not their own name."""

import re

from zxcvbn import zxcvbn

from helpline.conversation.errors import PasswordWeak

SHORTEST = 15
"""Characters: NIST SP 800-63B-4, section 3.1.1.2, for a password that may stand alone."""
LONGEST = 200
UNGUESSABLE = 4
"""zxcvbn's highest score: more than ten thousand million tries, knowing 94,000 common words,
names and passwords, keyboard rows, dates and repeats."""
READ = 72
"""So many characters are weighed: the estimate's work grows with the square of the length."""
NAME = 4
"""A name of at least so many letters must not be part of the password."""


def check(password: str, *names: str) -> None:
    """Raises PasswordWeak, with the reason in one sentence, for one that is too easy to guess.

    `names` are what this person is called, on the desk and in a chat. Takes a few milliseconds;
    nothing leaves the machine.
    """
    if len(password) < SHORTEST:
        raise PasswordWeak(f"The password must have at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise PasswordWeak(f"The password must have at most {LONGEST} characters.")
    parts = {part for name in names for part in re.findall(r"\w+", name.casefold())}
    if any(len(part) >= NAME and part in password.casefold() for part in parts):
        raise PasswordWeak("The password must not contain your name or alias.")
    found = zxcvbn(password[:READ], user_inputs=sorted(parts), max_length=READ)
    if found["score"] >= UNGUESSABLE:
        return
    kinds = {match["pattern"] for match in found["sequence"]}
    if "repeat" in kinds or "sequence" in kinds:
        raise PasswordWeak("The password repeats or counts on: choose unrelated words.")
    raise PasswordWeak("The password is made of common passwords: choose unrelated words.")
