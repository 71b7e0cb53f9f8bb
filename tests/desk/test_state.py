"""The open chat follows what happens in it: new danger, who has gone, what may be written."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from helpline.conversation import staffing
from helpline.conversation.board import Waiting
from helpline.desk import view, words
from helpline.desk.words import signals
from helpline.store.database import Database
from tests.conftest import ROOT
from tests.desk.support import (
    DANGER,
    PHONE,
    YoungPerson,
    end_chat,
    held_up,
    open_desk,
    take_first,
)

POLISH = "nie wiem co mam robić, mój ojciec jest zły i boję się"


@contextmanager
def page_open(young_person: YoungPerson) -> Iterator[None]:
    """Their page follows the chat, as the chat's own page does."""
    connected = threading.Event()
    with httpx.Client(timeout=60) as client:

        def follow() -> None:
            headers = {**young_person.headers, "Accept": "text/event-stream"}
            url = f"{young_person.address}/api/conversation/events"
            try:
                with client.stream("GET", url, headers=headers) as stream:
                    for _ in stream.iter_raw():
                        connected.set()
            except httpx.HTTPError:
                return

        threading.Thread(target=follow, daemon=True).start()
        assert connected.wait(10)
        yield


def test_no_advice_asks_to_write_before_the_worker_may() -> None:
    # Given every signal as the desk reads it
    known = signals(ROOT / "data" / "safeguarding" / "signals.yml")
    # Then what is shown before the yes says something, and never "Ask …"
    assert all(signal.unasked for signal in known.values())
    assert not any(re.search(r"(^|\s)Ask ", signal.unasked) for signal in known.values())
    # And what must never be done stays
    assert any("Never contact the family" in signal.unasked for signal in known.values())


def test_the_count_of_offers_is_a_plain_line_and_draws_the_queue_again() -> None:
    # Given desks on which nobody, one and two have not answered an offer
    none, one, two = (view.queue(Waiting((), 0, 0, 0), (), (), {}, count) for count in range(3))
    # Then each is drawn anew when the number changes, and says no more than the number
    assert len({none.version, one.version, two.version}) == 3
    assert words.offered(one.offered) == "1 young person has been offered a helper."
    assert words.offered(two.offered) == "2 young people have been offered a helper."


def test_what_could_not_be_read_is_named_where_the_language_is_known() -> None:
    assert words.unread("pl", {"pl": "Polish"}) == "Could not read this: Polish"
    assert words.unread("other", {"pl": "Polish"}) == "Could not read this"


@pytest.mark.slow
def test_a_chat_that_could_not_be_read_says_so_in_the_queue_and_when_open(
    page: Page, service: Any, address: str
) -> None:
    # Given a young person who writes in Polish
    open_desk(page, address, service)
    young_person = YoungPerson(address)
    young_person.writes(POLISH)
    # When they let a person in
    young_person.taps("Talk to a person")
    # Then the queue says why it is high risk
    expect(page.locator("[data-waiting-row]")).to_contain_text("High risk")
    expect(page.locator("[data-waiting-row]")).to_contain_text("Could not read this: Polish")
    # And so do the heading of the open chat and the message itself
    take_first(page)
    expect(page.locator("#about")).to_contain_text("Could not read this: Polish")
    line = page.locator("#messages .from-young_person").filter(has_text=POLISH)
    expect(line.locator(".shown")).to_have_text("Could not read this: Polish")
    end_chat(page)


@pytest.mark.slow
def test_new_danger_in_a_chat_i_hold_is_shown_at_once_and_stays_until_seen(
    page: Page, service: Any, address: str
) -> None:
    # Given a worker who talks with somebody who asked for a person
    open_desk(page, address, service)
    young_person = YoungPerson(address)
    with page_open(young_person):
        young_person.lets_a_person_in()
        take_first(page)
        expect(page.locator("#about")).to_contain_text("Asked for a person")
        expect(page.locator("#raised")).to_be_hidden()
        page.get_by_label("Your message").fill("half a sentence")
        # When they are in danger
        young_person.writes(DANGER)
        # Then heading, advice, strip, row and title follow, and the draft is left alone
        expect(page.locator("#about")).to_contain_text("Immediate danger")
        expect(page.locator("#about .advice")).to_contain_text("ambulance")
        expect(page.locator("#raised")).to_contain_text("New sign of danger: Attempt or overdose")
        expect(page.locator("[data-mine]")).to_contain_text("Immediate danger")
        expect(page.locator("[data-mine] .raised-mark")).to_be_visible()
        expect(page).to_have_title("(1) Desk")
        expect(page.get_by_label("Your message")).to_have_value("half a sentence")
        expect(page.get_by_label("Your message")).to_be_focused()
        # And it is new until the worker has seen it; the next one is new again
        page.get_by_role("button", name="Seen").click()
        expect(page.locator("#raised")).to_be_hidden()
        expect(page).to_have_title("Desk")
        young_person.writes("he is here with a knife")
        expect(page.locator("#raised")).to_be_visible()
        end_chat(page)


