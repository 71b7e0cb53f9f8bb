"""The main journey, both sides in real browsers: an answer, danger, a worker, the end."""

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

RIGHTS = "what are my rights"
DANGER = "he wont let me leave, the door is locked"
WITH_SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Fresh browser profiles, closed when the test ends."""
    contexts: list[BrowserContext] = []

    def new(**options: Any) -> BrowserContext:
        contexts.append(browser.new_context(**options))
        contexts[-1].set_default_timeout(20_000)
        return contexts[-1]

    yield new
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def quiet_service(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A helpline whose desk nobody has opened yet."""
    assert model.exists()
    with waymark_up(tmp_path_factory.mktemp("quiet")) as running:
        yield running


@WITH_SCRIPT
def test_nobody_on_shift_and_the_page_says_so(
    quiet_service: Service, opened: Callable[..., BrowserContext], script: bool
) -> None:
    # Given a young person on a phone, and nobody at the desk
    page = opened(viewport=PHONE, java_script_enabled=script).new_page()
    page.goto(quiet_service.url)
    # When they write of immediate danger
    (write if script else write_plain)(page, DANGER)
    # Then the numbers come first, and the truth
    card = page.locator(".card").first
    expect(card).to_contain_text("999")
    expect(page.get_by_text("Nobody will read this")).to_be_visible()
    expect(page.get_by_text("A helper can see your last 3 messages")).to_have_count(0)


@WITH_SCRIPT
def test_from_a_first_question_to_a_helper_and_to_the_end(
    service: Service, opened: Callable[..., BrowserContext], script: bool
) -> None:
    # Given a worker at the desk
    desk = opened(viewport=DESKTOP).new_page()
    open_desk(desk, service.url, service)
    say = write if script else write_plain
    page = opened(viewport=PHONE, java_script_enabled=script).new_page()
    page.goto(service.url)
    # When a young person asks about rights, they are answered
    say(page, RIGHTS)
    expect(page.locator(".mine ~ .theirs, .mine ~ .entry .theirs").first).to_be_visible()
    # When they write of danger, they see the emergency card
    say(page, DANGER)
    expect(page.locator(".card").first).to_contain_text("999")
    expect(page.get_by_text("A helper can see your last 3 messages")).to_be_visible()
    # Then the desk has it on top, with the words that raised it
    row = desk.locator("[data-level='4']").first
    expect(row).to_contain_text("Immediate danger")
    expect(row.locator(".trigger")).to_be_visible()
    # And the worker who takes it sees three messages at most, and cannot write
    take_first(desk)
    expect(desk.get_by_label("Your message")).to_be_disabled()
    assert desk.locator("#messages .line").count() <= 3
    # When the young person taps Talk
    page.get_by_role("button", name="Talk", exact=True).last.click(no_wait_after=True)
    expect(desk.locator("#banner")).to_contain_text("They let you in.")
    # Then the worker's first words are there, and both talk
    expect(page.get_by_text("OK to talk now?")).to_be_visible()
    say(page, "yes. he is out now")
    expect(desk.locator("#messages")).to_contain_text("he is out now")
    desk.get_by_label("Your message").fill("Thank you for telling me.")
    desk.keyboard.press("Enter")
    expect(page.get_by_text("Thank you for telling me.")).to_be_visible()
    if script:
        expect_typing_both_ways(page, desk)
    # And when the worker ends it, the young person sees that
    end_chat(desk)
    expect(page.get_by_text("ended", exact=False).last).to_be_visible()


def expect_typing_both_ways(page: Page, desk: Page) -> None:
    page.get_by_label("Your message").press_sequentially("i am still here with you", delay=200)
    expect(desk.locator("#typing")).not_to_be_empty()
    desk.get_by_label("Your message").press_sequentially("are you still there now", delay=200)
    expect(page.locator(".typing")).to_be_visible()
    page.get_by_label("Your message").fill("")
    desk.get_by_label("Your message").fill("")
