"""The action server: behind the shared secret, and by the slot ``nation`` only."""

import re
from datetime import date
from typing import Any

import httpx
import pytest

from helpline.facts import Facts
from tests.bot.conftest import ROOT

FACTS = Facts.load(ROOT / "data" / "facts")
pytestmark = pytest.mark.slow

CALL = {
    "next_action": "action_find_service",
    "tracker": {"sender_id": "x", "slots": {"nation": "scotland"}, "events": []},
    "version": "3.6.21",
}


def test_without_the_secret_no_action_runs(actions: Any) -> None:
    # Given a caller on the same machine who does not know the secret
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        # When they ask for an action
        response = httpx.post(actions.url + "/webhook", headers=headers, json=CALL)
        # Then it is refused
        assert response.status_code == 401


def test_the_action_answers_by_nation(actions: Any) -> None:
    # When Rasa asks for services in Scotland
    answer = actions.post("/webhook", json=CALL).json()
    # Then they are named by id, those for Scotland alone among them, and no slot is changed
    assert answer["events"] == []
    named = re.findall(r"\[(S\d\d) said\]", " ".join(r["text"] for r in answer["responses"]))
    nations = [FACTS.verified(name).nations for name in named]
    assert frozenset({"scotland"}) in nations
    assert all("scotland" in each for each in nations)
    # And the last reply has the way on
    assert answer["responses"][-1]["buttons"]


def test_what_is_no_action_call_is_refused(actions: Any) -> None:
    assert actions.post("/webhook", content=b"{").status_code == 400
    assert actions.post("/webhook", json={}).status_code == 400
    assert actions.post("/webhook", json={**CALL, "next_action": "none"}).status_code == 404
    assert httpx.get(actions.url + "/health").json() == {"actions": ["action_find_service"]}


def test_the_bot_reaches_it_without_the_words_of_the_chat(bot: Any) -> None:
    answers = bot.talk([{"payload": '/inform_nation{"nation":"wales"}'}, {"text": "find help"}])
    assert answers[-1]["intent"] == "find_a_service"
    said = " ".join(reply["text"] for reply in answers[-1]["replies"])
    assert "Live Fear Free" in FACTS.fill(said, date(2026, 6, 1))
