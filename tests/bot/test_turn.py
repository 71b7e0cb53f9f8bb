"""One turn over HTTP: who may ask, what is text, what is refused."""

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.slow


def test_a_question_is_answered_and_the_state_comes_back(bot: Any) -> None:
    # Given a young person who has said nothing yet
    # When they ask about their rights
    answer = bot.turn([], text="what are my rights").json()
    # Then the assistant understands and answers, with buttons it can read back
    assert answer["intent"] == "ask_rights"
    assert answer["confidence"] > 0.5
    assert answer["form_active"] is False
    assert answer["replies"]
    assert all(set(reply) == {"text", "buttons"} for reply in answer["replies"])
    # And the state is ready for the next turn
    assert answer["state"][-1]["name"] == "action_listen"


def test_without_the_secret_nobody_is_answered(bot: Any) -> None:
    # Given a caller on the same machine who does not know the secret
    wrong = ({}, *({"Authorization": value} for value in ("x", "Bearer x", b"Bearer \xc3\xa4")))
    for headers in wrong:
        # When they send a turn
        path = bot.url + "/webhooks/turn/turn"
        response = httpx.post(path, headers=headers, json={"state": [], "text": "hi"})
        # Then they get nothing but a refusal
        assert response.status_code == 401
        assert response.json() == {"error": "wrong_secret"}


def test_nothing_else_of_rasas_interface_exists(bot: Any) -> None:
    for path in ("/", "/status", "/version", "/domain", "/conversations/x/tracker", "/model"):
        assert httpx.get(bot.url + path).status_code == 404
    assert bot.post("/webhooks/rest/webhook", json={"message": "hi"}).status_code == 404
    assert httpx.get(bot.url + "/health").json() == {"model": True}


@pytest.mark.parametrize("text", ["/restart", "/talk_to_a_person", '/deny{"nation":"x"}', "///"])
def test_text_that_begins_with_a_slash_is_text(bot: Any, text: str) -> None:
    # Given a conversation in which the nation is known
    first = bot.turn([], payload='/inform_nation{"nation":"wales"}').json()
    # When the young person types something that Rasa would take for a command
    answer = bot.turn(first["state"], text=text).json()
    # Then it is read like any other text: nothing is restarted, no entity is set
    assert answer["confidence"] < 1
    assert answer["replies"]
    assert {"event": "restart"} not in answer["state"]
    nations = [each["value"] for each in answer["state"] if each.get("name") == "nation"]
    assert nations == ["wales"]


def test_markup_in_a_text_is_text(bot: Any) -> None:
    # When a text looks like an annotated training example
    answer = bot.turn([], text="i live with [my mum](nation)").json()
    # Then no entity comes of it
    assert not [each for each in answer["state"] if each.get("name") == "nation"]


@pytest.mark.parametrize("payload", ["/restart", "/session_start", "/no_such_intent", "hi", "/"])
def test_a_button_that_the_assistant_never_sends_is_refused(bot: Any, payload: str) -> None:
    response = bot.turn([], payload=payload)
    assert response.status_code == 422
    assert response.json() == {"error": "unknown_payload"}


def test_2000_characters_are_read_and_2001_are_not(bot: Any) -> None:
    assert bot.turn([], text="a " * 1000).status_code == 200
    assert bot.turn([], text="a" * 2001).status_code == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"text": "hi", "payload": "/greet"}', 422),
        (b'{"text": ""}', 422),
        (b'{"text": 5}', 422),
        (b'{"text": "\\ud800"}', 422),
        (b'{"text": "hi", "level": 5}', 422),
        (b'{"text": "hi", "level": true}', 422),
        (b'{"text": "hi", "state": {}}', 422),
        (b'{"text": "hi", "state": [1]}', 422),
        (b'{"text": "hi", "state": [{"event": "no_such_event"}]}', 422),
        (b'{"text": "hi", "state": [{"event": "slot"}, null]}', 422),
        (b'{"text": "' + b"a" * 1_100_000 + b'"}', 413),
    ],
)
def test_what_is_not_a_turn_is_refused_without_an_echo(bot: Any, body: bytes, status: int) -> None:
    # When something that is not a turn arrives
    response = bot.post("/webhooks/turn/turn", content=body)
    # Then it is refused with a code, and none of it comes back
    assert response.status_code == status
    assert set(response.json()) == {"error"}
    # And the bot still answers the next one
    assert bot.turn([], text="hi").status_code == 200


def test_the_level_reaches_the_slot_before_the_message(bot: Any) -> None:
    answer = bot.turn([], text="hi", level=3).json()
    kinds = [each["event"] for each in answer["state"]]
    level = {"event": "slot", "name": "danger_level", "value": 3.0}
    assert answer["state"].index(level) < kinds.index("user")
