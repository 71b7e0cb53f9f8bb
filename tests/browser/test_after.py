"""Around the end of a chat, as a young person sees it on a phone, with script and without."""

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, Route, expect

from tests.alone import Alone, service_in
from tests.chat.conftest import PHONE
from tests.desk.support import nothing_serious, scrolls_sideways
from tests.worker import Worker

pytestmark = pytest.mark.slow

SECRET = "a heron stood in the water"
DANGER = "he wont let me leave, the door is locked"
OPENING = "I'm a computer. No name needed."
WITH_SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """The service with its demo staff; nothing here hangs on the assistant."""
    with service_in(tmp_path_factory.mktemp("after")) as running:
        yield running


@pytest.fixture
def opened(alone: Alone, browser: Browser) -> Iterator[Callable[..., Page]]:
    """The start page on a phone, each in a fresh browser profile."""
    # `alone` first: once a browser is open, its event loop runs
    contexts: list[BrowserContext] = []

    def new(*, script: bool, **options: object) -> Page:
        context = browser.new_context(
            viewport=PHONE, base_url=alone.url, java_script_enabled=script, **options
        )
        context.set_default_timeout(20_000)
        context.route("https://www.bbc.co.uk/**", _weather)
        contexts.append(context)
        page = context.new_page()
        page.goto("/")
        return page

    yield new
    for context in contexts:
        context.close()


def _weather(route: Route) -> None:
    route.fulfill(body="<title>Weather</title><h1>Weather</h1>", content_type="text/html")


