"""A chat on its way between hands, both sides in real browsers: passed on, handed back, looked at,
a worker's browser killed, a young person offline."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_after import code_of
from tests.chat.test_page import write
from tests.conftest import Login, Service
from tests.desk.support import DESKTOP, PHONE, nothing_serious, take_first

pytestmark = pytest.mark.slow

DANGER = "he wont let me leave, the door is locked"
OFFLINE_S = 30
TOLD_MS = 150_000
"""A helper who is gone is away after 45 s and loses the chat after two minutes."""


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


@pytest.fixture
def young(service: Service, opened: Callable[..., BrowserContext]) -> Callable[[], Page]:
    def new() -> Page:
        page = opened(viewport=PHONE).new_page()
        page.goto(service.url)
        return page

    return new


@pytest.fixture
def desk_of(service: Service, opened: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """The desk of one of the demo's staff; what was left of other tests is put away."""

    def new(login: Login) -> Page:
        page = opened(viewport=DESKTOP).new_page()
        page.goto(f"{service.url}/desk")
        page.get_by_label("Name").fill(login.name)
        page.get_by_label("Password").fill(login.password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("#connection")).to_have_text("Live")
        return page

    return new


def ask(page: Page) -> None:
    """Asks for a person as a young person does."""
    page.get_by_role("button", name="Talk to a person").first.click(no_wait_after=True)
    expect(page.get_by_text("A helper can now read this chat").first).to_be_visible()


def tap(page: Page, answer: str) -> None:
    """Taps that answer of the newest question, once it is there; earlier ones are spent."""
    newest = page.get_by_role("button", name=answer, exact=True).last
    expect(newest).to_be_enabled()
    newest.click(no_wait_after=True)


def talk(page: Page, desk: Page) -> None:
    """The worker takes the chat of this page, and the young person says that it is OK."""
    write(page, "hello, can i talk to someone")
    ask(page)
    take_first(desk)
    expect(page.get_by_text("OK to talk now?").first).to_be_visible()
    tap(page, "Yes")
    expect(desk.locator("#banner")).to_contain_text("They let you in.")


def say(desk: Page, text: str) -> None:
    desk.get_by_label("Your message").fill(text)
    desk.keyboard.press("Enter")
    expect(desk.locator("#messages")).to_contain_text(text)


def test_asked_for_the_brief_says_whether_it_is_safe_to_talk(
    service: Service, young: Callable[[], Page], desk_of: Callable[..., Page]
) -> None:
    desk, page = desk_of(service.login("worker")), young()
    write(page, "hello, can i talk to someone")
    ask(page)
    take_first(desk)
    # Given a question that nobody has answered, the brief says so first
    safe = desk.locator(".brief-safe")
    expect(safe).to_contain_text("Not answered")
    tap(page, "Not now")
    expect(safe).to_contain_text("not now")
    # Then the worker does not write over it, and can ask again
    expect(desk.get_by_label("Your message")).to_be_disabled()
    desk.get_by_role("button", name="Ask again").click()
    expect(page.get_by_text("OK to talk now?")).to_have_count(2)
    tap(page, "Yes")
    expect(safe).to_contain_text("Yes, it is OK to talk")
    expect(desk.get_by_label("Your message")).to_be_enabled()
    assert nothing_serious(desk) == []
    end(desk)


def end(desk: Page) -> None:
    desk.get_by_role("button", name="End chat").click()
    desk.get_by_role("dialog").get_by_role("button", name="End chat").click()
    expect(desk.locator("#banner.banner-ended")).to_be_visible()


def test_a_chat_is_passed_on_with_a_note_and_nothing_in_between_is_lost(
    service: Service, young: Callable[[], Page], desk_of: Callable[..., Page]
) -> None:
    robin, sam, page = (
        desk_of(service.login("worker")),
        desk_of(service.login("supervisor")),
        young(),
    )
    talk(page, robin)
    say(robin, "Thank you for writing.")
    # When Robin passes it to Sam by keyboard, with a note
    robin.locator("#chat").focus()
    robin.keyboard.press("p")
    robin.get_by_label("Sam").check()
    robin.get_by_label("Note for them").fill("likes short words")
    robin.get_by_role("button", name="Pass it on").click()
    expect(robin.locator("#chat")).to_contain_text("You passed this chat on.")
    # Then the young person is told, and what they write meanwhile is kept
    expect(page.get_by_text("Your helper is passing you on").first).to_be_visible()
    write(page, "are you still there")
    row = sam.locator("[data-waiting-row]").first
    expect(row).to_contain_text("Passed to Sam")
    take_first(sam)
    expect(page.get_by_text("Sam is here.").first).to_be_visible()
    expect(sam.locator("#messages")).to_contain_text("are you still there")
    sam.locator('[data-tool-tab="notes"]').click()
    expect(sam.locator("#panel-body")).to_contain_text("likes short words")
    tap(page, "Yes")
    say(sam, "I am here now.")
    expect(page.get_by_text("I am here now.")).to_be_visible()
    end(sam)


