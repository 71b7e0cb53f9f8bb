"""The young person's page with JavaScript off, in a real browser, over the running service."""

import contextlib
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect

pytestmark = pytest.mark.slow

OPENING = "I'm a computer. No name needed. Is this phone safe right now?"


def write(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("#send").click(no_wait_after=True)


def test_a_message_is_kept_and_its_answer_streams_into_the_open_page(plain_page: Page) -> None:
    # Given the start page
    expect(plain_page.get_by_text(OPENING)).to_be_visible()
    # When the young person writes twice
    write(plain_page, "What are my rights?")
    expect(plain_page.locator(".mine")).to_contain_text("Sent")
    expect(plain_page.locator(".mine ~ .entry .theirs").first).to_be_visible()
    write(plain_page, "and what else")
    # Then both are there with their answers, once, in one chat
    expect(plain_page.locator(".mine")).to_have_count(2)
    expect(plain_page.locator(".mine").nth(1).locator("~ .entry .theirs").first).to_be_visible()
    expect(plain_page.get_by_text(OPENING)).to_have_count(1)
    # And nothing went into a cookie or the address
    assert plain_page.context.cookies() == []
    assert plain_page.url.endswith("/say")


def test_the_newest_message_and_the_way_out_are_on_screen(plain_page: Page) -> None:
    # Given a chat longer than the screen
    for number in range(4):
        write(plain_page, f"message {number} " + "lorem ipsum " * 30)
        expect(plain_page.locator(".mine")).to_have_count(number + 1)
        expect(
            plain_page.locator(".mine").nth(number).locator("~ .entry .theirs").first
        ).to_be_visible()
    # Then what was said last is in view, and so is the way out
    expect(plain_page.locator("#log .theirs").last).to_be_in_viewport()
    expect(plain_page.get_by_role("button", name="Leave this page")).to_be_in_viewport()


def test_reload_sends_nothing_twice(plain_page: Page) -> None:
    # Given the very first send
    write(plain_page, "only once")
    expect(plain_page.locator(".mine ~ .entry .theirs").first).to_be_visible()
    # When the page is loaded again, which posts the same form again
    _reload(plain_page)
    # Then it is the same chat with the message in it once
    expect(plain_page.locator(".mine")).to_have_count(1)
    expect(plain_page.locator(".mine ~ .entry .theirs").first).to_be_visible()


def test_a_person_can_be_asked_for_before_anything_is_said(plain_page: Page) -> None:
    # When a person is asked for on the start page
    plain_page.locator("#person button").click(no_wait_after=True)
    # Then the chat begins, and says what comes of it
    expect(plain_page.locator("#log > [data-number='3']")).to_be_visible()


def test_a_button_is_a_little_form(plain_page: Page) -> None:
    # Given an offer
    write(plain_page, "someone is threatening to share my pictures")
    button = plain_page.locator(".choices button").first
    title = button.inner_text()
    # When it is tapped
    button.click(no_wait_after=True)
    # Then it is said, and spent
    expect(plain_page.locator(".mine").nth(1)).to_contain_text(title)
    expect(plain_page.locator(".choices button").first).to_be_disabled()


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "{{7*7}} %s {slot} <!-- -->"])
def test_markup_is_shown_as_text(plain_page: Page, text: str) -> None:
    write(plain_page, text)
    expect(plain_page.locator(".mine")).to_contain_text(text)
    assert plain_page.locator("#log img").count() == 0


def test_a_message_that_is_too_long_stays_in_the_box(plain_page: Page) -> None:
    # When too much is sent, first at once, then within a chat
    for _ in range(2):
        write(plain_page, "a" * 2001)
        # Then a sentence says so, and the text is still in the box
        expect(plain_page.locator("#problem")).to_contain_text("at most 2,000 characters")
        expect(plain_page.locator("#text")).to_have_value("a" * 2001)
        write(plain_page, "short")
        expect(plain_page.locator(".mine").last).to_contain_text("short")


def test_quick_exit_leaves_nothing_for_back_and_reload(plain_page: Page) -> None:
    # Given a chat of two sends
    write(plain_page, "marker kingfisher")
    expect(plain_page.locator(".mine ~ .entry .theirs").first).to_be_visible()
    write(plain_page, "kingfisher again")
    expect(plain_page.locator(".mine")).to_have_count(2)
    # When the young person leaves
    with plain_page.expect_request("https://www.bbc.co.uk/weather"):
        plain_page.get_by_role("button", name="Leave this page").click(no_wait_after=True)
    expect(plain_page.locator("#page")).to_have_count(0)
    # Then Back shows nothing of it, nor does Reload, which posts the old forms again
    for _ in range(3):
        with contextlib.suppress(Error):
            plain_page.go_back(wait_until="commit")
        assert "kingfisher" not in plain_page.content()
        _reload(plain_page)
        expect(plain_page.get_by_text(OPENING)).to_be_visible()
        assert plain_page.locator(".mine").count() == 0
        assert "kingfisher" not in plain_page.content()


def _reload(page: Page) -> None:
    with contextlib.suppress(Error):
        page.reload(wait_until="commit")


def test_the_first_question_is_answered_without_sending(plain_page: Page) -> None:
    # When the phone is not safe
    plain_page.locator("#safe").get_by_text("No", exact=True).click()
    # Then short steps stand there
    expect(plain_page.get_by_text("Use another phone if you can.")).to_be_visible()
    # And when it is safe, the box is ready and the question gone
    plain_page.reload()
    plain_page.get_by_role("button", name="Yes").click()
    expect(plain_page.locator("#text")).to_be_focused()
    expect(plain_page.locator("#safe")).to_be_hidden()


def test_tab_goes_through_the_messages_to_the_box_and_the_way_out(plain_page: Page) -> None:
    # Given a chat whose messages stream in after the box
    write(plain_page, "what are my rights")
    expect(plain_page.locator(".mine ~ .entry .choices button").last).to_be_visible()
    # When Tab is pressed from the top
    plain_page.locator("#numbers summary").focus()
    plain_page.keyboard.press("Tab")
    # Then the messages come first, then the box, then the way out
    expect(plain_page.get_by_role("region", name="Messages")).to_be_focused()
    plain_page.locator("#log button").last.focus()
    for name in ("Your message", "Send", "Leave this page"):
        plain_page.keyboard.press("Tab")
        either = plain_page.get_by_role("button", name=name).or_(plain_page.get_by_label(name))
        expect(either).to_be_focused()


def test_axe_finds_nothing(browser: Browser, service: Any) -> None:
    # Given the page that the service makes without script, read by axe in a browser with script
    page = browser.new_page(bypass_csp=True)
    page.route("**/chat.js", lambda route: route.abort())
    page.goto(service.url + "/")
    write(page, "someone is threatening to share my pictures")
    expect(page.locator(".choices button").first).to_be_visible()
    # When axe looks
    found = Axe().run(page).response["violations"]
    page.close()
    # Then it finds nothing
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
