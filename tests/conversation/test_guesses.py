"""Row 13 of the attacks: ten thousand guesses at codes, with Argon2 at its cheapest.

What is measured here is what happens around the hash; its own cost is `tests/vault`'s.
"""

from uuid import uuid4

import pytest

from helpline.conversation import returning
from helpline.conversation.after import AfterWords
from helpline.conversation.errors import UnknownCode
from helpline.conversation.incoming import Incoming
from helpline.conversation.returning import Returning
from helpline.limits.addresses import ADDRESSES, Seeded
from helpline.limits.slowing import LONGEST_S, Slowing
from helpline.vault import return_code
from helpline.vault.return_code import load_words, new_code
from tests.conftest import ROOT

GUESSES = 10_000
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """One guess costs what it costs around Argon2; the least that Argon2 itself allows."""
    monkeypatch.setattr(return_code, "MEMORY_KIB", 8)
    monkeypatch.setattr(return_code, "TIME_COST", 1)
    monkeypatch.setattr(returning, "ANSWER_AFTER_S", 0.0)


@ONE_DATABASE
async def test_13_ten_thousand_guesses_open_nothing_and_leave_others_unharmed(quiet, cheap):
    # Given chats with codes, and somebody who guesses, an honest one among them now and then
    words = load_words(ROOT / "data" / "service" / "unfit_words.yml")
    after = AfterWords.load(ROOT / "data" / "service" / "after.yml")
    codes = Returning(quiet.heart, pepper=bytes(32), words=words, after=after)
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    slowing, answers, owners = (
        Slowing(Seeded(ADDRESSES, lambda: 0.0), UnknownCode, lambda: 0.0, wait),
        set(),
        [],
    )
    for _ in range(10):
        _, access = await quiet.begin()
        owners.append((access, await codes.make_code(access)))
    # When ten thousand codes are tried from one address
    for number in range(GUESSES):
        try:
            async with slowing.turn("198.51.100.1"):
                answers.add(await codes.come_back(new_code(words)))
        except UnknownCode as error:
            answers.add((error.status, error.code, error.message))
        if number % 1000 == 999:
            # Then whoever talks meanwhile is heard
            access, code = owners.pop()
            sent = Incoming(uuid4(), text="hello")
            assert not (await quiet.young.receive(access, sent)).repeated
            # And whoever comes back from elsewhere gets in, without waiting
            already = len(waited)
            async with slowing.turn(f"203.0.113.{number // 1000}"):
                assert await codes.come_back(code)
            assert waited[already:] in ([], [LONGEST_S])  # at worst they share a bucket
    # And all guesses were told the same, and slowed to the longest wait
    assert answers == {(404, "unknown_code", UnknownCode.message)}
    assert len(waited) >= GUESSES - 20
    assert max(waited) == LONGEST_S
