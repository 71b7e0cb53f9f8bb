"""A part that is killed costs a moment, never a message."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import httpx
import psutil
import pytest

from tests.conftest import waymark_up
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

ASK = "what are my rights"


@pytest.fixture
def young(service) -> Iterator[YoungPerson]:
    with YoungPerson(service.url) as young:
        yield young


def part(service, module: str) -> psutil.Process:
    """The process of the part that runs `module`."""
    for process in psutil.Process(service.process.pid).children(recursive=True):
        with suppress(psutil.Error):  # one that was just killed may still be listed
            if module in process.cmdline():
                return process
    raise AssertionError(f"{module} does not run")


def wait_for(what, seconds: float) -> float:
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - began


def is_up(young: YoungPerson) -> bool:
    try:
        return young.http.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def replies(young: YoungPerson, number: int) -> list[dict]:
    return [
        e
        for e in young.events(number)
        if e["type"] == "message" and e["from"] in ("assistant", "service")
    ]


def test_a_bot_killed_in_the_middle_of_a_turn_costs_one_safe_reply(service, young):
    # Given a conversation, and a bot that hangs in the middle of a turn
    young.say(ASK)
    bot = part(service, "bot.server")
    os.kill(bot.pid, signal.SIGSTOP)
    sent = young.post(ASK)
    assert sent.status_code == 201
    number = sent.json()["number"]
    # When it is killed there
    threading.Timer(0.5, bot.kill).start()
    # Then a safe reply comes within 5 s
    took = wait_for(lambda: replies(young, number), 5)
    [safe] = replies(young, number)
    assert safe["from"] == "service"
    assert "999" in safe["text"]
    assert [b["title"] for b in safe["buttons"]] == ["Talk to a person"]
    # And the next message is answered by the restarted bot within 15 s
    began = time.monotonic()

    def answered() -> bool:
        asked = young.post(ASK).json()["number"]
        wait_for(lambda: replies(young, asked), 6)
        return replies(young, asked)[0]["from"] == "assistant"

    wait_for(answered, 15)
    print(f"safe reply after {took:.2f} s, answered after {time.monotonic() - began:.1f} s")
    # And the killed turn was not run again, and no number is missing or double
    assert [e["from"] for e in replies(young, number)[:1]] == ["service"]
    between = [e["from"] for e in young.events(number)]
    assert between[0] == "service"
    assert between[1] == "young_person"
    numbers = [e["number"] for e in young.events()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_killed_action_server_comes_back(service, young):
    part(service, "bot.action_server").kill()
    young.say("find a service near me")

    def found() -> bool:
        return any(e["from"] == "assistant" for e in young.say("find a service near me"))

    wait_for(found, 20)


def test_a_killed_service_loses_no_acknowledged_message(service, young):
    # Given messages that were acknowledged
    texts = [f"hello {i}" for i in range(5)]
    for text in texts:
        assert young.post(text).status_code == 201
    # When the service is killed before all are answered
    part(service, "helpline.app").kill()

    wait_for(lambda: is_up(young), 30)
    # Then all are there once and in order, and all are answered once the stream is back
    with closing(young.stream(0)) as stream:
        for event in stream:
            said = [e for e in young.events() if e["type"] == "message"]
            if said[-1]["from"] != "young_person" and event["number"] == said[-1]["number"]:
                break
    said = [e["text"] for e in young.events() if e.get("from") == "young_person"]
    assert said == texts
    numbers = [e["number"] for e in young.events()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_service_that_starts_again_without_its_database_shows_the_numbers(tmp_path, model):
    # Given a running Waymark with a chat, whose database cannot be opened any more
    assert model.exists()
    with waymark_up(tmp_path / "home") as service, YoungPerson(service.url) as young:
        number = young.post(ASK).json()["number"]
        kept, aside = tmp_path / "home" / "waymark.db", tmp_path / "aside"
        kept.rename(aside)
        kept.mkdir()
        # When the service is killed
        part(service, "helpline.app").kill()
        # Then it is back with the emergency numbers, and says of a message that it was not kept
        wait_for(lambda: "999" in page(young), 30)
        assert young.post(ASK).status_code == 503
        # And with the database there again the chat goes on
        kept.rmdir()
        aside.rename(kept)
        wait_for(lambda: young.post(ASK).status_code == 201, 10)
        assert number in [event["number"] for event in young.events()]
        log = tmp_path / "home" / "log" / "service.log"
        wait_for(lambda: "the database answers again" in log.read_text("utf-8"), 20)


def page(young: YoungPerson) -> str:
    try:
        answer = young.http.get("/")
    except httpx.TransportError:
        return ""
    return answer.text if answer.status_code == 200 else ""
