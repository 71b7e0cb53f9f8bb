"""Row 6: what belongs to another conversation is answered as what there is none of, and as fast."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from uuid import uuid4

import httpx
import pytest

from helpline.desk import roles
from helpline.vault import new_token
from tests.attacks.support import FORM, JSON, LOGINS, Desk, alike
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

WITHIN = 0.15
"""The medians of two calls that must look alike differ by no more than this share."""
CALLS = [
    ("POST", "/api/conversation/messages"),
    ("GET", "/api/conversation/events"),
    ("POST", "/api/conversation/typing"),
    ("POST", "/api/conversation/handoff"),
    ("DELETE", "/api/conversation/handoff"),
    ("POST", "/api/conversation/return-code"),
    ("GET", "/api/conversation/feedback"),
    ("POST", "/api/conversation/feedback"),
    ("POST", "/api/conversation/end"),
    ("DELETE", "/api/conversation"),
]


@pytest.fixture
def other(desk: Desk) -> Iterator[YoungPerson]:
    """Somebody else's conversation."""
    with YoungPerson(desk.alone.url) as other:
        yield other


@pytest.fixture
def ended(desk: Desk) -> str:
    """The token of a conversation that has ended."""
    with YoungPerson(desk.alone.url) as young:
        assert young.http.post("/api/conversation/end").status_code == 204
        return young.token


def call(
    client: httpx.Client, method: str, path: str, token: str | bytes | None
) -> tuple[int, bytes]:
    headers: list[tuple[bytes, bytes]] = [(b"Accept", b"application/json")]
    if token is not None:
        raw = token if isinstance(token, bytes) else token.encode()
        headers.append((b"Authorization", b"Bearer " + raw))
    body = {"json": {"id": str(uuid4()), "text": "hello"}} if "messages" in path else {}
    answer = client.request(method, path, headers=headers, **body)
    return answer.status_code, answer.content


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_06_every_token_that_opens_nothing_is_answered_alike(
    stranger: httpx.Client, ended: str, other: YoungPerson, method: str, path: str
) -> None:
    # Given tokens that open nothing: none, unknown, ended, cut, changed by a letter, no token
    last = "A" if other.token[-2] != "A" else "B"
    changed = other.token[:-2] + last + other.token[-1]
    wrong = [None, "x", new_token(), ended, other.token[:-1], changed, f"{other.token}=", "é"]
    # When each is tried
    answers = {call(stranger, method, path, token) for token in wrong}
    # Then all get one answer
    assert len(answers) == 1
    [(status, body)] = answers
    assert (status, b"unknown_token" in body) == (401, True)
    # And the other conversation is as it was
    assert len(other.events()) == 2


def test_06_an_unknown_token_takes_as_long_as_one_that_was_good(
    stranger: httpx.Client, ended: str
) -> None:
    def ask(token: str) -> Callable[[], object]:
        headers = {"Authorization": f"Bearer {token}", **JSON}
        return lambda: stranger.get("/api/conversation/events", headers=headers)

    assert alike(ask(new_token()), ask(ended), within=WITHIN)


def test_06_the_measure_tells_a_longer_answer_apart(desk: Desk, other: YoungPerson) -> None:
    # Given a call that does more: a message kept on disk
    def ask() -> object:
        return other.http.get("/api/conversation/feedback")

    assert not alike(ask, lambda: (ask(), other.post("hello")), within=WITHIN, times=10)


def offered_in(young: YoungPerson) -> list[str]:
    """The ids of the buttons that this conversation was sent, once there is no more to come."""
    sent = young.post("someone is threatening to share my pictures")
    with closing(young.stream(sent.json()["number"])) as stream:
        next(e for e in stream if "I can't answer that" in e.get("text", ""))  # no assistant here
    return [b["id"] for e in young.events() for b in e.get("buttons", ())]


