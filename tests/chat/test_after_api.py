"""The interface around the end of a chat, as contract.md names it, over the running service."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.alone import Alone, service_in
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

WRONG = "abacus zoom harbor violin tulip cupcake"
DANGER = "he wont let me leave, the door is locked"
SECRET = "a heron stood in the water"
CODE = "/api/conversation/return-code"
RETURN = "/api/conversations/return"
FEEDBACK = "/api/conversation/feedback"
END = "/api/conversation/end"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with service_in(tmp_path_factory.mktemp("after-api")) as running:
        yield running


@pytest.fixture
def young(alone: Alone) -> Iterator[YoungPerson]:
    with YoungPerson(alone.url) as young:
        yield young


@pytest.fixture
def stranger(alone: Alone) -> Iterator[httpx.Client]:
    """Somebody without a token, from an address of their own."""
    transport = httpx.HTTPTransport(local_address="127.0.0.7")
    with httpx.Client(base_url=alone.url, timeout=60, transport=transport) as client:
        yield client


def error_of(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    assert error["message"]
    return answer.status_code, error["code"]


def test_a_code_is_given_and_taken(young: YoungPerson, stranger: httpx.Client) -> None:
    # Given a chat
    young.say(SECRET)
    # When its code is asked for
    given = young.http.post(CODE)
    # Then it is six words, and gives a token that shows nothing of before
    assert given.status_code == 201
    assert set(given.json()) == {"code"}
    code = given.json()["code"]
    assert len(code.split(" ")) == 6
    taken = stranger.post(RETURN, json={"code": code.replace(" ", "-").upper()})
    assert taken.status_code == 201
    assert set(taken.json()) == {"token"}
    headers = {"Authorization": f"Bearer {taken.json()['token']}", "Accept": "application/json"}
    seen = stranger.get("/api/conversation/events", headers=headers)
    assert SECRET not in seen.text
    assert [event["type"] for event in seen.json()["events"]] == ["state", "message"]
    assert all("came_back" not in event for event in seen.json()["events"])
    # And the old token opens nothing
    assert error_of(young.http.post(CODE)) == (401, "unknown_token")
    assert error_of(young.post("still me")) == (401, "unknown_token")


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"content": b"\xff"}, (400, "not_json")),
        ({"content": b""}, (400, "not_json")),
        ({"json": {}}, (422, "invalid")),
        ({"json": {"code": 3}}, (422, "invalid")),
        ({"json": {"code": ""}}, (422, "invalid")),
        ({"json": {"code": " - "}}, (422, "invalid")),
        ({"content": b'{"code": "\\ud800\\u0000"}'}, (422, "invalid")),
        ({"json": {"code": WRONG, "more": 1}}, (422, "invalid")),
        ({"json": [WRONG]}, (422, "invalid")),
        ({"json": {"code": "a" * 201}}, (413, "too_long")),
        ({"json": {"code": "a" * 5000}}, (413, "too_long")),
        ({"json": {"code": WRONG}}, (404, "unknown_code")),
        ({"json": {"code": "'; DROP TABLE tally; --"}}, (404, "unknown_code")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_code_is_refused_by_name(
    stranger: httpx.Client, body: dict[str, Any], refused: tuple[int, str]
) -> None:
    assert error_of(stranger.post(RETURN, **body)) == refused


@pytest.mark.parametrize("call", [("POST", CODE), ("GET", FEEDBACK), ("POST", FEEDBACK)])
def test_without_a_token_nothing_is_done(stranger: httpx.Client, call: tuple[str, str]) -> None:
    assert error_of(stranger.request(*call)) == (401, "unknown_token")


def test_feedback_is_given_once_and_end_takes_answers_too(alone: Alone) -> None:
    with YoungPerson(alone.url) as young:
        # Given the four questions
        assert young.http.get(FEEDBACK).json() == {
            "questions": ["rights", "someone", "choice", "listened"]
        }
        # When they are answered, some left out
        answers = {"answers": {"rights": "yes", "choice": None}}
        assert young.http.post(FEEDBACK, json=answers).status_code == 204
        # Then they are not asked again
        assert young.http.get(FEEDBACK).json() == {"questions": []}
        assert error_of(young.http.post(FEEDBACK, json=answers)) == (409, "not_asked")
        assert error_of(young.http.post(END, json=answers)) == (409, "not_asked")
        # And the chat can be ended without
        assert young.http.post(END).status_code == 204
        assert error_of(young.http.post(END)) == (401, "unknown_token")
    with YoungPerson(alone.url) as young:
        assert young.http.post(END, json={"answers": {"listened": "no"}}).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {"answers": {"rights": "maybe"}},
        {"answers": {"age": "yes"}},
        {"answers": []},
        {"answers": {"rights": "yes"}, "text": "hello"},
        [],
    ],
)
def test_what_is_no_answer_is_refused_and_ends_nothing(young: YoungPerson, body: Any) -> None:
    for path in (FEEDBACK, END):
        assert error_of(young.http.post(path, json=body)) == (422, "invalid")
    assert error_of(young.http.post(FEEDBACK, content=b"{")) == (400, "not_json")
    assert error_of(young.http.post(FEEDBACK)) == (400, "not_json")
    assert young.events()


def test_after_danger_nothing_is_asked(young: YoungPerson) -> None:
    young.say(DANGER)
    assert young.http.get(FEEDBACK).json() == {"questions": []}
    refused = young.http.post(FEEDBACK, json={"answers": {"rights": "yes"}})
    assert error_of(refused) == (409, "not_asked")


def test_the_line_is_left_over_the_interface(alone: Alone, young: YoungPerson) -> None:
    with Worker(alone.url, alone.worker) as worker:
        assert young.http.post("/api/conversation/handoff").status_code == 204
        assert len(worker.queue()) == 1
        assert young.http.delete("/api/conversation/handoff").status_code == 204
        assert worker.queue() == []
        assert young.events()[-2]["owner"] == "assistant"
        assert young.http.delete("/api/conversation").status_code == 204


def test_the_worker_sees_that_they_came_back(alone: Alone, young: YoungPerson) -> None:
    with Worker(alone.url, alone.worker) as worker:
        code = young.http.post(CODE).json()["code"]
        assert young.http.post("/api/conversation/handoff").status_code == 204
        [conversation] = worker.queue()
        worker.take(conversation)
        assert young.http.post(RETURN, json={"code": code}).status_code == 201
        assert "They came back with a code: ask for the code word first" in worker.chat(
            conversation
        )
        assert worker.say(conversation, "hello").status_code == 403
        worker.end(conversation)


async def test_guesses_slow_the_guesser_and_leave_others_unharmed(alone: Alone) -> None:
    # Given a young person who talks, another who has a code, and one who guesses, from one address
    guesser = httpx.AsyncHTTPTransport(local_address="127.0.0.9")
    async with (
        httpx.AsyncClient(base_url=alone.url, timeout=60, transport=guesser) as bad,
        httpx.AsyncClient(base_url=alone.url, timeout=60) as good,
    ):
        started = await good.post("/api/conversations")
        headers = {"Authorization": f"Bearer {started.json()['token']}"}
        code = (await good.post(CODE, headers=headers)).json()["code"]
        # When a hundred guesses come at once
        answers = [asyncio.ensure_future(bad.post(RETURN, json={"code": WRONG})) for _ in range(99)]
        took = []
        for number in range(20):
            began = time.perf_counter()
            body = {"id": f"8f8f0d26-3e8a-4b15-8b1c-0d6f6a0e1c{number:02}", "text": "hello"}
            started = await good.post("/api/conversations")
            sent = await good.post(
                "/api/conversation/messages",
                json=body,
                headers={"Authorization": f"Bearer {started.json()['token']}"},
            )
            took.append(time.perf_counter() - began)
            assert sent.status_code == 201
        # Then the others' messages are kept meanwhile, and the right code opens its chat
        assert statistics.median(took) < 2.0
        assert (await good.post(RETURN, json={"code": code})).status_code == 201
        statuses = [(await answer).status_code for answer in answers]
    # And the guesser gets one answer only, or is told to slow down
    assert set(statuses) == {404, 429}
    assert statuses.count(404) <= 10


def test_the_pepper_is_kept_beside_the_database_and_closed_to_others(alone: Alone) -> None:
    pepper = alone.home / "pepper"
    assert len(pepper.read_bytes()) == 32
    assert pepper.stat().st_mode & 0o777 == 0o600
    assert pepper.read_bytes() not in (alone.home / "waymark.db").read_bytes()


def test_no_word_of_a_code_stands_in_the_state_folder(
    alone: Alone, young: YoungPerson, stranger: httpx.Client
) -> None:
    # Given a code that was made and used
    code = young.http.post(CODE).json()["code"]
    assert stranger.post(RETURN, json={"code": code}).status_code == 201
    # Then no two words of it stand together in any file the service writes
    first, second, *_ = code.split(" ")
    for path in alone.home.rglob("*"):
        if path.is_file():
            kept = path.read_bytes().lower()
            assert f"{first} {second}".encode() not in kept
            assert f"{first}{second}".encode() not in kept