def test_handed_back_the_assistant_answers_and_the_desk_reads_no_further(
    service: Service, young: Callable[[], Page], desk_of: Callable[..., Page]
) -> None:
    desk, page = desk_of(service.login("worker")), young()
    talk(page, desk)
    desk.get_by_role("button", name="To assistant").click()
    desk.get_by_role("button", name="Hand back").click()
    expect(desk.locator("#chat")).to_contain_text("The assistant goes on with this chat.")
    expect(page.get_by_text("You are talking with the computer again").first).to_be_visible()
    answers = page.locator(".theirs").count()
    write(page, "what are my rights")
    expect(page.locator(".theirs").nth(answers)).to_be_visible()
    desk.get_by_role("link", name="Past chats").click()
    desk.get_by_role("link", name="Open").first.click()
    expect(desk.locator("#messages")).not_to_contain_text("what are my rights")


def test_a_supervisor_looks_in_is_seen_and_takes_over(
    service: Service, young: Callable[[], Page], desk_of: Callable[..., Page]
) -> None:
    robin, sam, page = (
        desk_of(service.login("worker")),
        desk_of(service.login("supervisor")),
        young(),
    )
    talk(page, robin)
    sam.get_by_role("link", name="Past chats").click()
    assert nothing_serious(sam) == []
    sam.get_by_role("button", name="Look").first.click()
    expect(sam.locator("#banner")).to_contain_text("You are looking at this chat.")
    expect(robin.locator("#lookers")).to_contain_text("Sam is looking at this chat")
    sam.get_by_role("button", name="Take over").click()
    sam.get_by_role("dialog").get_by_role("button", name="Take over").click()
    expect(page.get_by_text("Sam is here.").first).to_be_visible()
    expect(robin.locator("#chat")).to_contain_text("You no longer hold this chat.")
    tap(page, "Yes")
    say(sam, "Hello, this is Sam.")
    end(sam)


def test_a_break_in_the_middle_of_a_chat_hands_it_over(
    service: Service, young: Callable[[], Page], desk_of: Callable[..., Page]
) -> None:
    robin, sam, page = (
        desk_of(service.login("worker")),
        desk_of(service.login("supervisor")),
        young(),
    )
    talk(page, robin)
    robin.get_by_role("button", name="Need a break").click()
    robin.get_by_role("button", name="Take a break").click()
    expect(page.get_by_text("Your helper is passing you on").first).to_be_visible()
    expect(sam.locator("#people")).to_contain_text("On a break")
    take_first(sam)
    expect(page.get_by_text("Sam is here.").first).to_be_visible()
    robin.get_by_label("I am").select_option("here")
    robin.get_by_role("button", name="I heard it").click()
    tap(page, "Yes")
    end(sam)


