"""The young person's page with script, in a real browser, over the running service."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

pytestmark = pytest.mark.slow

RIGHTS = "What are my rights?"
DANGER = "he is hurting me right now he has a knife and i cant get out"
THREAT = "someone is threatening to share my pictures"
MARKUP = (
    "<img src=x onerror=alert(1)>",
    "[tap](javascript:alert(1))",
    "{{7*7}} %s {slot}",
    '/restart /intent{"slot":"x"} [word](entity)',
)


def write(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def mine(page: Page, text: str) -> Any:
    return page.locator(".mine").filter(has_text=text)


def replies(page: Page) -> Any:
    """What the helpline has said after the first thing the young person wrote."""
    return page.locator(".mine ~ .entry .theirs:not(.typing), .mine ~ .theirs:not(.typing)")


def test_a_message_is_shown_as_kept_and_answered(page: Page) -> None:
    # Given the start page, with its two bubbles and nothing stored
    assert page.title() == "Chat"
    expect(page.get_by_text("I'm a computer. No name needed.")).to_be_visible()
    expect(page.get_by_text("Mostly private.")).to_be_visible()
    # When the young person writes
    write(page, RIGHTS)
    # Then it is kept and answered, and nothing went into a cookie or the address
    expect(mine(page, RIGHTS)).to_contain_text("Sent")
    expect(replies(page).first).to_be_visible()
    expect(page.get_by_text("I'm a computer. No name needed.")).to_have_count(1)
    assert page.context.cookies() == []
    assert "?" not in page.url


def test_a_lost_connection_loses_and_doubles_nothing(page: Page, service: Any) -> None:
    # Given a chat
    write(page, "first")
    expect(mine(page, "first")).to_contain_text("Sent")
    expect(replies(page).first).to_be_visible()
    token = page.evaluate("sessionStorage.getItem('chat')")
    # When the connection is lost, something is sent from elsewhere, and something from here
    page.context.set_offline(True)
    expect(page.get_by_role("status")).to_contain_text("Connection lost. Trying again.")
    sent = httpx.post(
        f"{service.url}/api/conversation/messages",
        headers={"Authorization": f"Bearer {token}"},
        json={"id": "8f8f0d26-3e8a-4b15-8b1c-0d6f6a0e1c11", "text": "from elsewhere"},
    )
    assert sent.status_code == 201
    write(page, "from here")
    again = page.get_by_role("button", name="Not sent. Try again")
    expect(again).to_be_visible()
    # Then, once it is back, both are there once, in the order they were kept
    page.context.set_offline(False)
    expect(mine(page, "from elsewhere")).to_have_count(1)
    expect(page.get_by_role("status")).not_to_contain_text("Connection lost")
    again.click()
    expect(mine(page, "from here")).to_contain_text("Sent")
    expect(mine(page, "from here")).to_have_count(1)
    numbers = page.locator("#log > [data-number]").evaluate_all(
        "nodes => nodes.map(node => Number(node.dataset.number))"
    )
    assert numbers == sorted(set(numbers))


def test_an_answer_lost_on_the_way_back_keeps_the_message_once(page: Page) -> None:
    # Given a send that is kept while its answer is lost
    tries: list[str] = []

    def lose(route: Any) -> None:
        tries.append(route.request.post_data_json["id"])
        if len(tries) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/api/conversation/messages", lose)
    # When the young person writes, and tries again if the page asks for it
    write(page, "only once")
    expect(mine(page, "only once")).to_contain_text("Sent")
    # Then it stands there once
    expect(mine(page, "only once")).to_have_count(1)
    assert len(set(tries)) == 1
    page.reload()
    expect(mine(page, "only once")).to_have_count(1)


def test_try_again_sends_the_same_id(page: Page) -> None:
    # Given a service that cannot be reached at the first send
    tries: list[str] = []
    page.route("**/api/conversations", lambda route: route.abort(), times=1)
    page.on("request", lambda request: tries.append(request.url))
    write(page, "hello")
    again = page.get_by_role("button", name="Not sent. Try again")
    # When the young person tries again
    again.click()
    # Then it is kept
    expect(mine(page, "hello")).to_contain_text("Sent")
    assert sum(url.endswith("/api/conversations") for url in tries) == 2


def test_a_person_can_be_asked_for_before_anything_is_said(page: Page) -> None:
    # When a person is asked for on the start page
    page.get_by_role("button", name="Talk to a person").first.click()
    # Then the chat begins, and says what comes of it
    expect(page.locator(".entry, .note, #status:not(:empty)").first).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('chat')")


def test_a_button_works_once(page: Page) -> None:
    # Given an offer with buttons
    write(page, THREAT)
    button = page.locator(".choices button").first
    title = button.inner_text()
    # When one is tapped
    button.click()
    # Then it is said, and the group is spent, also after a reload
    expect(mine(page, title)).to_contain_text("Sent")
    expect(button).to_be_disabled()
    page.reload()
    expect(page.locator(".choices button").first).to_be_disabled()


@pytest.mark.parametrize("text", MARKUP)
def test_markup_is_shown_as_text(page: Page, text: str) -> None:
    # Given a page that would tell of any dialog
    shown: list[str] = []
    page.on("dialog", lambda dialog: (shown.append(dialog.message), dialog.dismiss()))
    # When markup is written
    write(page, text)
    # Then it stands there letter by letter, also when the page is built anew
    expect(mine(page, text)).to_contain_text("Sent")
    page.reload()
    expect(mine(page, text)).to_be_visible()
    assert page.locator("#log img, #log script").count() == 0
    assert shown == []


def test_a_message_that_is_too_long_is_prevented_and_said(page: Page) -> None:
    # When 2,003 characters are written, some of them outside the basic plane
    write(page, "a" * 2000 + "😀😀😀")
    # Then nothing is sent, and the page says how much to take out
    expect(page.get_by_role("alert")).to_contain_text("at most 2,000 characters")
    expect(page.get_by_role("alert")).to_contain_text("3")
    assert page.locator(".mine").count() == 0
    # And 2,000 are kept
    write(page, "b" * 1999 + "😀")
    expect(page.locator(".mine")).to_contain_text("Sent")


@pytest.mark.parametrize("way", ["button", "shift"])
def test_quick_exit_leaves_nothing_for_back_and_reload(page: Page, service: Any, way: str) -> None:
    # Given a chat
    write(page, "marker kingfisher")
    expect(mine(page, "kingfisher")).to_contain_text("Sent")
    token = page.evaluate("sessionStorage.getItem('chat')")
    # When the young person leaves
    with page.expect_request("**/exit"):
        if way == "button":
            page.get_by_role("button", name="Leave this page").click()
        else:
            for _ in range(3):
                page.keyboard.press("Shift")
    page.wait_for_url("https://www.bbc.co.uk/weather")
    # Then Back and Reload show nothing of it, and the token opens nothing
    page.go_back()
    assert "kingfisher" not in page.content()
    page.reload()
    assert "kingfisher" not in page.content()
    page.goto("/")
    expect(page.get_by_text("I'm a computer.")).to_be_visible()
    assert "kingfisher" not in page.content()
    assert page.evaluate("sessionStorage.length") == 0
    answer = httpx.get(
        f"{service.url}/api/conversation/events",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
    )
    assert answer.status_code == 401


def test_shift_while_writing_does_not_leave(page: Page) -> None:
    # When capital letters are typed
    page.get_by_label("Your message").focus()
    for letter in "ABCD":
        page.keyboard.press(f"Shift+{letter}")
    # Then the page is still there
    expect(page.get_by_label("Your message")).to_have_value("ABCD")


@pytest.mark.parametrize("why", ["hidden", "offline"])
def test_after_30_s_out_of_sight_only_continue_is_shown(
    context: Callable[..., BrowserContext], why: str
) -> None:
    # Given a chat, under a clock of the test's own
    page = context().new_page()
    page.clock.install()
    page.goto("/")
    write(page, "marker heron")
    expect(mine(page, "heron")).to_contain_text("Sent")
    # When it is out of sight for 30 s
    if why == "hidden":
        _be_hidden(page, hidden=True)
    else:
        page.context.set_offline(True)
        page.wait_for_function("!navigator.onLine")
    page.clock.fast_forward(29_000)
    expect(mine(page, "heron")).to_be_attached()
    page.clock.fast_forward(1_500)
    # Then the page holds one word, under a neutral title
    shown = "Continue" if why == "hidden" else "Continue\nNumbers"
    assert page.locator("body").inner_text().split() == shown.split()
    assert page.title() == "Chat"
    if why == "offline":
        page.get_by_text("Numbers").click()
        expect(page.get_by_role("link", name="999", exact=True)).to_be_visible()
        page.get_by_text("Numbers").click()
    # And coming back alone shows no more; a tap does
    if why == "hidden":
        _be_hidden(page, hidden=False)
    else:
        page.context.set_offline(False)
    assert page.locator("body").inner_text().split() == shown.split()
    page.get_by_role("button", name="Continue").click()
    expect(mine(page, "heron")).to_be_visible()
    expect(page.locator("header #numbers")).to_be_visible()


def _be_hidden(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_coming_back_through_the_history_asks_before_it_shows(page: Page) -> None:
    # Given a chat that was left for another page without quick exit
    write(page, "marker plover")
    expect(mine(page, "plover")).to_contain_text("Sent")
    page.goto("https://www.bbc.co.uk/weather")
    # When somebody presses Back
    page.go_back()
    # Then only Continue is there
    expect(page.locator("body")).to_have_text("Continue")
    page.get_by_role("button", name="Continue").click()
    expect(mine(page, "plover")).to_be_visible()


def test_an_emergency_card_folds_to_one_word_and_stays(page: Page) -> None:
    # Given an emergency card, its number first and tappable
    write(page, DANGER)
    card = page.locator(".card").first
    expect(card.get_by_role("link", name="999").first).to_have_attribute("href", "tel:999")
    # When the tab is hidden
    _be_hidden(page, hidden=True)
    _be_hidden(page, hidden=False)
    # Then one small word is left, and a tap shows it again
    expect(card.get_by_role("link", name="999").first).to_be_hidden()
    assert card.inner_text().strip() == "Numbers"
    card.locator("summary").click()
    expect(card.get_by_role("link", name="999").first).to_be_visible()
    # And a tap on the card folds it, a tap on nothing removes it
    card.locator(".small").click()
    expect(card.get_by_role("link", name="999").first).to_be_hidden()
    expect(card).to_be_visible()


def test_two_tabs_show_the_same_chat(page: Page) -> None:
    # Given a chat, and a second tab that holds the same token
    write(page, "from the first")
    expect(mine(page, "from the first")).to_contain_text("Sent")
    token = page.evaluate("sessionStorage.getItem('chat')")
    other = page.context.new_page()
    other.goto("/")
    other.evaluate("token => sessionStorage.setItem('chat', token)", token)
    other.reload()
    expect(mine(other, "from the first")).to_be_visible()
    # When each writes
    write(other, "from the second")
    # Then both show it once
    expect(mine(page, "from the second")).to_have_count(1)
    expect(mine(other, "from the second")).to_have_count(1)
    # And when one leaves quickly, the other shows nothing of the chat either
    other.get_by_role("button", name="Leave this page").click()
    expect(page.locator(".mine")).to_have_count(0)


def test_the_page_is_small_and_asks_nothing_of_another_host(
    context: Callable[..., BrowserContext], service: Any
) -> None:
    # Given a network that is watched
    page = context().new_page()
    asked: list[Request] = []
    page.on("requestfinished", lambda request: asked.append(request))  # noqa: PLW0108
    # When the page is opened and used
    page.goto("/")
    page.wait_for_load_state("networkidle")
    sizes = [request.sizes() for request in asked]
    write(page, RIGHTS)
    expect(replies(page).first).to_be_visible()
    # Then it took at most 60 KB, all from this host
    taken = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    assert 0 < taken <= 60_000
    assert {re.match(r"https?://[^/]+", request.url)[0] for request in asked} == {service.url}


def test_what_is_slowed_down_says_so_and_goes_by_itself_in_its_order(page: Page) -> None:
    # Given a service that asks to slow down: first at the start of a chat, then at a message
    slow = {"status": 429, "headers": {"Retry-After": "1"}, "json": {"error": {"code": "slow"}}}
    page.route("**/api/conversations", lambda route: route.fulfill(**slow), times=1)
    page.route("**/api/conversation/messages", lambda route: route.fulfill(**slow), times=2)
    # When two messages are written
    write(page, "the first")
    write(page, "the second")
    # Then the first says that it goes by itself, and then both have gone, once, in their order
    expect(mine(page, "the first")).to_contain_text("Not sent yet. It goes by itself.")
    expect(mine(page, "the second")).to_contain_text("Sent")
    expect(mine(page, "the first")).to_contain_text("Sent")
    expect(page.locator(".mine")).to_have_count(2)
    texts = page.locator(".mine .text").all_inner_texts()
    assert ["first" in text for text in texts] == [True, False]
