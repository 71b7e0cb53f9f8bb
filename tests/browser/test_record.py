"""Writing a record and breaking confidentiality in real browsers: nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.alone import Alone, service_in
from tests.desk.record_support import WHOLE, held, hidden, part, send, worker
from tests.desk.support import (
    DESKTOP,
    PHONE,
    YoungPerson,
    held_up,
    nothing_serious,
    scrolls_sideways,
)
from tests.worker import Worker

pytestmark = pytest.mark.slow

SAVED = re.compile(r"Saved \d\d:\d\d")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with service_in(tmp_path_factory.mktemp("records")) as running:
        yield running


@pytest.fixture(scope="module")
def robin(alone: Alone) -> Iterator[Worker]:
    with worker(alone, "robin") as robin:
        yield robin


@pytest.fixture
def opened(alone: Alone, robin: Worker, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Pages of fresh browser profiles in which that member of staff has signed in."""
    contexts: list[BrowserContext] = []

    def new(name: str, **options: Any) -> Page:
        contexts.append(browser.new_context(**{"viewport": DESKTOP, **options}))
        contexts[-1].set_default_timeout(20_000)
        with worker(alone, name) as signed_in:
            cookie = signed_in.http.cookies["desk"]
        contexts[-1].add_cookies([{"name": "desk", "value": cookie, "url": alone.url}])
        return contexts[-1].new_page()

    yield new
    for context in contexts:
        context.close()


def complaints_of(page: Page) -> list[str]:
    """What the browser's policy stops and what a script throws from now on."""
    found: list[str] = []
    page.on(
        "console", lambda told: found.append(told.text) if "Content Security" in told.text else None
    )
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def fill_in_whole(page: Page) -> None:
    page.get_by_label("A partner", exact=True).check()
    page.get_by_label("This contact").select_option("self")
    page.get_by_text("Home and care", exact=True).click()
    page.get_by_label("Hurt at home").check()
    page.get_by_label("Confidentiality", exact=False).select_option("kept")
    page.get_by_label("How it ended").select_option("safer")


