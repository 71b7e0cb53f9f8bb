"""The young person's page as it is seen and reached: sizes, scrolling, the card, keys, axe."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.chat.test_page import DANGER, THREAT, mine, replies, write

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("width", "height"), [(320, 640), (390, 844), (1280, 800), (640, 400)])
def test_no_width_scrolls_sideways_and_the_way_out_is_in_reach(
    page: Page, width: int, height: int
) -> None:
    # Given a window of this size, and a long word
    page.set_viewport_size({"width": width, "height": height})
    write(page, "w" * 300)
    expect(page.locator(".mine")).to_contain_text("Sent")
    # Then nothing scrolls sideways, and the way out is on screen, large, near the bottom
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    box = page.get_by_role("button", name="Leave this page").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= height
    assert box["y"] > height / 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(context: Callable[..., BrowserContext], scheme: str) -> None:
    # Given a chat with a card, buttons and open numbers
    page = context(color_scheme=scheme, bypass_csp=True).new_page()
    page.goto("/")
    write(page, THREAT)
    expect(page.locator(".choices button").first).to_be_visible()
    page.locator("#numbers summary").click()
    # When axe looks
    found = Axe().run(page).response["violations"]
    # Then it finds nothing
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    # When only keys are used, Tab goes from the top through the messages to the box
    page.locator("#numbers summary").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("region", name="Messages")).to_be_focused()
    page.get_by_role("button", name="Yes").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_label("Your message")).to_be_focused()
    # And writing needs no more: write, Enter, then Tab on
    page.get_by_label("Your message").focus()
    page.keyboard.type("hello")
    page.keyboard.press("Enter")
    # Then it is kept, and the way out is two steps from the box
    expect(mine(page, "hello")).to_contain_text("Sent")
    expect(page.get_by_label("Your message")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Leave this page")).to_be_focused()


def test_sending_shows_the_end_and_news_is_offered(page: Page, service: Any) -> None:
    # Given a chat longer than the screen, scrolled up
    write(page, "hello " * 300)
    expect(replies(page).first).to_be_visible()
    token = page.evaluate("sessionStorage.getItem('chat')")
    scroll_up(page)
    pill = page.get_by_role("button", name="New message")
    expect(pill).to_be_hidden()
    # When something comes, the page says so and moves nothing; a tap shows it
    headers = {"Authorization": f"Bearer {token}"}
    message = {"id": "8f8f0d26-3e8a-4b15-8b1c-0d6f6a0e1c12", "text": "from elsewhere"}
    httpx.post(f"{service.url}/api/conversation/messages", headers=headers, json=message)
    expect(pill).to_be_visible()
    expect(mine(page, "from elsewhere")).not_to_be_in_viewport()
    pill.click()
    expect(pill).to_be_hidden()
    expect(mine(page, "from elsewhere")).to_be_in_viewport()
    # And what is sent from here is in view at once
    scroll_up(page)
    write(page, "from here")
    expect(mine(page, "from here")).to_be_in_viewport()


def scroll_up(page: Page) -> None:
    page.locator("#scroller").evaluate("node => node.scrollTo(0, -node.scrollHeight)")
    expect(page.locator("#end")).not_to_be_in_viewport()
    page.wait_for_timeout(100)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (390, 400), (320, 420)])
def test_the_emergency_card_stays_in_view_and_covers_no_control(
    context: Callable[..., BrowserContext], script: bool, width: int, height: int
) -> None:
    # Given an emergency card on a screen of this size, and more said after it
    page = context(
        java_script_enabled=script, viewport={"width": width, "height": height}
    ).new_page()
    page.goto("/")
    for text in (DANGER, "hello " * 200):
        page.locator("#text").fill(text)
        page.locator("#send").click(no_wait_after=True)
        expect(page.locator(".mine").last).to_contain_text("Sent")
    # When the messages are scrolled, to the end and to the start
    call = page.locator(".card").last.get_by_role("link", name="Call 999")
    expect(call).to_have_attribute("href", "tel:999")
    for way in (5000, -5000):
        page.locator("#scroller").hover(position={"x": 5, "y": 20})
        page.mouse.wheel(0, way)
        # Then its number is in view in a large row, and nothing lies over box and way out
        expect(call).to_be_in_viewport(ratio=1)
        place = call.bounding_box()
        assert place is not None
        assert place["height"] >= 44
        for control in ("#text", "#send", "#leave button", ".card .call"):
            page.locator(control).click(trial=True)


def test_the_first_question_is_answered_without_sending(page: Page) -> None:
    # Given a page that is watched
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    # When the phone is not safe
    page.locator("#safe").get_by_text("No", exact=True).click()
    # Then short steps stand there, with numbers to tap, and the question is gone
    expect(page.get_by_text("Use another phone if you can.")).to_be_visible()
    expect(page.locator("#steps").get_by_role("link", name="999")).to_be_visible()
    expect(page.locator("#safe")).to_have_count(0)
    # And when it is safe, the box is ready
    page.reload()
    page.get_by_role("button", name="Yes").press("Enter")
    expect(page.get_by_label("Your message")).to_be_focused()
    expect(page.locator("#safe")).to_have_count(0)
    assert set(asked) == {"GET"}
    assert page.evaluate("sessionStorage.length") == 0