def test_06_another_conversations_button_is_no_button_here(desk: Desk, other: YoungPerson) -> None:
    # Given a button that somebody else was sent
    [theirs, *_] = offered_in(other)
    with YoungPerson(desk.alone.url) as young:
        own = offered_in(young)
        assert theirs not in own
        before = young.events()
        # When it is tapped here, and one that never was
        made_up = secrets.token_hex(len(theirs) // 2)[: len(theirs)]
        answers = [young.post(button=each) for each in (theirs, made_up, f"{own[0]} ", "' OR 1=1")]
        # Then both are unknown, in the same words and time, and nothing is said
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
        assert young.events() == before
        taps = (lambda: young.post(button=theirs)), (lambda: young.post(button=made_up))
        assert alike(*taps, within=WITHIN)
        assert len(other.events()) == len({e["number"] for e in other.events()})


def test_06_a_number_shows_what_is_here_and_nothing_of_others(
    desk: Desk, other: YoungPerson
) -> None:
    # Given two conversations, one longer than the other
    assert all(other.post(f"word {n}").status_code == 201 for n in range(5))
    with YoungPerson(desk.alone.url) as young:
        own = young.events()
        # When numbers are asked for that only the other has
        for after in (0, 1, 2, 3, 999_999_999):
            shown = young.events(after)
            # Then what is shown is what is here
            assert shown == [event for event in own if event["number"] > after]
        for wrong in ("-1", "1.5", "0x1", "9" * 20, "1;2", "²", ""):
            answer = young.http.get(
                "/api/conversation/events", params={"after": wrong}, headers=JSON
            )
            assert answer.status_code == (422 if wrong else 200), wrong


def chat_addresses(conversation: str) -> list[tuple[str, str]]:
    """Every address of the desk about one chat, filled in with this one."""
    return [
        (method, path.replace("<conversation>", conversation))
        for method, path in roles.ALLOWED
        if "<conversation>" in path
    ]


def ask_desk(desk: Desk, method: str, path: str) -> tuple[int, str]:
    who = desk.sam if path.endswith(("/look", "/stop-looking", "/take-over")) else desk.robin
    body = {"data": FORM} if method == "POST" else {}
    if method == "POST" and path.endswith("/messages"):
        body = {"json": {"id": str(uuid4()), "text": "hello"}}
    answer = who.http.request(method, path, headers=JSON, **body)
    return answer.status_code, answer.text


def conversations(desk: Desk) -> set[str]:
    return {row[0].hex() for row in desk.rows()["conversation"]}


def test_06_a_chat_that_never_came_to_the_desk_is_no_chat_there(desk: Desk) -> None:
    # Given the id of a conversation with the assistant alone, as a dishonest administrator has it
    before = conversations(desk)
    with YoungPerson(desk.alone.url) as young:
        assert young.post("heron on the water").status_code == 201
        [theirs] = conversations(desk) - before
        missing = secrets.token_hex(16)
        makes = "/record", "/breaking", "/record/finish", "/breaking/decide"
        for (method, real), (_, made_up) in zip(
            chat_addresses(theirs), chat_addresses(missing), strict=True
        ):
            if method == "POST" and real.endswith(makes):
                continue  # a chat that is gone gets a record of its own: see below
            # When a worker asks for it in every way there is, and for one that never was
            got = ask_desk(desk, method, real)
            none = ask_desk(desk, method, made_up)
            # Then the answers are the same, and nothing of it is told
            assert (got[0], plain(got[1], theirs)) == (none[0], plain(none[1], missing)), real
            assert "heron" not in got[1]
        # And as fast
        queue = f"/desk/chat/{theirs}", f"/desk/chat/{missing}"
        one, other = (lambda path=path: ask_desk(desk, "GET", path) for path in queue)
        assert alike(one, other, within=WITHIN, times=20)


def plain(page: str, conversation: str) -> str:
    """A page without the id that was asked for, which it may name."""
    return page.replace(conversation, "")


def test_06_nothing_is_written_about_a_chat_that_never_came_to_the_desk(desk: Desk) -> None:
    # Given a conversation with the assistant alone
    before = conversations(desk)
    with YoungPerson(desk.alone.url):
        [theirs] = conversations(desk) - before
        # When a worker writes a record of it, or a broken confidence
        for what in ("record", "record/finish", "breaking", "breaking/decide"):
            status, _ = ask_desk(desk, "POST", f"/desk/chat/{theirs}/{what}")
            # Then there is no such chat
            assert status == 404, what


def test_06_a_chat_that_another_holds_is_closed_in_every_way(desk: Desk) -> None:
    # Given a chat that robin holds; who holds which is no secret at the desk, what is in it is
    assert desk.young.post("heron on the water").status_code == 201
    with Worker(desk.alone.url, LOGINS["kit"]) as kit:
        events = desk.young.events()
        for method, path in chat_addresses(desk.chat):
            body = {"data": FORM} if method == "POST" else {}
            if path.endswith("/messages") and method == "POST":
                body = {"json": {"id": str(uuid4()), "text": "hello"}}
            # When another worker tries every address of it
            answer = kit.http.request(method, path, headers=JSON, **body)
            # Then none shows a word or changes a thing
            assert "heron" not in answer.text, path
            tells_its_fate = method == "GET" and path.endswith(("/pass-on", "/messages"))
            refused = answer.status_code in {403, 404, 409, 422}
            assert refused or tells_its_fate, path
        assert desk.young.events() == events
