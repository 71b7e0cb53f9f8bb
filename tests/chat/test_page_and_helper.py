"""What the young person's page offers while a helper is asked, is here, and has ended the chat."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.chat.test_page import write
from tests.chat.test_page_without_script import write as write_plain
from tests.conftest import Service, waymark_up
from tests.desk.support import DESKTOP, PHONE, end_chat, open_desk, take_first

pytestmark = pytest.mark.slow

FIRST_ANSWERS = ["Yes", "Not now", "Just numbers"]

DANGER = "he wont let me leave, the door is locked"


@pytest.fixture(scope="module")
def staffed(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A helpline of this module's own: no chat of another test waits in its queue."""
    assert model.exists()
    with waymark_up(tmp_path_factory.mktemp("staffed")) as running:
        yield running


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    contexts: list[BrowserContext] = []

    def new(**options: Any) -> BrowserContext:
        contexts.append(browser.new_context(**options))
        contexts[-1].set_default_timeout(20_000)
        return contexts[-1]

    yield new
    for context in contexts:
        context.close()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_page_offers_only_what_helps_now(
    staffed: Service, opened: Callable[..., BrowserContext], script: bool
) -> None:
    # Given a helper at the desk, and a young person who writes of immediate danger
    desk = opened(viewport=DESKTOP).new_page()
    open_desk(desk, staffed.url, staffed)
    page = opened(viewport=PHONE, java_script_enabled=script).new_page()
    page.goto(staffed.url)
    say = write if script else write_plain
    say(page, "what are my rights")
    expect(page.locator(".mine ~ .entry").first).to_be_visible()
    say(page, DANGER)
    # Then a helper is being asked, no number in line is told, and a person can still be asked for
    expect(page.get_by_text("A helper is being asked.")).to_be_visible()
    expect(page.get_by_text("You are number")).to_have_count(0)
    person = page.get_by_role("button", name="Talk to a person").first
    expect(person).to_be_visible()
    # And of all buttons only those since the last own message work
    expect(choices(page, "Talk")).to_be_enabled()
    first = page.locator(".mine").nth(1).locator("xpath=preceding-sibling::*")
    expect(first.locator(".choices button:enabled")).to_have_count(0)
    # And the card comes before any line about a helper
    lines = page.locator("#log > *").evaluate_all(
        "nodes => nodes.map(node => (node.matches('.note') ? 'note' : node.querySelector('.card')"
        " ? 'card' : ''))"
    )
    assert "note" not in lines[: lines.index("card")]
    # When the young person says yes, and the helper is there
    choices(page, "Talk").click(no_wait_after=True)
    expect(page.get_by_text("You are number 1 in line.").first).to_be_visible()
    expect(page.locator("#person")).to_be_hidden()
    take_first(desk)
    expect(page.get_by_text("is here.").first).to_be_visible()
    # Then no button works but those of the helper, who asks whether it is OK to talk
    expect(page.locator(".choices button:enabled:visible")).to_have_text(FIRST_ANSWERS)
    expect(page.locator("#person")).to_be_hidden()
    # When the helper ends the chat
    end_chat(desk)
    # Then the way to a new one stands where the box was
    expect(page.get_by_text("This chat has ended.").last).to_be_visible()
    expect(page.locator("#text")).to_be_hidden()
    expect(page.locator("#send")).to_be_hidden()
    expect(page.get_by_role("button", name="Leave this page")).to_be_visible()
    page.get_by_role("link", name="Start a new chat").click()
    expect(page.locator("#text")).to_be_visible()
    assert page.locator(".mine").count() == 0


def choices(page: Page, title: str) -> Any:
    return page.locator(".choices").get_by_role("button", name=title, exact=True).last
