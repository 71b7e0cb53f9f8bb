"""Row 18: after leaving, ending or deleting, neither Back, Forward nor Reload shows the chat again.

The browser keeps whole pages in memory here (its back-forward cache), which Playwright turns off.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, expect, sync_playwright

from tests.alone import Alone
from tests.attacks.support import LOGINS
from tests.chat.conftest import PHONE

pytestmark = pytest.mark.slow

SECRET = "a heron stood in the water"
EXIT = "https://www.bbc.co.uk/weather"
HISTORY = ("back", "reload", "back", "forward", "reload", "forward", "back")


@pytest.fixture(scope="module")
def keeping(alone: Alone) -> Iterator[Browser]:
    """A browser that keeps pages in memory when they are left, as people's do."""
    path = os.environ.get("WAYMARK_TEST_BROWSER", "/usr/bin/chromium")
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            ignore_default_args=["--disable-back-forward-cache"],
            args=["--headless", "--no-sandbox", "--enable-features=BackForwardCache"],
        )
        yield browser
        browser.close()


@pytest.fixture
def opened(alone: Alone, keeping: Browser) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def new(*, script: bool) -> Page:
        context = keeping.new_context(
            viewport=PHONE, base_url=alone.url, java_script_enabled=script
        )
        context.set_default_timeout(20_000)
        context.route("https://www.bbc.co.uk/**", _weather)
        contexts.append(context)
        page = context.new_page()
        page.goto("about:blank")
        page.goto("/")
        return page

    yield new
    for context in contexts:
        context.close()


def _weather(route: Route) -> None:
    route.fulfill(body="<title>Weather</title><h1>Weather</h1>", content_type="text/html")


def chat(page: Page) -> None:
    """Writes twice, so that without script there are two pages of it in the history."""
    for number in range(2):
        page.locator("#text").fill(f"{SECRET} {number}")
        page.locator("#send").click(no_wait_after=True)
        expect(page.locator(".mine").nth(number)).to_contain_text(SECRET)


def leave(page: Page) -> None:
    with page.expect_request(EXIT):
        page.get_by_role("button", name="Leave this page").first.click(no_wait_after=True)
    expect(page.get_by_role("heading", name="Weather")).to_be_visible()


def step(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("button", name=name, exact=True).first.click(no_wait_after=True)


def end(page: Page) -> None:
    step(page, "This chat", "End this chat")
    expect(page.get_by_role("heading", name="End this chat?")).to_be_visible()
    step(page, "End this chat")
    expect(page.get_by_role("heading", name="End this chat?")).to_be_hidden()


def delete(page: Page) -> None:
    step(page, "This chat", "Delete this chat now")
    expect(page.get_by_role("heading", name="Delete")).to_be_visible()
    page.locator("button[value=delete-now]").click(no_wait_after=True)
    expect(page.locator("button[value=delete-now]")).to_be_hidden()


def go(page: Page, way: str) -> None:
    ways = {"back": page.go_back, "forward": page.go_forward, "reload": page.reload}
    with contextlib.suppress(Error):  # a page that cannot be shown again is what we want
        ways[way](wait_until="commit")
    with contextlib.suppress(Error):
        page.wait_for_load_state("domcontentloaded", timeout=5_000)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("way_out", [leave, end, delete], ids=["exit", "end", "delete"])
def test_18_the_history_of_the_browser_shows_nothing_of_a_chat_that_is_over(
    opened: Callable[..., Page], way_out: Callable[[Page], None], script: bool
) -> None:
    # Given a chat, with pages of it in the history
    page = opened(script=script)
    chat(page)
    assert SECRET in page.content()
    # When it is left, ended or deleted, and then somebody looks through the history
    way_out(page)
    if way_out is not leave:
        page.goto(EXIT)
    for way in HISTORY:
        go(page, way)
        # Then nothing of it is on the page, seen or not, nor in what the browser keeps for it
        assert SECRET not in page.content(), way
        if script and page.url.startswith("http://127"):
            kept = page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
            assert kept == "{}"
            assert page.evaluate("caches.keys().then((names) => names.length)") == 0
    assert page.context.cookies() == []


def test_18_this_browser_does_show_a_page_again_that_lets_it(
    alone: Alone, keeping: Browser
) -> None:
    # Given an ordinary page with words typed into it
    context = keeping.new_context()
    context.route("https://www.bbc.co.uk/**", _weather)
    page = context.new_page()
    page.goto("https://www.bbc.co.uk/one")
    page.evaluate("(words) => { document.body.append(words); }", SECRET)
    # When it is left, and somebody goes back
    page.goto("https://www.bbc.co.uk/two")
    page.go_back(wait_until="commit")
    # Then the words are there: had our page let them stay, the test above would have seen them
    assert SECRET in page.content()
    context.close()


def test_18_back_after_signing_out_shows_no_desk(alone: Alone, keeping: Browser) -> None:
    # Given a worker who was at the desk
    context = keeping.new_context(base_url=alone.url)
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto("/desk/login")
    page.get_by_label("Name").fill(LOGINS["kit"].name)
    page.get_by_label("Password").fill(LOGINS["kit"].password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#connection")).to_have_text("Live")
    page.goto("/desk/account")
    page.goto("/desk")
    # When they sign out and somebody goes back
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/desk/login")
    for _ in range(3):
        go(page, "back")
        # Then the sign-in page is all there is
        assert page.locator("#queue, #connection, #sessions").count() == 0, page.url
    context.close()
