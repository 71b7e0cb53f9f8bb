"""A worker with several chats: what is new in the others is marked, told and never quoted."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.desk.support import DANGER, YoungPerson, end_chat, open_desk, take_first

pytestmark = pytest.mark.slow

# The system's notifications lie outside the page: what it asks them to show is kept here
NOTIFIED = """
window.notified = [];
window.Notification = class extends EventTarget {
  static permission = 'granted';
  static requestPermission = async () => 'granted';
  constructor(title, options) { super(); window.notified.push([title, options.body, options.tag]); }
  close() {}
};
"""
OUT_OF_SIGHT = "Object.defineProperty(document, 'hidden', { configurable: true, value: true })"


def mark(page: Page, conversation: str) -> Locator:
    return page.locator(f"#mine-{conversation} .new-mark")


def take(page: Page, young_person: YoungPerson) -> str:
    """Takes the one who waits; returns their conversation."""
    before = page.locator("#chat").get_attribute("data-conversation") or ""
    young_person.lets_a_person_in()
    take_first(page)
    expect(page.locator("#chat")).not_to_have_attribute("data-conversation", before)
    return page.locator("#chat").get_attribute("data-conversation") or ""


def test_what_comes_in_another_chat_is_marked_until_it_is_opened_and_the_draft_is_kept(
    page: Page, service: Any, address: str
) -> None:
    # Given a worker with two chats, who has begun to write in the first
    open_desk(page, address, service)
    first_person, second_person = YoungPerson(address), YoungPerson(address)
    first, second = take(page, first_person), take(page, second_person)
    page.locator(f"#mine-{first}").click()
    expect(page.locator("#chat")).to_have_attribute("data-conversation", first)
    page.get_by_label("Your message").fill("I was about to say")
    # When two messages come in the second
    second_person.writes("hello")
    second_person.writes("are you there")
    # Then its row says how many, and the open chat's says nothing
    expect(mark(page, second)).to_have_text("2 new")
    expect(mark(page, first)).to_be_hidden()
    # When it is opened; Then the mark is gone, and the box is its own
    page.locator(f"#mine-{second}").click()
    expect(page.locator("#messages")).to_contain_text("are you there")
    expect(mark(page, second)).to_be_hidden()
    expect(page.get_by_label("Your message")).to_have_value("")
    # And what was begun in the first is still there
    page.locator(f"#mine-{first}").click()
    expect(page.get_by_label("Your message")).to_have_value("I was about to say")
    page.get_by_label("Your message").fill("")
    end_chat(page)
    page.locator(f"#mine-{second}").click()
    end_chat(page)


def test_a_notification_says_that_something_came_and_quotes_nothing(
    page: Page, service: Any, address: str
) -> None:
    # Given a desk whose tab is out of sight, and a worker who said yes to notifications
    page.add_init_script(NOTIFIED)
    open_desk(page, address, service)
    young_person = YoungPerson(address)
    take(page, young_person)
    page.goto(f"{address}/desk")
    expect(page.locator("#connection")).to_have_text("Live")
    page.evaluate(OUT_OF_SIGHT)
    # When they write, and when another is in danger
    young_person.writes("a heron stood in the water")
    page.wait_for_function("() => window.notified.length >= 1")
    YoungPerson(address).writes(f"{DANGER} heron")
    page.wait_for_function("() => window.notified.length >= 2")
    # Then the system shows that, once each, under one tag, and not a word that was written
    assert page.evaluate("() => window.notified") == [
        ["Helpline desk", "New message in a chat that you hold.", "waymark-desk"],
        ["Helpline desk", "New in the queue: immediate danger.", "waymark-desk"],
    ]
    # And the page that is read out says it as well
    expect(page.locator("#announce")).to_have_text("New in the queue: immediate danger.")