@pytest.mark.slow
def test_new_danger_in_a_chat_that_is_not_on_screen_leads_there(
    page: Page, service: Any, address: str
) -> None:
    # Given a worker who holds two chats and looks at the second
    open_desk(page, address, service)
    first, second = YoungPerson(address), YoungPerson(address)
    for young_person in (first, second):
        young_person.writes("hello")
        young_person.lets_a_person_in()
        page.locator("[id^=take-]").click()
        expect(page.locator("#banner")).to_contain_text("They let you in.")
        expect(page.locator("[id^=take-]")).to_have_count(0)
    # When the first writes of danger
    first.writes("he is here with a knife")
    # Then the desk says so and leads there
    page.locator("#elsewhere").get_by_role("link").click()
    expect(page.locator("#messages")).to_contain_text("he is here with a knife")


@pytest.mark.slow
def test_who_has_gone_is_named_everywhere_and_cannot_be_written_to(
    page: Page, service: Any, address: str
) -> None:
    # Given two who asked for a person, and only the second has the page open
    open_desk(page, address, service)
    gone, there = YoungPerson(address), YoungPerson(address)
    gone.lets_a_person_in()
    expect(page.locator("[data-waiting-row]")).to_contain_text("Not connected now")
    with page_open(there):
        there.lets_a_person_in()
        # Then who is there stands first
        rows = page.locator("[data-waiting-row]")
        expect(rows).to_have_count(2)
        expect(rows.first).not_to_contain_text("Not connected now")
        # And the banner of a chat says that its page is open
        take_first(page)
        expect(page.locator("#banner")).to_have_text(
            "They let you in. You can see the whole chat and write."
        )
        # When they leave quickly
        there.leaves_quickly()
        # Then nothing says yes any more and the box is closed
        expect(page.locator("#banner")).to_contain_text("They left quickly.")
        expect(page.get_by_label("Your message")).to_be_disabled()
        expect(page.get_by_label("Your message")).to_have_attribute(
            "placeholder", "They have left."
        )
        expect(page.locator("[data-mine]")).to_contain_text("Left quickly")
        expect(page.locator(".answer-yes, .banner-yes")).to_have_count(1)
    end_chat(page)