def test_a_workers_browser_is_killed_and_a_young_person_is_offline_and_nothing_is_lost(
    service: Service,
    young: Callable[[], Page],
    desk_of: Callable[..., Page],
    opened: Callable[..., BrowserContext],
) -> None:
    # Given two chats, one of a worker whose browser is killed in the middle of it
    robin, sam = desk_of(service.login("worker")), desk_of(service.login("supervisor"))
    left, offline = young(), young()
    talk(left, robin)
    robin.context.close()
    # And one of a young person who loses their network for half a minute
    talk(offline, sam)
    offline.context.set_offline(True)
    say(sam, "Are you there?")
    say(sam, "I am waiting.")
    offline.get_by_label("Your message").fill("my bus went into a tunnel")
    offline.locator("#send").click(no_wait_after=True)
    sam.wait_for_timeout(OFFLINE_S * 1000)
    offline.context.set_offline(False)
    # Then all of it is there on both sides, once and in order. After 30 s the page shows nothing
    # but "Continue": somebody may be looking
    if offline.get_by_role("button", name="Continue").is_visible():
        offline.get_by_role("button", name="Continue").click()
    offline.get_by_role("button", name="Not sent. Try again").click(no_wait_after=True)
    expect(offline.get_by_text("I am waiting.")).to_have_count(1)
    expect(offline.get_by_text("Are you there?")).to_have_count(1)
    expect(sam.locator("#messages")).to_contain_text("my bus went into a tunnel", timeout=60_000)
    assert sam.locator("#messages").inner_text().count("my bus went into a tunnel") == 1
    end(sam)
    # And the one whose worker is gone is told so, and that they are first in line again
    expect(left.get_by_text("Your helper may have lost connection").first).to_be_visible(
        timeout=TOLD_MS
    )
    expect(left.get_by_text("The helper had to go.").first).to_be_visible(timeout=TOLD_MS)
    row = sam.locator("[data-waiting-row]").first
    expect(row).to_contain_text("Given back")
    take_first(sam)
    expect(left.get_by_text("Sam is here.").first).to_be_visible()
    expect(sam.locator("#messages")).to_contain_text("hello, can i talk to someone")
    tap(left, "Yes")
    end(sam)


def test_two_workers_press_take_at_the_same_moment_fifty_times_and_never_both_have_it(
    service: Service, desk_of: Callable[..., Page]
) -> None:
    # Given the same chat on two desks in two browsers
    one, other = desk_of(service.login("worker")), desk_of(service.login("worker", 1))
    press = """(chat) => fetch(`/desk/chat/${chat}/take`, {method: 'POST', headers:
        {'X-CSRF-Token': document.querySelector('meta[name="csrf-token"]').content}})
        .then((answer) => answer.status)"""
    finish = press.replace("/take", "/end")
    for _ in range(50):
        started = httpx.post(f"{service.url}/api/conversations", json={}).json()
        headers = {"Authorization": f"Bearer {started['token']}"}
        httpx.post(f"{service.url}/api/conversation/handoff", json={}, headers=headers)
        queue = one.evaluate("fetch('/desk/queue').then((answer) => answer.text())")
        chat = queue.split('data-waiting-row="')[1][:32]
        # When both press Take before either has heard
        for page in (one, other):
            page.evaluate(f"chat => {{ window.pressed = ({press})(chat) }}", chat)
        came = [page.evaluate("window.pressed") for page in (one, other)]
        # Then one has it, and the other is told
        assert sorted(came) == [200, 409], came
        winner = one if came[0] == 200 else other
        assert winner.evaluate(finish, chat) == 200


def test_who_waits_leaves_and_comes_back_with_a_code_is_asked_for_the_code_word(
    service: Service, young: Callable[[], Page], desk_of: Callable[..., Page]
) -> None:
    desk, page = desk_of(service.login("worker")), young()
    write(page, "hello, can i talk to someone")
    ask(page)
    # Given a code, the page is left while they wait
    code = code_of(page)
    page.context.close()
    # When they come back with it
    page = young()
    page.get_by_role("link", name="Come back with a code").click()
    page.get_by_label("Your six words").fill(code)
    page.get_by_role("button", name="Come back", exact=True).click(no_wait_after=True)
    # Then nothing of before is shown, they are told where it stands, and let a helper in again
    expect(page.get_by_text("hello, can i talk to someone")).to_have_count(0)
    tap(page, "Talk")
    expect(page.get_by_text("A helper can now read this chat").first).to_be_visible()
    take_first(desk)
    expect(desk.locator("#messages")).to_contain_text("ask for the code word first")
    expect(desk.locator(".brief-safe")).to_contain_text("Not answered")
    end(desk)


def test_a_quick_exit_is_its_own_state_for_the_worker(
    service: Service,
    young: Callable[[], Page],
    desk_of: Callable[..., Page],
) -> None:
    desk, page = desk_of(service.login("worker")), young()
    page.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="weather"))
    talk(page, desk)
    page.get_by_role("button", name="Leave this page").click(no_wait_after=True)
    expect(desk.locator("#banner")).to_contain_text("They left quickly")
    expect(desk.locator(".mine")).to_contain_text("Left quickly")
    expect(desk.get_by_label("Your message")).to_be_disabled()
    end(desk)


