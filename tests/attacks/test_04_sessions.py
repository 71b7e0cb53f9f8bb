"""Row 4: a staff session that was planted, or is used after it should be over."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from helpline.desk import roles
from tests.alone import Alone, service_in
from tests.attacks.support import JSON, LOGINS, change
from tests.worker import Worker

pytestmark = pytest.mark.slow

CHAT = {"conversation": "0" * 32, "number": "1", "person": "1", "reference": "0" * 16}

ENDS_SESSIONS = {("POST", "/desk/sign-out"), ("POST", "/desk/account/sessions/end-others")}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """A service of its own: somebody is let go here."""
    with service_in(tmp_path_factory.mktemp("sessions")) as running:
        yield running


@pytest.fixture
def kit(alone: Alone) -> Iterator[Worker]:
    with Worker(alone.url, LOGINS["kit"]) as kit:
        yield kit


def what_it_opens(alone: Alone, cookie: str, token: str) -> set[tuple[str, str]]:
    """The addresses of the desk that this session opens: neither 401, 403 nor the sign-in page.

    Those that end sessions are left alone: they would end what is looked at.
    """
    opened = set()
    headers = {**JSON, "X-CSRF-Token": token, "Cookie": f"desk={cookie}"}
    with httpx.Client(base_url=alone.url, headers=headers, timeout=30) as thief:
        for method, path in roles.ALLOWED.keys() - ENDS_SESSIONS:
            address = path
            for name, value in CHAT.items():
                address = address.replace(f"<{name}>", value)
            with thief.stream(method, address) as answer:
                if answer.status_code not in {401, 403, 302}:
                    opened.add((method, path))
    return opened


def held_by(worker: Worker) -> tuple[str, str]:
    return worker.http.cookies["desk"], worker.http.headers["X-CSRF-Token"]


def test_04_a_session_planted_before_sign_in_is_not_the_one_that_is_signed_in(
    alone: Alone, kit: Worker
) -> None:
    # Given a thief with a session of their own, planted in the browser of somebody else
    planted, token = held_by(kit)
    assert what_it_opens(alone, planted, token)
    login = LOGINS["robin"]
    with httpx.Client(base_url=alone.url, cookies={"desk": planted}) as browser:
        # When that somebody signs in there
        form = {"name": login.name, "password": login.password}
        answer = browser.post("/desk/login", data=form)
        # Then they get another session, and the planted one is dead at once
        assert answer.status_code == 303
        given = answer.headers["Set-Cookie"]
        assert planted not in given
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(given.split("; "))
    assert what_it_opens(alone, planted, token) == set()


@pytest.mark.parametrize("planted", ["planted", "", "0" * 64, "' OR 1=1 --", "%00", "a" * 4000])
def test_04_an_id_that_the_service_did_not_give_is_never_taken_on(
    alone: Alone, planted: str
) -> None:
    # Given an id that somebody made up
    login = LOGINS["robin"]
    form = {"name": login.name, "password": login.password}
    # When it is sent along with a sign-in
    answer = httpx.post(f"{alone.url}/desk/login", data=form, headers={"Cookie": f"desk={planted}"})
    # Then the id is one of ours, and what was made up opens nothing
    assert answer.status_code == 303
    assert len(answer.cookies["desk"]) == 64
    assert answer.cookies["desk"] != planted
    assert what_it_opens(alone, planted, "x") == set()


def test_04_after_signing_out_nothing_is_opened_with_the_old_id(alone: Alone, kit: Worker) -> None:
    kept = held_by(kit)
    assert len(what_it_opens(alone, *kept)) > 0
    with Worker(alone.url, LOGINS["kit"]) as again:
        kept = held_by(again)
        assert again.http.post("/desk/sign-out").status_code == 303
    assert what_it_opens(alone, *kept) == set()


def test_04_a_session_that_nobody_uses_is_over_after_a_quarter_of_an_hour(
    alone: Alone, kit: Worker
) -> None:
    # Given a session that was used last 15 minutes and a second ago
    assert change(alone.home, "UPDATE staff_session SET used_at = used_at - 901") > 0
    # Then it opens nothing, and is not woken by trying
    for _ in range(2):
        assert what_it_opens(alone, *held_by(kit)) == set()


def test_04_a_session_that_is_used_all_day_is_over_after_twelve_hours(
    alone: Alone, kit: Worker
) -> None:
    assert change(alone.home, "UPDATE staff_session SET created_at = created_at - 43201") > 0
    assert what_it_opens(alone, *held_by(kit)) == set()


def test_04_what_an_open_page_asks_by_itself_keeps_no_session_alive(
    alone: Alone, kit: Worker
) -> None:
    # Given a session of which 14 minutes of idling have passed
    assert change(alone.home, "UPDATE staff_session SET used_at = used_at - 840") > 0
    # When only its open page asks
    for method, path in sorted(roles.BY_ITSELF):
        if "<" not in path and not path.endswith("/stream"):
            assert kit.http.request(method, path).status_code < 400
    assert change(alone.home, "UPDATE staff_session SET used_at = used_at - 61") > 0
    # Then it is over
    assert what_it_opens(alone, *held_by(kit)) == set()


def test_04_another_role_counts_from_the_next_request_on(alone: Alone, kit: Worker) -> None:
    # Given a worker whose role was taken away while they are signed in
    before = what_it_opens(alone, *held_by(kit))
    assert ("GET", "/desk/queue") in before
    with Worker(alone.url, LOGINS["kit"]) as again:
        kept = held_by(again)
        change(alone.home, "UPDATE staff SET role = 'editor' WHERE name = 'kit'")
        # Then their session opens what that role may, and no more
        opened = what_it_opens(alone, *kept)
        change(alone.home, "UPDATE staff SET role = 'worker' WHERE name = 'kit'")
    allowed = {each for each, may in roles.ALLOWED.items() if "editor" in may}
    assert opened == allowed - ENDS_SESSIONS


def test_04_a_changed_password_ends_every_session_but_the_one_that_changed_it(
    alone: Alone, kit: Worker
) -> None:
    # Given two sessions of one person, and one of somebody else
    login, new = LOGINS["kit"], "a sentence of other words"
    with Worker(alone.url, login) as other, Worker(alone.url, LOGINS["sam"]) as sam:
        stolen = held_by(other)
        # When the password is changed in one
        form = {"present": login.password, "new": new, "again": new}
        assert kit.http.post("/desk/account/password", data=form).status_code == 303
        # Then the others of that person are dead, and that one and other people's live
        assert what_it_opens(alone, *stolen) == set()
        assert kit.http.get("/desk/queue").status_code == 200
        assert sam.http.get("/desk/queue").status_code == 200
    # And the old password opens nothing
    old = {"name": login.name, "password": login.password}
    assert httpx.post(f"{alone.url}/desk/login", data=old).status_code == 401
    back = {"present": new, "new": login.password, "again": login.password}
    assert kit.http.post("/desk/account/password", data=back).status_code == 303


def test_04_who_was_let_go_is_cut_off_at_once_in_every_session(alone: Alone) -> None:
    # Given somebody with two sessions and an open stream
    with (
        Worker(alone.url, LOGINS["robin"]) as one,
        Worker(alone.url, LOGINS["robin"]) as two,
        Worker(alone.url, LOGINS["sam"]) as sam,
        one.http.stream("GET", "/desk/stream") as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        # When a supervisor lets them go
        [(who,)] = rows(alone, "SELECT id FROM staff WHERE name = 'robin'")
        assert sam.http.post(f"/desk/staff/{who}/leave").status_code == 303
        # Then nothing is opened by either session, and the stream ends
        for each in (one, two):
            assert what_it_opens(alone, *held_by(each)) == set()
        for _ in lines:
            pass
    # And the password opens nothing
    form = {"name": "robin", "password": LOGINS["robin"].password}
    assert httpx.post(f"{alone.url}/desk/login", data=form).status_code == 401


def rows(alone: Alone, query: str) -> list[tuple[int]]:
    with closing(sqlite3.connect(alone.home / "waymark.db")) as database:
        return database.execute(query).fetchall()