@pytest.mark.slow
def test_a_chat_that_was_given_back_says_so_and_leads_back(
    page: Page, service: Any, address: str
) -> None:
    # Given a chat on the screen of a worker who is signed in nowhere else
    second = SimpleNamespace(worker=service.login("worker", 1))
    open_desk(page, address, second)
    YoungPerson(address).lets_a_person_in()
    take_first(page)
    lost = page.url
    # When they sign out, and are told what that does with the chats they hold
    page.get_by_role("button", name="Sign out").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You hold a chat.")
    dialog.get_by_role("button", name="Give back and sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    # Then their next desk, on a phone, shows what became of it and the way back
    open_desk(page, address, second)
    page.set_viewport_size(PHONE)
    page.goto(lost)
    panel = page.locator("#chat")
    expect(panel).to_contain_text("You no longer hold this chat.")
    expect(panel).to_contain_text("It is back in the queue")
    panel.get_by_role("link", name="Back to the queue").click()
    expect(page.locator("[data-waiting-row]")).to_be_visible()


@pytest.mark.slow
def test_signing_out_warns_of_a_chat_that_the_list_does_not_show_yet(
    page: Page, service: Any, address: str
) -> None:
    # Given a chat just taken, over a network that has not brought the list of chats yet
    open_desk(page, address, service)
    YoungPerson(address).lets_a_person_in()
    expect(page.locator("[id^=take-]")).to_have_count(1)
    with held_up(page, "**/desk/queue?*"):
        take_first(page)
        expect(page.locator("[data-mine]")).to_have_count(0)
        # When the worker signs out
        page.get_by_role("button", name="Sign out").click()
        # Then they are told what that does, and may stay
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("You hold a chat.")
        dialog.get_by_role("button", name="Stay").click()
    end_chat(page)


@pytest.mark.slow
def test_what_is_pressed_is_done_however_many_lines_are_being_fetched(
    page: Page, service: Any, address: str
) -> None:
    # Given a chat that is held, over a network so slow that what was written in it is on its way
    open_desk(page, address, service)
    YoungPerson(address).lets_a_person_in()
    take_first(page)
    with held_up(page, "**/messages?*") as waiting:
        for _ in range(2):
            page.evaluate("htmx.trigger('#more', 'fetch')")
            page.wait_for_timeout(100)
        assert waiting, "nothing is being fetched"
        # When the worker ends it, and more is written after that press
        page.evaluate(
            """() => {
              document.querySelector('#end-now').click();
              htmx.trigger('#more', 'fetch');
            }"""
        )
        page.wait_for_timeout(500)
    # Then it has ended
    expect(page.locator("#banner.banner-ended")).to_be_visible()


@pytest.mark.slow
def test_what_was_drawn_this_moment_can_be_pressed(page: Page, service: Any, address: str) -> None:
    # Given a worker who presses Take in the very moment in which the queue is drawn anew
    open_desk(page, address, service)
    YoungPerson(address).lets_a_person_in()
    expect(page.locator("[id^=take-]")).to_have_count(1)
    page.evaluate(
        """() => {
          const queue = document.querySelector('#queue');
          new MutationObserver((_, observer) => {
            observer.disconnect();
            queue.querySelector('[id^=take-]').click();
          }).observe(queue, { childList: true });
        }"""
    )
    # When somebody else comes, so that it is drawn
    YoungPerson(address).lets_a_person_in()
    # Then the chat is theirs
    expect(page.locator("#chat.chat")).to_be_visible()
    end_chat(page)


@pytest.mark.slow
def test_silence_is_said_in_red_until_the_sound_is_on_and_after_a_reload(
    page: Page, service: Any, address: str
) -> None:
    # Given a desk that was loaded anew, so that the browser allows no sound yet
    open_desk(page, address, service)
    page.reload()
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#sound-off")).to_contain_text("Sound is off.")
    # When the worker turns it on
    page.get_by_role("button", name="Turn it on").click()
    # Then the strip goes, and comes back with silence
    expect(page.locator("#sound-off")).to_be_hidden()
    # And they are asked whether they heard it
    page.get_by_role("button", name="I heard it").click()
    page.get_by_role("button", name="Sound: on").click()
    expect(page.locator("#sound-off")).to_be_visible()


@pytest.mark.slow
def test_the_top_bar_of_a_phone_is_one_line(page: Page, service: Any, address: str) -> None:
    # Given a phone and a queue
    page.set_viewport_size(PHONE)
    open_desk(page, address, service)
    YoungPerson(address).writes(DANGER)
    expect(page.locator("#summary")).to_have_text("1 in immediate danger")
    # Then the bar is no higher than a button and its rim
    box = page.locator("header.top").bounding_box()
    assert box is not None
    assert box["height"] < 65


@pytest.mark.slow
def test_the_stream_refuses_before_it_begins_who_was_given_no_access(
    client: httpx.Client, service: Any
) -> None:
    # Given a new worker, to whom no supervisor has given access
    with ThreadPoolExecutor(1) as apart:  # the browser's own event loop runs in this thread
        apart.submit(asyncio.run, _add_newcomer(service.home)).result()
    client.post("/desk/login", data={"name": "new-here", "password": "a-newcomer-without-keys"})
    # When their page asks for the stream
    answer = client.get("/desk/stream", headers={"Accept": "text/event-stream"})
    # Then it gets a plain refusal
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "not_allowed"


async def _add_newcomer(home: Path) -> None:
    database = Database.open(f"sqlite:///{home / 'waymark.db'}")
    await staffing.add(
        database,
        name="new-here",
        alias="New",
        role="worker",
        password="a-newcomer-without-keys",
        second_factor=False,
        now=0.0,
    )
    await database.close()
