"""The fixed reply that stands in for the assistant under load speaks as the assistant does."""

import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from bench.fixed_bot import FIXED
from helpline.dialogue import Dialogue
from tests.conftest import ROOT, Assistant, free_port, wait_until_answers

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fixed(assistant: Assistant) -> Iterator[Assistant]:
    """The fixed reply, running with the assistant's secret."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.fixed_bot", "--port", str(port)],
        cwd=ROOT,
        env={"WAYMARK_SECRET": assistant.secret},
    )
    try:
        wait_until_answers(f"{url}/health", {}, process)
        yield Assistant(url, url, assistant.secret, assistant.model)
    finally:
        process.terminate()
        process.wait(10)


def turn(bot: Assistant, state: list[object]) -> httpx.Response:
    body = {"state": state, "text": "what are my rights", "payload": None, "level": 0}
    headers = {"Authorization": f"Bearer {bot.secret}"}
    return httpx.post(f"{bot.url}/webhooks/turn/turn", json=body, headers=headers, timeout=30)


def test_both_answer_with_the_same_fields_and_types(assistant: Assistant, fixed: Assistant):
    # Given the first turn of each, and the next with the state that came of it
    def shape(answer: httpx.Response) -> dict[str, type]:
        return {name: type(value) for name, value in answer.json().items()}

    first = {bot.url: turn(bot, []) for bot in (assistant, fixed)}
    second = {bot.url: turn(bot, first[bot.url].json()["state"]) for bot in (assistant, fixed)}
    # Then field by field they are alike
    for answers in (first, second):
        assert shape(answers[assistant.url]) == shape(answers[fixed.url])
        for bot in (assistant, fixed):
            answer = answers[bot.url].json()
            assert set(answer["replies"][0]) == {"text", "buttons"}
            assert answer["state"][-1]["name"] == "action_listen"
            assert answer["topic"] == "T65"


def test_the_assistant_can_read_on_from_the_state_of_the_fixed_reply(
    assistant: Assistant, fixed: Assistant
):
    # When the real assistant gets what the fixed reply made of a turn, then it answers
    answer = turn(assistant, turn(fixed, []).json()["state"])
    assert answer.status_code == 200
    assert answer.json()["replies"]


def test_both_refuse_who_does_not_know_the_secret(assistant: Assistant, fixed: Assistant):
    for bot in (assistant, fixed):
        assert httpx.post(f"{bot.url}/webhooks/turn/turn", json={}).status_code == 401


async def test_the_service_reads_either_in_the_same_way(assistant: Assistant, fixed: Assistant):
    for bot in (assistant, fixed):
        dialogue = Dialogue(url=bot.url, actions_url=bot.actions_url, secret=bot.secret)
        await dialogue.open()
        said = await dialogue.turn(state=[], text="what are my rights", payload=None, level=0)
        await dialogue.close()
        assert said.replies
        assert said.topic == "T65"
        assert not said.form_active
        assert (said.replies[0].text == FIXED) is (bot is fixed)
