"""Where on the page the way out stands, and the place in line of who asked for a helper."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.alone import Alone, service_in
from tests.chat.conftest import PHONE
from tests.worker import Worker

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with service_in(tmp_path_factory.mktemp("alone")) as running:
        yield running


@pytest.fixture
def opened(alone: Alone, browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    # `alone` first: once a browser is open, its event loop runs
    contexts: list[BrowserContext] = []

    def new(*, script: bool) -> BrowserContext:
        contexts.append(
            browser.new_context(viewport=PHONE, base_url=alone.url, java_script_enabled=script)
        )
        contexts[-1].set_default_timeout(20_000)
        return contexts[-1]

    yield new
    for context in contexts:
        context.close()


def edges_of(page: Page, selector: str) -> tuple[float, float]:
    """Where it begins and ends on the screen, from the top."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["y"], box["y"] + box["height"]


WITH_SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


@WITH_SCRIPT
def test_the_way_out_stands_at_the_bottom_under_the_message_box(
    opened: Callable[..., BrowserContext], script: bool
) -> None:
    # Given the page on a phone
    page = opened(script=script).new_page()
    page.goto("/")
    # Then the button to leave stands under the message box, and is the last thing on the screen
    way_out = page.get_by_role("button", name="Leave this page")
    expect(way_out).to_be_in_viewport(ratio=1)
    top, bottom = edges_of(page, "#leave button")
    assert edges_of(page, "#text")[1] <= top
    assert PHONE["height"] - 40 < bottom <= PHONE["height"]
    # And it stays there when the chat has grown longer than the screen
    page.locator("#text").fill("hello " * 300)
    page.locator("#send").click(no_wait_after=True)
    expect(page.locator(".mine")).to_contain_text("Sent")
    expect(way_out).to_be_in_viewport(ratio=1)
    assert edges_of(page, "#scroller")[1] <= edges_of(page, "#leave button")[0]


@WITH_SCRIPT
def test_the_place_in_line_is_shown_once_a_helper_was_asked_for(
    alone: Alone, opened: Callable[..., BrowserContext], script: bool
) -> None:
    # Given a worker at the desk with nobody waiting, and a young person on a phone
    with Worker(alone.url, alone.worker) as worker:
        for conversation in worker.queue():
            worker.take(conversation)
        page = opened(script=script).new_page()
        page.goto("/")
        expect(page.get_by_text("in line")).to_have_count(0)
        # When a person is asked for
        page.locator("#person button").click(no_wait_after=True)
        # Then the place in line is there: at the top, or without script among the messages
        place = page.locator("#status" if script else "#log .note.queue")
        expect(place).to_have_text("You are number 1 in line.")
        expect(place).to_be_in_viewport()
        # And at the top it stays, above all messages, however long the chat gets
        if script:
            page.locator("#text").fill("hello " * 300)
            page.locator("#send").click()
            expect(page.locator(".mine")).to_contain_text("Sent")
            expect(place).to_be_in_viewport()
            tops = [edges_of(page, part)[0] for part in ("header", "#status", "#scroller")]
            assert tops == sorted(tops)