def write(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("#send").click(no_wait_after=True)
    expect(page.locator(".mine").last).to_contain_text("Sent")


def tap(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click(no_wait_after=True)


def step(page: Page, *path: str) -> None:
    """Goes from the chat's menu to one of its steps."""
    tap(page, "This chat")
    expect(heading(page, "This chat")).to_be_visible()
    for name in path:
        tap(page, name)


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name, exact=True, level=2)


def code_of(page: Page) -> str:
    """Asks for a code as a young person does; the six words that are shown."""
    step(page, "Get a code to come back")
    expect(page.get_by_text("Write them somewhere safe, or learn them.")).to_be_visible()
    tap(page, "Show me six words")
    expect(heading(page, "Your six words")).to_be_visible()
    code = page.locator(".code").inner_text()
    assert re.fullmatch(r"[a-z]+( [a-z]+){5}", code)
    return code


def leave(page: Page) -> None:
    with page.expect_request("https://www.bbc.co.uk/weather"):
        page.get_by_role("button", name="Leave this page").click(no_wait_after=True)
    expect(page.get_by_role("heading", name="Weather")).to_be_visible()


def come_back(page: Page, code: str) -> None:
    page.get_by_role("link", name="Come back with a code").click()
    page.get_by_label("Your six words").fill(code)
    tap(page, "Come back")


def choose(page: Page, question: str, answer: str) -> None:
    page.get_by_role("group", name=question).get_by_role("radio", name=answer).check()


def counted(alone: Alone) -> dict[str, int]:
    """All that was ever counted."""
    with contextlib.closing(sqlite3.connect(alone.home / "waymark.db")) as database:
        return dict(database.execute("SELECT name, sum(count) FROM tally GROUP BY name").fetchall())


def added(alone: Alone, before: dict[str, int]) -> dict[str, int]:
    """What was counted since `before`."""
    grown = {name: count - before.get(name, 0) for name, count in counted(alone).items()}
    return {name: count for name, count in grown.items() if count}


@WITH_SCRIPT
def test_a_code_comes_back_and_nothing_of_before_is_shown(
    opened: Callable[..., Page], script: bool
) -> None:
    # Given a chat, and its six words
    page = opened(script=script)
    write(page, SECRET)
    code = code_of(page)
    # When the young person leaves by the button, and comes back on another phone
    leave(page)
    other = opened(script=script)
    come_back(other, f" {code.upper().replace(' ', '  ')}")
    # Then they are in a chat that shows nothing of what was said
    expect(other.get_by_text("You're back. Nothing from before is shown here.")).to_be_visible()
    expect(other.locator(".mine")).to_have_count(0)
    assert "heron" not in other.content()
    assert code.split()[0] not in other.url
    # And they can write and go on
    write(other, "i am here again")
    assert "heron" not in other.content()
    # And loading the page again shows the same
    if script:
        other.reload()
        expect(other.locator(".mine")).to_have_text(re.compile("i am here again"))
        expect(other.get_by_text("You're back.")).to_be_visible()
        assert "heron" not in other.content()


@WITH_SCRIPT
def test_the_words_are_gone_from_the_page_once_it_is_left(
    opened: Callable[..., Page], script: bool
) -> None:
    # Given six words on the screen
    page = opened(script=script)
    write(page, "hello")
    code = code_of(page)
    # When the young person goes back to the chat
    tap(page, "Back to the chat")
    # Then they are nowhere on the page
    expect(page.locator(".mine")).to_be_visible()
    assert code not in page.content()
    # And after leaving, Back and Reload show nothing either
    leave(page)
    for _ in range(3):
        with contextlib.suppress(Error):
            page.go_back(wait_until="commit")
        with contextlib.suppress(Error):
            page.reload(wait_until="commit")
        assert code not in page.content()
        assert page.locator(".mine").count() == 0


def test_a_page_found_in_the_history_does_not_come_back_by_itself(
    opened: Callable[..., Page],
) -> None:
    # Given somebody who came back without script, and left
    page = opened(script=False)
    write(page, "hello")
    code = code_of(page)
    leave(page)
    other = opened(script=False)
    come_back(other, code)
    expect(other.get_by_text("You're back.")).to_be_visible()
    leave(other)
    # When whoever holds the phone next goes back and loads the page again, which posts it again
    for _ in range(3):
        with contextlib.suppress(Error):
            other.go_back(wait_until="commit")
        with contextlib.suppress(Error):
            other.reload(wait_until="commit")
        # Then the chat does not open, and no words stand in the box
        assert "You're back" not in other.content()
        assert [box.input_value() for box in other.locator("#code").all()] in ([], [""])
        assert other.locator("#menu").count() == 0 or other.locator("#menu").is_hidden()


@WITH_SCRIPT
def test_wrong_words_are_told_in_one_sentence(opened: Callable[..., Page], script: bool) -> None:
    page = opened(script=script)
    # When no words, and wrong words, are tried
    come_back(page, "")
    expect(page.get_by_role("alert").first).to_have_text("Write the six words of your code.")
    page.get_by_label("Your six words").fill("abacus zoom harbor violin tulip cupcake")
    tap(page, "Come back")
    # Then the page says so, and the words can be tried again
    expect(page.get_by_role("alert").first).to_have_text(
        "These words open no chat. Check each one, and their order."
    )
    expect(page.get_by_role("button", name="Come back", exact=True)).to_be_enabled()


@WITH_SCRIPT
def test_a_chat_is_ended_with_answers_of_one_tap_each(
    alone: Alone, opened: Callable[..., Page], script: bool
) -> None:
    # Given a chat
    before, page = counted(alone), opened(script=script)
    write(page, "what are my rights")
    # When the young person ends it, with two answers and two skipped
    step(page, "End this chat")
    expect(heading(page, "End this chat?")).to_be_visible()
    choose(page, "I know more about my rights", "Yes")
    choose(page, "I felt listened to", "A bit")
    tap(page, "End this chat")
    # Then they are thanked, and nothing of the chat is on the page or comes back to it
    expect(page.get_by_text("Thank you for talking.")).to_be_visible()
    assert "what are my rights" not in page.content()
    assert added(alone, before) == {"rights:yes": 1, "listened:a_bit": 1, "ended": 1, "asked": 1}
    with contextlib.suppress(Error):
        page.reload(wait_until="commit")
    assert page.locator(".mine").count() == 0
    # And a new chat can be begun
    page.goto("/")
    expect(page.get_by_text(OPENING)).to_be_visible()
    assert page.locator(".mine").count() == 0


@WITH_SCRIPT
def test_after_danger_nothing_is_asked(
    alone: Alone, opened: Callable[..., Page], script: bool
) -> None:
    # Given a chat in which immediate danger was written
    page = opened(script=script)
    write(page, DANGER)
    # When it is ended, once the page knows what the service says of questions
    if script:
        with page.expect_response("**/api/conversation/feedback") as answered:
            step(page, "End this chat")
        assert answered.value.json() == {"questions": []}
    else:
        step(page, "End this chat")
    expect(heading(page, "End this chat?")).to_be_visible()
    # Then no question stands there, and it ends
    expect(page.get_by_role("button", name="End this chat")).to_be_visible()
    expect(page.locator(".step fieldset")).to_have_count(0)
    before = counted(alone)
    tap(page, "End this chat")
    expect(page.get_by_text("Thank you for talking.")).to_be_visible()
    assert added(alone, before) == {"ended": 1}


@WITH_SCRIPT
def test_delete_asks_once_and_is_for_good(opened: Callable[..., Page], script: bool) -> None:
    # Given a chat with a code
    page = opened(script=script)
    write(page, SECRET)
    code = code_of(page)
    tap(page, "Back to the chat")
    # When the young person looks at deleting, and keeps it
    step(page, "Delete this chat now")
    tap(page, "Keep it")
    expect(page.locator(".mine")).to_contain_text(SECRET)
    # And then deletes it
    step(page, "Delete this chat now")
    tap(page, "Delete now")
    # Then it is gone, and no code opens it
    expect(heading(page, "Deleted")).to_be_visible()
    assert "heron" not in page.content()
    page.get_by_role("link", name="Start a new chat").click()
    expect(page.get_by_text(OPENING)).to_be_visible()
    come_back(page, code)
    expect(page.get_by_role("alert").first).to_contain_text("These words open no chat.")


@WITH_SCRIPT
def test_stop_waiting_leaves_the_line(
    alone: Alone, opened: Callable[..., Page], script: bool
) -> None:
    # Given a worker at the desk, and a young person in line
    with Worker(alone.url, alone.worker) as worker:
        page = opened(script=script)
        page.locator("#person button").click(no_wait_after=True)
        expect(page.get_by_text("You are number 1 in line.").first).to_be_visible()
        if not script:
            write(page, "are you there")  # the head of the page is as it was when it was sent
        assert len(worker.queue()) == 1
        expect(page.locator("#person")).to_be_hidden()
        # When they stop waiting
        tap(page, "Stop waiting")
        # Then they are out of line, are told so, and can ask again
        expect(page.get_by_text("OK. You can tap Talk to a person any time.")).to_be_visible()
        assert worker.queue() == []
        expect(page.locator("#stop")).to_be_hidden()
        expect(page.locator("#person button")).to_be_visible()
        expect(page.locator("#text")).to_be_visible()


@WITH_SCRIPT
def test_when_a_worker_ended_it_the_page_still_asks_deletes_and_gives_a_code(
    alone: Alone, opened: Callable[..., Page], script: bool
) -> None:
    # Given a chat that a worker has ended
    page = opened(script=script)
    with Worker(alone.url, alone.worker) as worker:
        page.locator("#person button").click(no_wait_after=True)
        expect(page.get_by_text("You are number 1 in line.").first).to_be_visible()
        [conversation] = worker.queue()
        worker.take(conversation)
        worker.say(conversation, "take care of yourself")
        expect(page.get_by_text("take care of yourself")).to_be_visible()
        before = counted(alone)
        worker.end(conversation)
    # Then the last words stay on the screen
    expect(page.get_by_text("This chat has ended.").last).to_be_visible()
    expect(page.get_by_text("take care of yourself")).to_be_visible()
    # When the young person answers
    tap(page, "Before you go")
    expect(page.get_by_text("Thank you for talking.")).to_be_visible()
    choose(page, "I have someone to turn to", "No")
    tap(page, "Send answers")
    expect(page.locator(".step fieldset")).to_have_count(0)
    assert added(alone, before) == {"someone:no": 1, "ended": 1, "asked": 1}
    # And asks for a code
    tap(page, "Get a code to come back")
    tap(page, "Show me six words")
    expect(heading(page, "Your six words")).to_be_visible()
    code = page.locator(".code").inner_text()
    tap(page, "Back to the chat")
    expect(page.get_by_text("take care of yourself")).to_be_visible()
    # Then they can come back with it
    other = opened(script=script)
    come_back(other, code)
    expect(other.get_by_text("You're back. Nothing from before is shown here.")).to_be_visible()
    assert "take care" not in other.content()
    # And the old page is shut
    if script:
        expect(page.get_by_text("take care of yourself")).to_have_count(0)
        assert "take care" not in page.content()


@WITH_SCRIPT
def test_on_every_step_the_way_out_is_on_the_screen_and_axe_finds_nothing_serious(
    opened: Callable[..., Page], script: bool
) -> None:
    # Given every step, one after another
    page = opened(script=script, bypass_csp=True)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        expect(heading(page, name)).to_be_visible()
        # Then the way out is in reach, targets are large, and nothing scrolls sideways
        expect(page.get_by_role("button", name="Leave this page")).to_be_in_viewport(ratio=1)
        for control in page.locator(".step :is(button, .answers span, .new, #code)").all():
            box = control.bounding_box()
            assert box is not None
            assert box["height"] >= 44, control.inner_text()
        if script:
            assert not scrolls_sideways(page)
            found[name] = nothing_serious(page)

    page.get_by_role("link", name="Come back with a code").click()
    look("Come back with a code")
    page.get_by_role("link", name="Not now").click()
    write(page, "hello")
    for name, title in (
        ("End this chat", "End this chat?"),
        ("Delete this chat now", "Delete this chat now?"),
        ("Get a code to come back", "A code to come back"),
    ):
        step(page, name)
        look(title)
        page.locator(".to-chat button").click(no_wait_after=True)
        expect(page.locator(".mine")).to_be_visible()
    code_of(page)
    look("Your six words")
    tap(page, "Back to the chat")
    step(page)
    look("This chat")
    tap(page, "End this chat")
    tap(page, "End this chat")
    look("This chat has ended")
    # And axe finds nothing serious
    assert {name: rules for name, rules in found.items() if rules} == {}


def test_the_pages_without_script_are_read_by_axe_too(alone: Alone, browser: Browser) -> None:
    # Given the pages that the service makes without script, in a browser with script for axe alone
    page = browser.new_page(bypass_csp=True, base_url=alone.url, viewport=PHONE)
    page.route("**/chat.js", lambda route: route.abort())
    page.goto("/back")
    first = Axe().run(page).response["violations"]
    page.goto("/")
    write(page, "hello")
    step(page, "End this chat")
    expect(heading(page, "End this chat?")).to_be_visible()
    second = Axe().run(page).response["violations"]
    page.close()
    # Then it finds nothing
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in (*first, *second)] == []


def test_the_steps_are_used_by_keyboard_alone(opened: Callable[..., Page]) -> None:
    # Given a chat
    page = opened(script=True)
    write(page, "hello")
    # When the menu is opened by keyboard
    page.locator("#menu button").focus()
    page.keyboard.press("Enter")
    expect(heading(page, "This chat")).to_be_focused()
    # Then Tab goes through the choices, and Escape leads back to where it began
    for name in ("Get a code to come back", "Delete this chat now", "End this chat"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=name)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#menu button")).to_be_focused()
    expect(page.locator("#text")).to_be_visible()
    # And an answer is chosen with the arrow keys
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".step fieldset").first).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    group = page.get_by_role("group", name="I know more about my rights")
    expect(group.get_by_role("radio", name="No")).to_be_checked()


def test_leaving_from_a_step_takes_everything_off_the_page(opened: Callable[..., Page]) -> None:
    page = opened(script=True)
    write(page, "hello")
    code = code_of(page)
    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url("https://www.bbc.co.uk/weather")
    page.go_back()
    assert code not in page.content()
    assert page.locator(".mine").count() == 0