def test_after_the_end_the_worker_has_the_record_and_the_young_person_four_questions(
    service: Service, young: Callable[[], Page], desk_of: Callable[..., Page]
) -> None:
    desk, page = desk_of(service.login("worker")), young()
    talk(page, desk)
    end(desk)
    # Then the record is open beside the chat that ended
    expect(desk.locator('[data-tool-tab="record"]')).to_have_attribute("aria-current", "true")
    expect(desk.locator("#panel-body")).to_contain_text("Safe contact")
    assert nothing_serious(desk) == []
    # And the young person is asked, and can skip
    page.get_by_role("button", name="Before you go").click(no_wait_after=True)
    group = page.get_by_role("group", name="I felt listened to")
    group.get_by_role("radio", name="Yes").check()


def test_the_windows_of_the_desk_are_read_by_axe_and_used_by_keyboard(
    service: Service, young: Callable[[], Page], desk_of: Callable[..., Page]
) -> None:
    desk, page = desk_of(service.login("worker")), young()
    talk(page, desk)
    windows = {"p": "Pass this chat on", "e": "End this chat?", "?": "Keyboard"}
    for key, title in windows.items():
        desk.locator("#chat").focus()
        desk.keyboard.press(key)
        expect(desk.get_by_role("heading", name=title)).to_be_visible()
        assert nothing_serious(desk) == [], title
        desk.keyboard.press("Escape")
    for name in ("To assistant", "Need a break"):
        desk.get_by_role("button", name=name).press("Enter")
        expect(desk.locator("dialog[open]")).to_be_visible()
        assert nothing_serious(desk) == [], name
        desk.keyboard.press("Escape")
    desk.locator("#chat").focus()
    desk.keyboard.press("h")
    expect(desk.locator("#presence-say")).to_be_focused()
    desk.keyboard.press("Escape")
    for key, tab in {"b": "brief", "n": "notes", "f": "record"}.items():
        desk.locator("#chat").focus()
        desk.keyboard.press(key)
        expect(desk.locator(f'[data-tool-tab="{tab}"]')).to_have_attribute("aria-current", "true")
    end(desk)


def test_two_people_open_a_whole_chat_without_a_yes_and_the_young_person_is_told(
    service: Service, young: Callable[[], Page], desk_of: Callable[..., Page]
) -> None:
    # Given danger, an alert that a worker watches, and a supervisor; all by keyboard
    robin, sam = desk_of(service.login("worker")), desk_of(service.login("supervisor"))
    page = young()
    write(page, "a heron stood in the water")
    for text in ("hello", "are you there", DANGER):
        write(page, text)
    take_first(robin)
    expect(robin.locator("#messages")).not_to_contain_text("heron")
    robin.get_by_text("Read the whole chat without their yes").press("Enter")
    robin.get_by_role("button", name="Ask a supervisor").press("Enter")
    expect(robin.get_by_text("A supervisor is asked")).to_be_visible()
    # When the supervisor has looked at what was shown, and agrees
    expect(sam.locator("#people .ask-open")).to_be_visible()
    expect(sam.locator("#people.htmx-settling, #people .htmx-added")).to_have_count(0)
    sam.get_by_role("button", name="Look at what was shown").press("Enter")
    expect(sam.locator("#banner")).to_contain_text("You are looking at this chat.")
    sam.get_by_role("button", name="Agree", exact=True).press("Enter")
    expect(sam.locator(".ask-open")).to_have_count(0, timeout=20_000)
    # Then the worker reads all and still writes nothing, and the young person knows
    expect(robin.locator("#messages")).to_contain_text("heron", timeout=20_000)
    expect(robin.get_by_label("Your message")).to_be_disabled()
    expect(page.get_by_text("They have decided to read this whole chat").first).to_be_visible()
    assert nothing_serious(robin) == []
    assert nothing_serious(sam) == []
    # And the supervisor takes it over by keyboard
    sam.get_by_role("button", name="Take over").press("Enter")
    sam.get_by_role("dialog").get_by_role("button", name="Take over").press("Enter")
    expect(robin.locator("#chat")).to_contain_text("You no longer hold this chat.")
    sam.get_by_role("button", name="Close alert").press("Enter")
    sam.get_by_role("dialog").get_by_role("button", name="Close alert").press("Enter")
    expect(sam.locator("#banner.banner-ended")).to_be_visible()