def tab_to(page: Page, selector: str) -> None:
    """Tabs on until that has the focus, which can be seen."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            expect(page.locator(":focus")).to_be_in_viewport()
            covered = page.evaluate(
                """() => {
                  const here = document.activeElement, box = here.getBoundingClientRect();
                  const top = document.elementFromPoint(box.x + 4, box.y + box.height / 2);
                  return !here.contains(top) && !top?.contains(here);
                }"""
            )
            assert not covered, selector
            return
    raise AssertionError(f"{selector} cannot be reached")


def test_what_is_typed_saves_itself_and_survives_reload_leaving_and_a_lost_connection(
    alone: Alone, robin: Worker, opened: Callable[..., Page]
) -> None:
    # Given a worker with the record of their chat open
    _, chat = held(alone, robin)
    page = opened("robin")
    complaints = complaints_of(page)
    address = f"{alone.url}/desk/chat/{chat}/record"
    page.goto(address)
    # When they type and touch nothing else
    page.get_by_label("Code word they chose").press_sequentially("kingfisher")
    # Then it is saved, and there after a reload
    expect(page.locator("#record-saved")).to_have_text(SAVED)
    page.reload()
    expect(page.get_by_label("Code word they chose")).to_have_value("kingfisher")
    # When they type on and at once turn to something else in its place
    page.get_by_label("Area, only").press_sequentially("Leeds")
    page.get_by_role("link", name="Breaking confidentiality").click()
    expect(page.get_by_role("heading", name="Breaking confidentiality")).to_be_visible()
    page.get_by_role("link", name="Back to the record").click()
    # Then that is saved as well
    expect(page.get_by_label("Area, only")).to_have_value("Leeds")
    # When they leave the page in the middle of a word; Then that is saved too
    page.get_by_label("When it is safe to write").press_sequentially("after ni")
    page.goto(f"{alone.url}/desk/records")
    page.goto(address)
    expect(page.get_by_label("When it is safe to write")).to_have_value("after ni")
    # And what they typed a moment before a reload is there when the form can be used again
    for word in ("Leeds", "Bath", "York"):
        page.get_by_label("Area, only").fill(word)
        page.reload()
        expect(page.get_by_label("Area, only")).to_have_value(word)
        expect(page.locator("#record-form[inert]")).to_have_count(0)
    # When the connection is lost
    page.context.set_offline(True)
    page.get_by_label("Area, only").fill("Hull")
    expect(page.locator("#record-unsaved")).to_contain_text("Not saved yet")
    # Then it says so, and saves by itself once it is back
    page.context.set_offline(False)
    expect(page.locator("#record-unsaved")).to_be_empty()
    page.reload()
    expect(page.get_by_label("Area, only")).to_have_value("Hull")
    # When they finish with answers missing; Then each is named in place and the eye is there
    page.get_by_role("button", name="Finish").click()
    expect(page.locator(".missing")).to_be_focused()
    expect(page.locator(".missing li")).to_have_count(5)
    page.get_by_role("link", name="How it ended").click()
    expect(page.get_by_label("How it ended")).to_be_focused()
    # When all is answered; Then it is finished, and shown in words
    fill_in_whole(page)
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("This record is finished.")).to_be_visible()
    expect(page.locator("#record")).to_contain_text("Home and care: Hurt at home")
    expect(page.locator("#record")).to_contain_text("kingfisher")
    assert complaints == []


def test_another_chat_opened_meanwhile_loses_nothing_of_a_record_beside_the_chat(
    alone: Alone, robin: Worker, opened: Callable[..., Page]
) -> None:
    # Given a worker with two chats, who writes the record of one beside it
    _, first = held(alone, robin)
    YoungPerson(alone.url).lets_a_person_in()
    [second] = robin.queue()
    assert robin.take(second).status_code == 200
    page = opened("robin")
    page.goto(f"{alone.url}/desk/chat/{first}")
    page.get_by_role("link", name="Record", exact=True).click()
    page.get_by_label("Area, only").press_sequentially("Leeds")
    # When they turn to the other chat in the middle of it, and come back
    page.locator(f"#mine-{second}").click()
    expect(page.locator("#chat")).to_have_attribute("data-conversation", second)
    page.locator(f"#mine-{first}").click()
    expect(page.locator("#chat")).to_have_attribute("data-conversation", first)
    page.get_by_role("link", name="Record", exact=True).click()
    # Then it is there
    expect(page.get_by_label("Area, only")).to_have_value("Leeds")
    # And typing in the form is never taken for a key of the desk
    page.get_by_label("When it is safe to write").press_sequentially("before ten, then never")
    expect(page.get_by_label("When it is safe to write")).to_have_value("before ten, then never")
    expect(page.locator("#record-saved")).to_have_text(SAVED)
    # When the chat is drawn anew because it ended, while they write
    page.locator("#record-form").evaluate("form => { form.dataset.mark = 'the same' }")
    assert robin.end(first).status_code == 200
    expect(page.locator("#banner.banner-ended")).to_be_visible()
    page.get_by_label("Area, only").fill("Hu")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.get_by_label("Area, only").press_sequentially("ll")
    assert answer.value.ok
    # Then the form beside it is the very same, and what they left a moment ago is there
    expect(page.locator("#record-form")).to_have_attribute("data-mark", "the same")
    expect(page.get_by_label("When it is safe to write")).to_have_value("before ten, then never")
    page.get_by_label("Area, only").fill("Hull and Goole")
    page.goto(f"{alone.url}/desk/chat/{first}/record")
    expect(page.get_by_label("Area, only")).to_have_value("Hull and Goole")


def test_two_windows_with_one_record_undo_nothing(
    alone: Alone, robin: Worker, opened: Callable[..., Page]
) -> None:
    # Given one record in two windows
    _, chat = held(alone, robin)
    first = opened("robin")
    second = first.context.new_page()
    for page in (first, second):
        page.goto(f"{alone.url}/desk/chat/{chat}/record")
    first.get_by_label("Area, only").fill("Leeds")
    expect(first.locator("#record-saved")).to_have_text(SAVED)
    # When the other is written in
    second.get_by_label("When it is safe to write").fill("after nine")
    # Then it says that it is old
    expect(second.locator("#record-unsaved")).to_contain_text("changed in another window")
    second.close()
    first.reload()
    expect(first.get_by_label("Area, only")).to_have_value("Leeds")


def test_a_whole_record_is_written_with_the_keyboard_alone(
    alone: Alone, robin: Worker, opened: Callable[..., Page]
) -> None:
    # Given the form, and no mouse
    _, chat = held(alone, robin)
    page = opened("robin")
    page.goto(f"{alone.url}/desk/chat/{chat}/record")

    def to(selector: str) -> None:
        tab_to(page, selector)

    # When each needed answer is given by Tab, Space, arrows and Enter
    to('[name="q.phone_seen_by"][value="nobody"]')
    page.keyboard.press("Space")
    to('[name="q.contact"]')
    page.keyboard.press("ArrowDown")
    to("summary")
    page.keyboard.press("Enter")
    to('[name="q.categories"]')
    page.keyboard.press("Space")
    to('[name="q.confidentiality"]')
    page.keyboard.press("ArrowDown")
    to('[name="q.outcome"]')
    page.keyboard.press("ArrowDown")
    to("[data-finish]")
    page.keyboard.press("Enter")
    # Then it is finished
    expect(page.get_by_text("This record is finished.")).to_be_visible()
    expect(page.locator("#record")).to_contain_text("Going missing: Thinking of running away")
    expect(page.locator("#record")).to_be_focused()


def test_confidentiality_is_broken_and_a_second_view_given_with_the_keyboard_alone(
    alone: Alone, robin: Worker, opened: Callable[..., Page]
) -> None:
    # Given a worker and a second person, both without a mouse
    _, chat = held(alone, robin)
    page, other = opened("robin"), opened("kit")
    page.goto(f"{alone.url}/desk/chat/{chat}/record")
    # When the worker goes from the record to the decision and gives every answer by keys
    tab_to(page, f"a[href='/desk/chat/{chat}/breaking']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Breaking confidentiality")).to_be_visible()
    tab_to(page, "[name='q.danger_now']")
    page.keyboard.press("ArrowDown")  # the second: no
    for field, words in (
        ("reason", "He comes back at ten"),
        ("ground", None),
        ("told", "At nine, that I ring the police"),
        ("said", "ok"),
        ("decided_by", None),
    ):
        tab_to(page, f"[name='q.{field}']")
        if words:
            page.keyboard.type(words)
        else:
            page.keyboard.press("ArrowDown")
    tab_to(page, "[data-finish]")
    page.keyboard.press("Enter")
    # Then it is written down, and what was shared goes the same way
    expect(page.get_by_text("You need not wait for it.")).to_be_visible()
    tab_to(page, "[name='q.to']")
    page.keyboard.press("Space")
    for field, words in (("whom", "Officer Reed"), ("words", "A young person is held in a flat")):
        tab_to(page, f"[name='q.{field}']")
        page.keyboard.type(words)
    tab_to(page, "[data-finish]")
    page.keyboard.press("Enter")
    expect(page.locator(".step-shared")).to_contain_text("Officer Reed")
    # When the second person finds it on the desk and answers by keys
    other.goto(f"{alone.url}/desk")
    reached = "#asks a[href^='/desk/breaking/']"
    expect(other.locator(reached)).to_have_count(1)
    tab_to(other, reached)
    with other.expect_response(lambda answer: answer.url.endswith("/desk/asks")):
        other.evaluate("document.body.dispatchEvent(new Event('refresh'))")
    expect(other.locator(reached)).to_be_focused()  # however often the desk draws it anew
    other.keyboard.press("Enter")
    expect(other.locator(".step-shared")).to_contain_text("Officer Reed")
    tab_to(other, "[name=verdict]")
    other.keyboard.press("Space")
    tab_to(other, "#why")
    other.keyboard.type("I would have done the same")
    tab_to(other, ".view button")
    other.keyboard.press("Enter")
    # Then it stands there, and comes to the first worker by itself
    expect(other.locator(".step-view")).to_contain_text("I would have done the same")
    expect(page.locator(".step-view")).to_contain_text("kit")


@pytest.mark.parametrize(
    ("part_of_it", "field"), [("record", "Area, only"), ("breaking", "Reason")]
)
def test_a_form_that_saves_itself_while_finish_has_the_focus_finishes_nothing(
    alone: Alone, robin: Worker, opened: Callable[..., Page], part_of_it: str, field: str
) -> None:
    # Given something typed, and a worker who has tabbed on to the button that finishes
    _, chat = held(alone, robin)
    page = opened("robin")
    address = f"/desk/chat/{chat}/{part_of_it}"
    page.goto(alone.url + address)
    page.get_by_label(field).press_sequentially("as said")
    # When it saves itself
    with page.expect_response(lambda answer: answer.request.method == "POST") as saved:
        page.locator("[data-finish]").focus()
    # Then it was saved, and not finished
    assert saved.value.url == alone.url + address
    expect(page.get_by_label(field)).to_have_value("as said")
    expect(page.locator(".missing")).to_have_count(0)


def test_what_was_pressed_is_done_however_many_savings_are_on_their_way(
    alone: Alone, robin: Worker, opened: Callable[..., Page]
) -> None:
    # Given a decision that is written, over a network so slow that each saving waits
    _, chat = held(alone, robin)
    page = opened("robin")
    page.goto(f"{alone.url}/desk/chat/{chat}/breaking")
    page.get_by_label("Reason").fill("They said where they are and that he comes back at ten")
    expect(page.locator("#breaking-saved")).to_have_text(SAVED)
    with held_up(page, f"{alone.url}/desk/chat/{chat}/breaking") as waiting:
        page.get_by_label("No: a second person is asked at once").check()
        page.wait_for_timeout(100)
        page.get_by_label("Ground in law or policy").select_option("harm_to_self")
        page.wait_for_timeout(100)
        assert waiting, "nothing is being saved"
        # When it is written down, and what was left to save is due after that press
        page.get_by_label("What the young person was told").fill("At nine, that I ring the police")
        page.get_by_label("What they said to it").fill("ok")
        page.get_by_role("combobox", name="Who decided").select_option("me")
        page.evaluate(
            """() => {
              document.querySelector('[data-finish]').click();
              document.querySelector('#breaking-form [name$=reason]')
                .dispatchEvent(new Event('change', { bubbles: true }));
            }"""
        )
        page.wait_for_timeout(500)
    # Then it is written down
    expect(page.locator(".step-decided")).to_contain_text("he comes back at ten")


def test_records_are_searched_and_opened_with_the_keyboard_alone(
    alone: Alone, robin: Worker, opened: Callable[..., Page]
) -> None:
    # Given two records of one worker, of different kinds
    numbers = {}
    for kind in ("home.hurt", "missing.away_now"):
        _, chat = held(alone, robin)
        written = part(robin, f"/desk/chat/{chat}/record").text
        done = send(
            robin,
            f"/desk/chat/{chat}/record/finish",
            {**WHOLE, "q.categories": kind},
            **hidden(written),
        )
        assert "This record is finished." in done.text
        newest = re.search(r"/desk/records/(\d+)", robin.http.get("/desk/records").text)
        assert newest
        numbers[kind] = newest[1]
    page = opened("robin")
    page.goto(f"{alone.url}/desk/records")
    links = page.locator("table.log th[scope=row] a")
    wanted, other = numbers["home.hurt"], numbers["missing.away_now"]
    expect(links.get_by_text(other, exact=True)).to_have_count(1)
    # When they choose the kind and search, by keys
    tab_to(page, "#category")
    page.keyboard.type("Home and care: a")
    tab_to(page, ".filters button")
    page.keyboard.press("Enter")
    # Then only that kind is listed
    expect(page).to_have_url(re.compile("category=home"))
    expect(links.get_by_text(wanted, exact=True)).to_have_count(1)
    expect(links.get_by_text(other, exact=True)).to_have_count(0)
    # And a record opens
    tab_to(page, f"a[href='/desk/records/{wanted}']")
    page.keyboard.press("Enter")
    expect(page.locator("#record")).to_contain_text("Home and care: Hurt at home")


def test_a_second_persons_view_from_another_worker_while_no_supervisor_is_here(
    alone: Alone, robin: Worker, opened: Callable[..., Page]
) -> None:
    # Given a worker who breaks confidentiality, and another at the desk, but no supervisor
    _, chat = held(alone, robin)
    page, other = opened("robin"), opened("kit")
    page.goto(f"{alone.url}/desk/chat/{chat}/record")
    page.get_by_role("link", name="Breaking confidentiality").click()
    page.get_by_label("No: a second person is asked at once").check()
    page.get_by_label("Reason").fill("They said where they are and that he comes back at ten")
    page.get_by_label("Ground in law or policy").select_option("harm_to_self")
    # When they are called away and come back, it is still there
    expect(page.locator("#breaking-saved")).to_have_text(SAVED)
    page.goto(f"{alone.url}/desk/chat/{chat}/breaking")
    expect(page.get_by_label("Reason")).to_have_value(re.compile("he comes back at ten"))
    page.get_by_label("What the young person was told").fill("At nine, that I ring the police")
    page.get_by_label("What they said to it").fill("ok")
    page.get_by_role("combobox", name="Who decided").select_option("me")
    page.get_by_role("button", name="Write down the decision").click()
    # Then it is written down, and the worker goes on without waiting
    expect(page.get_by_text("You need not wait for it.")).to_be_visible()
    page.get_by_label("Police (999)").check()
    page.get_by_label("Who took it").fill("Officer Reed")
    page.get_by_label("In which words").fill("A young person is held in a flat")
    page.get_by_role("button", name="Write down what was shared").click()
    expect(page.locator(".step-shared")).to_contain_text("No second person's view had come by then")
    # When the other worker finds it asked and answers
    other.goto(f"{alone.url}/desk/asks")
    other.get_by_role("link", name="Read and answer").last.click()
    expect(other.locator(".step-shared")).to_contain_text("Officer Reed")
    other.get_by_label("I agree", exact=True).check()
    other.get_by_label("Why").fill("I would have done the same")
    other.get_by_role("button", name="Give my view").click()
    expect(other.locator(".step-view")).to_contain_text("I would have done the same")
    # Then the first worker's page shows it by itself, with the name
    expect(page.locator(".step-view")).to_contain_text("kit", timeout=25_000)
    assert page.locator(".steps h3").all_inner_texts() == [
        "Decided",
        "A second person was asked",
        "Shared",
        "A second person's view",
    ]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_records_fits_the_screen_and_axe_finds_nothing_serious(
    alone: Alone, robin: Worker, opened: Callable[..., Page], size: Any, scheme: Any
) -> None:
    # Given a chat with danger, whose record and breaking have long words in them
    _, chat = held(alone, robin, "he wont let me leave, the door is locked")
    page = opened("robin", viewport=size, color_scheme=scheme)

    def is_sound() -> None:
        assert nothing_serious(page) == []
        assert not scrolls_sideways(page)

    page.goto(f"{alone.url}/desk/chat/{chat}/record")
    is_sound()
    page.get_by_label("Area, only").fill("w" * 120)
    page.get_by_label("How this chat leaves you").select_option("talk")
    page.get_by_text("Other signs").click()
    page.get_by_role("button", name="Finish").click()
    expect(page.locator(".missing")).to_be_visible()
    is_sound()
    fill_in_whole(page)
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("This record is finished.")).to_be_visible()
    is_sound()
    # And so is breaking confidentiality, before, while and after
    page.goto(f"{alone.url}/desk/chat/{chat}/breaking")
    is_sound()
    page.get_by_label("Reason").fill("w" * 300)
    page.get_by_role("button", name="Write down the decision").click()
    expect(page.locator(".missing")).to_be_visible()
    is_sound()
    page.get_by_label("Yes: act first").check()
    page.get_by_label("Ground in law or policy").select_option("crime")
    page.get_by_label("What the young person was told").fill("nothing yet")
    page.get_by_label("What they said to it").fill("w" * 200)
    page.get_by_role("combobox", name="Who decided").select_option("me")
    page.get_by_role("button", name="Write down the decision").click()
    expect(page.get_by_text("act first. A second person is asked once")).to_be_visible()
    is_sound()
    # And what is asked, and the search
    for address in ("/desk/asks", "/desk/records", "/desk/records?category=home"):
        page.goto(f"{alone.url}{address}")
        is_sound()
    # And a supervisor's view of it
    sam = opened("sam", viewport=size, color_scheme=scheme)
    sam.goto(f"{alone.url}/desk/records")
    sam.locator("a[href^='/desk/breaking/']").first.click()
    expect(sam.get_by_role("button", name="Give my view")).to_be_visible()
    assert nothing_serious(sam) == []
    assert not scrolls_sideways(sam)
