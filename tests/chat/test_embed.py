"""The chat on a charity's own website: a launcher, a frame, and the same quick exit."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.slow


@pytest.fixture
def site(context: Callable[..., BrowserContext], charity: Any) -> Page:
    page = context().new_page()
    page.goto(charity.url)
    return page


def test_the_launcher_opens_and_closes_the_chat_by_keyboard(site: Page) -> None:
    # Given the charity's website, with nothing of the chat loaded
    assert site.locator("iframe").count() == 0
    launcher = site.get_by_role("button", name="Chat", exact=True)
    # When the launcher is pressed
    launcher.press("Enter")
    # Then the chat is there, and works
    frame = site.frame_locator("iframe[title=Chat]")
    frame.get_by_label("Your message").fill("hello from a frame")
    frame.get_by_role("button", name="Send", exact=True).click()
    expect(frame.locator(".mine")).to_contain_text("Sent")
    # And closing hides it without losing it
    close = site.get_by_role("button", name="Close chat")
    close.press("Enter")
    expect(site.locator("iframe")).to_be_hidden()
    launcher.press("Enter")
    expect(frame.locator(".mine")).to_contain_text("hello from a frame")


@pytest.mark.parametrize("way", ["button", "shift"])
def test_quick_exit_in_the_frame_leaves_the_whole_page(site: Page, way: str) -> None:
    # Given a chat in the frame
    site.get_by_role("button", name="Chat", exact=True).click()
    frame = site.frame_locator("iframe[title=Chat]")
    frame.get_by_label("Your message").fill("marker")
    frame.get_by_role("button", name="Send", exact=True).click()
    expect(frame.locator(".mine")).to_contain_text("Sent")
    # When the young person leaves
    if way == "button":
        frame.get_by_role("button", name="Leave this page").click()
    else:
        frame.get_by_label("Your message").focus()
        for _ in range(3):
            site.keyboard.press("Shift")
    # Then the charity's page is gone as well
    site.wait_for_url("https://www.bbc.co.uk/weather")


def test_a_website_that_was_not_configured_can_not_frame_the_chat(
    context: Callable[..., BrowserContext], charity: Any
) -> None:
    # Given another website: the same server under another name is another origin
    page = context().new_page()
    page.goto(charity.url.replace("localhost", "127.0.0.1"))
    # When it opens the launcher
    with page.expect_event("requestfailed", lambda request: request.is_navigation_request()):
        page.get_by_role("button", name="Chat", exact=True).click()
    # Then the frame stays empty
    assert page.frame_locator("iframe").get_by_label("Your message").count() == 0


def test_without_a_configured_website_there_is_no_script(service: Any) -> None:
    assert httpx.get(f"{service.url}/embed.js").status_code == 404
