"""The desk in a real browser: what a worker sees, does and is told."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.desk.support import (
    DANGER,
    DESKTOP,
    MARKUP,
    PHONE,
    YoungPerson,
    end_chat,
    nothing_serious,
    open_desk,
    scrolls_sideways,
    take_first,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_fits_the_screen_and_axe_finds_nothing_serious(
    browser: Browser, service: Any, address: str, size: Any, scheme: Any
) -> None:
    # Given a young person in danger and one who asked, at a time when a worker is there
    context = browser.new_context(viewport=size, color_scheme=scheme)
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"{address}/desk/login")
    assert nothing_serious(page) == []
    assert not scrolls_sideways(page)
    open_desk(page, address, service)
    young_person = YoungPerson(address)
    young_person.writes(f"{DANGER} {'w' * 300}")
    expect(page.locator("[data-level='4']")).to_have_count(1)
    # Then the queue is readable
    assert nothing_serious(page) == []
    assert not scrolls_sideways(page)
    # And so is a chat before and after the yes
    take_first(page)
    expect(page.locator("#banner")).to_contain_text("They have not tapped Talk yet.")
    assert nothing_serious(page) == []
    assert not scrolls_sideways(page)
    young_person.lets_a_person_in()
    expect(page.locator("#banner")).to_contain_text("They let you in.")
    assert nothing_serious(page) == []
    assert not scrolls_sideways(page)
    # And the question before it ends
    page.get_by_role("button", name="End chat").click()
    assert nothing_serious(page) == []
    page.get_by_role("dialog").get_by_role("button", name="End chat").click()
    expect(page.locator("#banner.banner-ended")).to_be_visible()
    context.close()


def test_markup_in_a_message_is_shown_as_text_on_the_desk(
    page: Page, service: Any, address: str
) -> None:
    # Given a chat whose messages are full of markup
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    open_desk(page, address, service)
    young_person = YoungPerson(address)
    young_person.lets_a_person_in()
    young_person.writes(MARKUP)
    # When a worker takes it and answers in kind
    take_first(page)
    expect(page.locator("#messages")).to_contain_text(MARKUP)
    page.get_by_label("Your message").fill(MARKUP)
    page.keyboard.press("Enter")
    # Then both are text, nothing ran and the browser's policy had nothing to stop
    expect(page.locator("#messages .from-worker").last).to_contain_text(MARKUP)
    expect(page.locator("#outbox li")).to_have_count(0)
    assert page.locator("#messages img, #messages a, #messages script").count() == 0
    assert complaints == []
    end_chat(page)


def test_danger_reaches_the_open_desk_with_its_words_and_is_counted_in_the_title(
    page: Page, service: Any, address: str
) -> None:
    # Given a desk with nobody waiting
    open_desk(page, address, service)
    # When a young person is in danger
    YoungPerson(address).writes(DANGER)
    # Then the desk shows it without a reload, with the words that raised it
    row = page.locator("[data-level='4']")
    expect(row).to_contain_text("Immediate danger")
    expect(row.locator(".trigger")).to_contain_text("tablets")
    expect(row).to_contain_text("Not answered yet")
    # And the title counts it and quotes nothing
    expect(page).to_have_title("(1) Desk")
    # And taking it shows three messages at most, the words marked, the box closed
    take_first(page)
    expect(page.locator("#messages mark")).to_contain_text("tablets")
    assert page.locator("#messages .line").count() <= 3
    expect(page.get_by_label("Your message")).to_be_disabled()
    end_chat(page, "Close alert")
    expect(page).to_have_title("Desk")


def test_nothing_can_be_typed_before_the_page_can_send_it(
    page: Page, service: Any, address: str
) -> None:
    # Given an open chat whose page is loaded anew, and a script that is slow to come
    open_desk(page, address, service)
    YoungPerson(address).lets_a_person_in()
    take_first(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/desk.js", hold)
    page.reload(wait_until="commit")
    box = page.get_by_label("Your message")
    # Then nothing that is typed could be lost
    expect(box).to_be_disabled()
    # When the script is there, then what is typed is sent
    page.wait_for_function("() => document.readyState !== 'loading'")
    [script] = held
    script.continue_()
    box.fill("Yes, I am here")
    page.keyboard.press("Enter")
    expect(page.locator("#messages .from-worker").last).to_contain_text("Yes, I am here")
    end_chat(page)


def test_a_message_that_could_not_be_sent_is_kept_once_on_the_next_try(
    page: Page, service: Any, address: str
) -> None:
    # Given an open chat whose connection breaks after the message was kept
    open_desk(page, address, service)
    YoungPerson(address).lets_a_person_in()
    take_first(page)
    kept: list[int] = []

    def break_once(route: Any) -> None:
        kept.append(route.fetch().status)
        if len(kept) == 1:
            route.abort()
        else:
            route.continue_()

    page.route(
        "**/messages", lambda r: break_once(r) if r.request.method == "POST" else r.continue_()
    )
    # When the worker sends, is told that it failed, and tries again
    page.get_by_label("Your message").fill("OK to talk now?")
    page.keyboard.press("Enter")
    expect(page.locator("#outbox")).to_contain_text("Not sent")
    page.get_by_role("button", name="Try again").click()
    # Then it stands in the chat once
    expect(page.locator("#outbox li")).to_have_count(0)
    expect(page.locator("#messages .from-worker")).to_have_count(2)
    end_chat(page)


def test_the_keyboard_alone_takes_writes_and_ends(page: Page, service: Any, address: str) -> None:
    # Given a young person who asked for a person
    open_desk(page, address, service)
    YoungPerson(address).lets_a_person_in()
    expect(page.locator("[id^=take-]")).to_have_count(1)
    # When the worker uses keys only
    page.keyboard.press("t")
    expect(page.locator("[id^=take-]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your message")).to_be_focused()
    page.keyboard.type("OK to talk now?")
    page.keyboard.press("Enter")
    expect(page.locator("#messages .from-worker")).to_have_count(2)
    # Then `?` shows the keys
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    # And the chat ends after a second question
    page.get_by_role("button", name="End chat").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#banner.banner-ended")).to_be_visible()


def test_after_a_no_the_desk_may_read_the_excerpt_and_not_write(
    page: Page, service: Any, address: str
) -> None:
    # Given a worker who watches a chat in danger
    open_desk(page, address, service)
    young_person = YoungPerson(address)
    young_person.writes(DANGER)
    take_first(page)
    # When the young person says no
    young_person.taps("Not now")
    # Then the desk says so, still shows the excerpt, and the box stays closed
    expect(page.locator("#banner")).to_contain_text("They said no: do not write.")
    expect(page.locator("#messages mark")).to_contain_text("tablets")
    expect(page.get_by_label("Your message")).to_be_disabled()
    end_chat(page, "Close alert")


def test_a_deleted_chat_leaves_the_open_desk_at_once(
    page: Page, service: Any, address: str
) -> None:
    # Given an open chat
    open_desk(page, address, service)
    young_person = YoungPerson(address)
    young_person.lets_a_person_in()
    young_person.writes("something to forget")
    take_first(page)
    expect(page.locator("#messages")).to_contain_text("something to forget")
    # When the young person deletes it
    young_person.deletes()
    # Then nothing of it stays on the desk
    expect(page.locator("body")).not_to_contain_text("something to forget")
    expect(page.locator("#chat")).to_contain_text("not on the desk")
    expect(page.locator("[data-mine]")).to_have_count(0)


def test_typing_is_shown_to_the_worker_and_ends_with_the_message(
    page: Page, service: Any, address: str
) -> None:
    # Given an open chat, and the young person's own page
    open_desk(page, address, service)
    young_person = YoungPerson(address)
    young_person.lets_a_person_in()
    take_first(page)
    # When the young person types
    young_person.types()
    # Then the worker sees it, until the message is there
    expect(page.locator("#typing")).to_contain_text("They are typing")
    young_person.writes("ok")
    expect(page.locator("#messages .from-young_person")).to_contain_text("ok")
    expect(page.locator("#typing")).to_have_text("")
    end_chat(page)


def test_a_lost_connection_is_said_plainly_and_made_up_for(
    page: Page, service: Any, address: str
) -> None:
    # Given a desk whose stream cannot be reached
    open_desk(page, address, service)
    page.route("**/desk/stream", lambda route: route.abort())
    page.reload()
    expect(page.locator("#offline")).to_be_visible()
    # When a young person asks for a person and the stream can be reached again
    YoungPerson(address).lets_a_person_in()
    page.unroute("**/desk/stream")
    # Then the desk is live again and shows what it missed
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#offline")).to_be_hidden()
    take_first(page)
    end_chat(page)
