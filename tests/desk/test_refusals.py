"""What the desk refuses: strangers, other sites, stale sessions, a chat that is taken."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.desk.support import YoungPerson, sign_in

pytestmark = pytest.mark.slow


def test_the_desk_sends_a_stranger_to_the_sign_in_page(client: httpx.Client) -> None:
    # When nobody is signed in
    answers = [client.get(path) for path in ("/desk", "/desk/chat/00")]
    # Then the desk leads to the form
    assert [answer.headers["Location"] for answer in answers] == ["/desk/login"] * 2
    # And the parts of the page and the stream tell nothing
    assert client.get("/desk/queue", headers={"HX-Request": "true"}).status_code == 401
    assert client.get("/desk/stream", headers={"Accept": "text/event-stream"}).status_code == 401


def test_a_wrong_password_and_an_unknown_name_are_told_alike(
    client: httpx.Client, service: Any
) -> None:
    # When a known and an unknown name try a wrong password
    tries = ({"name": service.worker.name}, {"name": "nobody-here"})
    answers = [client.post("/desk/login", data={**who, "password": "wrong"}) for who in tries]
    # Then both are refused in the same sentence and get no session
    assert [answer.status_code for answer in answers] == [401, 401]
    sentences = [re.findall(r'role="alert"[^>]*>([^<]+)', answer.text) for answer in answers]
    assert sentences[0]
    assert sentences[0] == sentences[1]
    assert not client.cookies


def test_the_session_cookie_is_out_of_reach_and_new_at_each_sign_in(
    client: httpx.Client, service: Any
) -> None:
    # Given a session id that somebody planted
    client.cookies.set("desk", "planted", domain="127.0.0.1")
    form = {"name": service.worker.name, "password": service.worker.password}
    # When a worker signs in
    first = client.post("/desk/login", data=form)
    # Then the id is another, and the browser keeps it from scripts and other sites
    given = first.headers["Set-Cookie"]
    assert "planted" not in given
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(given.split("; "))
    # And the next sign-in ends that session under a third id
    before = first.cookies["desk"]
    after = client.post("/desk/login", data=form).cookies["desk"]
    assert after != before
    with httpx.Client(base_url=client.base_url, cookies={"desk": before}) as old:
        assert old.get("/desk/queue").status_code == 401


def test_a_session_is_dead_at_once_after_signing_out(client: httpx.Client, service: Any) -> None:
    # Given a worker who is signed in
    token = sign_in(client, service)
    kept = dict(client.cookies)
    # When they sign out
    answer = client.post("/desk/sign-out", data={"csrf": token})
    # Then the old id opens nothing
    assert answer.headers["Location"] == "/desk/login"
    with httpx.Client(base_url=client.base_url, cookies=kept) as old:
        assert old.get("/desk/queue").status_code == 401


@pytest.mark.parametrize("token", [None, "", "0" * 64, "é"])
def test_a_post_without_the_sessions_token_changes_nothing(
    client: httpx.Client, service: Any, address: str, token: str | None
) -> None:
    # Given a chat in the queue
    sign_in(client, service)
    young_person = YoungPerson(address)
    young_person.lets_a_person_in()
    waiting = re.findall(r"/desk/chat/([^/]+)/take", client.get("/desk/queue").text)
    headers = {} if token is None else {"X-CSRF-Token": token.encode()}
    # When every POST of the desk is tried without the right token
    posts = ["/desk/here", "/desk/sign-out", "/desk/staff/1/access"]
    posts += [f"/desk/chat/{waiting[-1]}/{act}" for act in ("take", "typing", "messages", "end")]
    answers = [client.post(path, headers=headers) for path in posts]
    # Then each is refused and the queue is as it was
    assert {answer.status_code for answer in answers} == {403}
    assert re.findall(r"/desk/chat/([^/]+)/take", client.get("/desk/queue").text) == waiting
    young_person.ends()


@pytest.mark.parametrize(
    "foreign",
    [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
def test_another_sites_page_can_neither_post_nor_listen(
    client: httpx.Client, service: Any, foreign: dict[str, str]
) -> None:
    # Given a worker's cookie and even the token
    token = sign_in(client, service)
    # When another site's page uses them
    post = client.post("/desk/sign-out", data={"csrf": token}, headers=foreign)
    stream = client.get("/desk/stream", headers=foreign)
    login = client.post("/desk/login", data={"name": "a", "password": "b"}, headers=foreign)
    # Then it is refused and the worker stays signed in
    assert [post.status_code, stream.status_code, login.status_code] == [403, 403, 403]
    assert client.get("/desk/queue").status_code == 200


def test_no_page_of_the_desk_is_kept_by_a_browser_or_runs_inline_script(
    client: httpx.Client, service: Any
) -> None:
    # Given pages signed out and in
    pages = [client.get("/desk/login")]
    sign_in(client, service)
    pages += [client.get("/desk"), client.get("/desk/queue")]
    # Then none may be stored, framed or scripted from elsewhere
    for answer in pages:
        assert answer.headers["Cache-Control"] == "no-store"
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", answer.text)


def test_the_second_of_two_workers_is_told_that_the_chat_is_taken(
    client: httpx.Client, service: Any, address: str
) -> None:
    # Given a chat that was taken a moment ago
    token = sign_in(client, service)
    YoungPerson(address).lets_a_person_in()
    waiting = re.findall(r"/desk/chat/([^/]+)/take", client.get("/desk/queue").text)[-1]
    headers = {"X-CSRF-Token": token, "HX-Request": "true"}
    assert client.post(f"/desk/chat/{waiting}/take", headers=headers).status_code == 200
    # When it is taken once more
    second = client.post(f"/desk/chat/{waiting}/take", headers=headers)
    # Then one sentence says so, in place, and the queue is drawn again
    assert second.status_code == 409
    assert second.headers["HX-Retarget"] == "#problem"
    assert second.headers["HX-Trigger"] == "refresh"
    assert "taken" in second.text
    assert client.post(f"/desk/chat/{waiting}/end", headers=headers).status_code == 200
