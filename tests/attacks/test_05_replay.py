"""Row 5: what was used once, used again: one-time passwords, message ids, return codes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pyotp
import pytest

from helpline.conversation import staffing
from helpline.settings import Settings
from helpline.store.database import Database
from tests.alone import Alone, service_in
from tests.attacks.support import Desk, change, rows_of
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

PASSWORD = "a long enough password"
RETURN = "/api/conversations/return"


@dataclass(frozen=True)
class Guarded:
    """A service as in real use: nobody signs in without a one-time password."""

    alone: Alone
    totp: pyotp.TOTP

    def sign_in(self, code: str, **other: str) -> httpx.Response:
        form = {"name": "ash", "password": PASSWORD, "code": code, **other}
        return httpx.post(f"{self.alone.url}/desk/login", data=form, timeout=30)

    def fresh_code(self) -> str:
        """A one-time password of a half minute in which none was used."""
        assert change(self.alone.home, "UPDATE staff SET last_code_step = 0") == 1
        return self.totp.now()


async def add(home: Path) -> str:
    database = Database.open(Settings(home=home).database_url)
    await database.upgrade()
    added = await staffing.add(
        database,
        name="ash",
        alias="Ash",
        role="supervisor",
        password=PASSWORD,
        second_factor=True,
        now=0.0,
    )
    await database.close()
    return added.one_time_secret


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    home = tmp_path_factory.mktemp("guarded")
    secret = asyncio.run(add(home))
    with service_in(home, staff=False) as running:
        yield Guarded(running, pyotp.TOTP(secret))


def test_05_a_one_time_password_is_good_once(guarded: Guarded) -> None:
    # Given a one-time password that somebody read over a shoulder
    code = guarded.fresh_code()
    assert guarded.sign_in(code).status_code == 303
    # When it is used again, in any way it could be written
    again = [guarded.sign_in(form) for form in (code, f" {code} ", f"{code}\n")]
    # Then nobody is signed in
    assert [answer.status_code for answer in again] == [401] * 3
    assert not any(answer.cookies for answer in again)


def test_05_of_many_who_use_one_at_the_same_moment_one_is_signed_in(guarded: Guarded) -> None:
    code = guarded.fresh_code()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: guarded.sign_in(code).status_code, range(8)))
    assert sorted(answers) == [303] + [401] * 7


def test_05_a_used_one_is_not_good_for_an_earlier_half_minute(guarded: Guarded) -> None:
    # Given that the newest was used
    code = guarded.fresh_code()
    assert guarded.sign_in(code).status_code == 303
    # Then the one before it, which nobody used, is not good any more, nor those of other times
    now = datetime.now(UTC).timestamp()
    for away in (-30, -60, 60, 3600):
        assert guarded.sign_in(guarded.totp.at(int(now) + away)).status_code == 401


@pytest.mark.parametrize("code", ["", "000000", "٠١٢٣٤٥", "1234567", "12345", "\x00" * 6, "é"])
def test_05_what_is_no_one_time_password_is_refused(guarded: Guarded, code: str) -> None:
    assert guarded.sign_in(code).status_code == 401


def test_05_a_message_sent_again_is_kept_once_and_answered_alike(desk: Desk) -> None:
    with YoungPerson(desk.alone.url) as young:
        # Given a message that is kept
        sent = {"id": str(uuid4()), "text": "hello"}
        kept = young.post(**sent)
        assert kept.status_code == 201
        before = rows_of(desk.alone.home)["event"]
        # When it comes again, one after the other, all at once, with its id written otherwise
        spelled = sent["id"].upper(), f"{{{sent['id']}}}", f"urn:uuid:{sent['id']}"
        with ThreadPoolExecutor(8) as pool:
            again = list(pool.map(lambda _: young.post(**sent), range(8)))
        again += [young.post("hello", id=name) for name in spelled]
        # Then each is told the same number, and nothing is kept twice
        assert {answer.status_code for answer in again} == {200}
        assert {answer.json()["number"] for answer in again} == {kept.json()["number"]}
        assert mine(young) == ["hello"]
        assert len(rows_of(desk.alone.home)["event"]) in range(len(before), len(before) + 2)


def test_05_an_id_with_other_words_is_refused_and_changes_nothing(desk: Desk) -> None:
    with YoungPerson(desk.alone.url) as young:
        identity = str(uuid4())
        assert young.post("hello", id=identity).status_code == 201
        for words in ("hello ", "Hello", "he has a knife"):
            assert young.post(words, id=identity).status_code == 409
        assert mine(young) == ["hello"]


def test_05_an_id_means_nothing_in_another_chat(desk: Desk) -> None:
    # Given an id that somebody else used
    with YoungPerson(desk.alone.url) as one, YoungPerson(desk.alone.url) as other:
        identity = str(uuid4())
        assert one.post("from the first", id=identity).status_code == 201
        # Then the same id is new here, and shows nothing of the other
        assert other.post("from the second", id=identity).status_code == 201
        assert mine(one) == ["from the first"]
        assert mine(other) == ["from the second"]


def test_05_a_workers_message_sent_again_is_kept_once(desk: Desk) -> None:
    sent = {"id": str(uuid4()), "text": "is it safe to talk"}
    path = f"/desk/chat/{desk.chat}/messages"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: desk.robin.http.post(path, json=sent), range(4)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 200, 200, 201]
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert desk.robin.http.post(path, json={**sent, "text": "other"}).status_code == 409


def test_05_a_code_used_twice_at_once_leaves_one_way_in(desk: Desk) -> None:
    # Given a code that two people know
    with YoungPerson(desk.alone.url) as young:
        assert young.post("hello").status_code == 201
        code = young.http.post("/api/conversation/return-code").json()["code"]
        # When both use it at the same moment
        back = f"{desk.alone.url}{RETURN}"
        with ThreadPoolExecutor(2) as pool:
            sent = pool.map(lambda _: httpx.post(back, json={"code": code}, timeout=30), range(2))
            given = [answer.json()["token"] for answer in sent]
        # Then one token is alive, the other and the first one are dead
        living = [token for token in (*given, young.token) if opens(desk, token)]
        assert len(living) == 1
        assert living[0] in given
        # And used once more, it ends that one too, and shows nothing of before
        third = httpx.post(back, json={"code": code}, timeout=30).json()["token"]
        assert not opens(desk, living[0])
        assert "hello" not in opens(desk, third).text


def opens(desk: Desk, token: str) -> httpx.Response | None:
    """The events that a token opens; None where it opens nothing."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    answer = httpx.get(f"{desk.alone.url}/api/conversation/events", headers=headers)
    return answer if answer.status_code == 200 else None


def mine(young: YoungPerson) -> list[str]:
    return [e["text"] for e in young.events() if e.get("from") == "young_person"]
