"""Alarms on the desk: what a supervisor and a worker are told while it happens, in a browser."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from helpline.alerts import Alert
from helpline.demo import LOGINS
from tests.alone import Alone, service_in
from tests.conversation.receiver import Receiver, receiver
from tests.desk.support import (
    DANGER,
    DESKTOP,
    PHONE,
    YoungPerson,
    nothing_serious,
    open_desk,
    scrolls_sideways,
    take_first,
)

pytestmark = pytest.mark.slow

UNTAKEN = "[data-alarm=untaken]"


@pytest.fixture(scope="module")
def webhook() -> Iterator[Receiver]:
    with receiver() as webhook:
        yield webhook


@pytest.fixture
def hook(webhook: Receiver) -> Receiver:
    """The on-call lead's webhook, as if nothing had come yet."""
    webhook.status = 200
    webhook.bodies.clear()
    webhook.asked.clear()
    return webhook


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, webhook: Receiver) -> Iterator[Alone]:
    """The real service with its staff, and an on-call lead at a webhook of ours."""
    alerts = (Alert(reaches="on_call", address=webhook.address),)
    given = {"alerts": alerts, "desk_address": "https://desk.example/desk"}
    with service_in(tmp_path_factory.mktemp("alarms"), **given) as running:
        yield running


@pytest.fixture
def alone(service: Alone) -> Iterator[Alone]:
    """The service with nobody waiting and nobody at the desk."""
    yield service
    with closing(sqlite3.connect(service.home / "waymark.db", timeout=20)) as database, database:
        database.execute("UPDATE queue_entry SET closed = 1")
        database.execute("DELETE FROM staff_session")


@pytest.fixture
def opened(alone: Alone, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    # `alone` first: once a browser is open, its event loop runs
    size = getattr(request, "param", DESKTOP)
    context = browser.new_context(viewport=size)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def login(role: str) -> Any:
    found = next(each for each in LOGINS if each.role == role)
    return SimpleNamespace(worker=found)


def minutes_ago(alone: Alone, column: str, seconds: int) -> None:
    """Lets a time of the one who is in the queue lie further back, as if so much had passed."""
    with closing(sqlite3.connect(alone.home / "waymark.db", timeout=20)) as database, database:
        changed = database.execute(
            f"UPDATE queue_entry SET {column} = {column} - ? WHERE closed = 0",  # noqa: S608
            (seconds,),
        )
        assert changed.rowcount == 1


@pytest.mark.parametrize("opened", [PHONE, DESKTOP], ids=["phone", "desktop"], indirect=True)
def test_a_supervisor_is_told_that_nobody_came_until_somebody_takes_it(
    opened: Page, alone: Alone, hook: Receiver
) -> None:
    # Given a supervisor at the desk and a level 4
    page = opened
    open_desk(page, alone.url, login("supervisor"))
    YoungPerson(alone.url).writes(DANGER)
    expect(page.locator("[data-level='4']")).to_have_count(1)
    expect(page.locator(UNTAKEN)).to_have_count(0)
    # When a minute has passed and nobody took it
    minutes_ago(alone, "promised_at", 60)
    # Then the desk says so by itself, leads to it, and the lead was alerted
    expect(page.locator(UNTAKEN)).to_contain_text(
        "1 young person in immediate danger, and nobody has come.", timeout=20_000
    )
    assert hook.asked.wait(30)
    [body] = hook.bodies
    assert re.fullmatch(
        r"A level 4 waits for a helper since \d\d:\d\d\. Desk: https://desk\.example/desk",
        body["message"],
    )
    expect(page.locator("#alarms [data-alarm=trouble]")).to_have_count(0)
    assert nothing_serious(page) == []
    assert not scrolls_sideways(page)
    page.locator(UNTAKEN).get_by_role("link").click()
    expect(page.locator("[id^=take-]")).to_be_focused()
    # And once it is taken the alarm is over
    take_first(page)
    expect(page.locator(UNTAKEN)).to_have_count(0)


def test_an_alert_that_could_not_be_sent_is_said_on_the_supervisors_desk(
    opened: Page, alone: Alone, hook: Receiver
) -> None:
    # Given a lead whose webhook refuses
    hook.status = 500
    page = opened
    open_desk(page, alone.url, login("supervisor"))
    YoungPerson(alone.url).writes(DANGER)
    expect(page.locator("[data-level='4']")).to_have_count(1)
    minutes_ago(alone, "promised_at", 60)
    # Then, after three tries, the desk says so and what to do
    trouble = page.locator("[data-alarm=trouble]")
    expect(trouble).to_contain_text("Alert could not be sent", timeout=90_000)
    expect(trouble).to_contain_text("Call the on-call lead yourself.")
    assert len(hook.bodies) == 3
    assert nothing_serious(page) == []
    # And the log has a code, and neither the address nor a word
    log = (alone.home / "service.log").read_text()
    assert "alert_refused" in log
    assert hook.address.removeprefix("json://") not in log
    assert DANGER not in log
    # And a worker is not told of it
    with httpx.Client(base_url=alone.url, headers={"Accept": "text/html"}) as client:
        worker = login("worker").worker
        client.post("/desk/login", data={"name": worker.name, "password": worker.password})
        assert "data-alarm" not in client.get("/desk/alarms").text


def test_a_worker_who_owes_an_answer_is_nudged_where_they_look(opened: Page, alone: Alone) -> None:
    # Given a worker who talks with a young person and looks at the queue
    page = opened
    open_desk(page, alone.url, login("worker"))
    young_person = YoungPerson(alone.url)
    young_person.lets_a_person_in()
    take_first(page)
    young_person.writes("are you there")
    expect(page.locator("#messages")).to_contain_text("are you there")
    page.goto(f"{alone.url}/desk")
    # When an answer has been owed for half the time, and then for all of it
    minutes_ago(alone, "unanswered_since", 160)
    nudge = page.locator("[data-alarm=nudged]")
    expect(nudge).to_contain_text("A young person is waiting for your answer.", timeout=20_000)
    assert nothing_serious(page) == []
    minutes_ago(alone, "unanswered_since", 150)
    slow = page.locator("[data-alarm=slow]")
    expect(slow).to_contain_text("Answer now, or this chat goes back", timeout=20_000)
    # Then an answer ends it
    slow.get_by_role("link", name="Open the chat").click()
    page.get_by_label("Your message").fill("Yes, I am here")
    page.keyboard.press("Enter")
    expect(page.locator("#messages .from-worker").last).to_contain_text("Yes, I am here")
    expect(page.locator("#alarms [data-alarm]")).to_have_count(0)


def test_what_the_page_shows_already_is_not_sent_again(alone: Alone) -> None:
    with httpx.Client(base_url=alone.url, headers={"Accept": "text/html"}) as client:
        # Given nobody signed in, then it is refused
        assert client.get("/desk/alarms", follow_redirects=False).status_code in {302, 303, 401}
        worker = login("worker").worker
        client.post("/desk/login", data={"name": worker.name, "password": worker.password})
        first = client.get("/desk/alarms")
        version = re.search(r'name="alarms" value="(\w+)"', first.text)
        assert version
        again = client.get("/desk/alarms", params={"alarms": version[1]})
        assert (first.status_code, again.status_code) == (200, 204)
