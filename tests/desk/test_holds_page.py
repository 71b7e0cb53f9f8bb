"""Two supervisors hold a deleted chat: one whose browser runs no script, one by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from helpline import demo
from tests.alone import Alone, service_in
from tests.desk.support import DESKTOP, PHONE, nothing_serious, scrolls_sideways
from tests.desk.test_staff_pages import joins, signs_in
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

DANGER = "he wont let me leave, the door is locked"
SAM = next(login for login in demo.LOGINS if login.role == "supervisor")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """A running service with a second supervisor, ada, who waits for access."""
    with service_in(tmp_path_factory.mktemp("holds")) as running:
        joins(running, "ada", "supervisor")
        yield running


def deleted_chat(alone: Alone, worker: Worker) -> str:
    """A chat that was handed off in danger and deleted; its id."""
    with YoungPerson(alone.url) as young:
        young.post(DANGER)
        young.http.post("/api/conversation/handoff")
        [chat] = worker.queue()
        assert worker.take(chat).is_success
        assert young.http.delete("/api/conversation").status_code == 204
    return chat


def signed_in(browser: Browser, alone: Alone, name: str, **options: Any) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(base_url=alone.url, **options)
    context.set_default_timeout(20_000)
    page = context.new_page()
    password = SAM.password if name == SAM.name else "a long enough password"
    signs_in(page, alone.url, name, password)
    expect(page.get_by_label("Password")).to_have_count(0)
    yield page
    context.close()


@pytest.fixture
def sam(alone: Alone, browser: Browser) -> Iterator[Page]:
    """A supervisor whose browser runs no script."""
    yield from signed_in(browser, alone, SAM.name, viewport=PHONE, java_script_enabled=False)


@pytest.fixture
def ada(sam: Page, alone: Alone, browser: Browser) -> Iterator[Page]:
    """Another, whom sam gave access; `bypass_csp` lets axe in."""
    sam.goto("/desk/staff")
    give = sam.get_by_role("button", name="Give access to ada")
    if give.count():
        give.click()
    yield from signed_in(browser, alone, "ada", viewport=DESKTOP, bypass_csp=True)


def opens(page: Page, card: Locator, words: str) -> None:
    """Opens a fold of a card and presses what is in it, with the keyboard alone."""
    card.locator("summary", has_text=words).focus()
    page.keyboard.press("Enter")


def test_a_deleted_chat_is_held_by_two_read_by_both_and_let_go_by_two(
    alone: Alone, sam: Page, ada: Page
) -> None:
    # Given a deleted chat
    with Worker(alone.url, alone.worker) as worker:
        chat = deleted_chat(alone, worker)
    # When a supervisor finds it by the menu, and asks to hold it
    sam.goto("/desk/chats")
    sam.get_by_role("link", name="Holds", exact=True).click()
    card = sam.locator(f"#hold-{chat}")
    expect(card).to_contain_text("Immediate danger")
    expect(card).to_contain_text(re.compile(r"Erased in 2[34] hours"))
    assert DANGER not in sam.content()
    card.locator("summary", has_text="Hold as evidence").click()
    card.get_by_label("Ground").select_option("police")
    card.get_by_role("button", name="Ask to hold").click()
    # Then it is not held yet, and they cannot agree with themselves
    expect(sam.get_by_role("status")).to_contain_text("not held until another supervisor agrees")
    expect(card.get_by_text("Agree…")).to_have_count(0)
    # When another agrees, by keyboard
    ada.goto("/desk/holds")
    hers = ada.locator(f"#hold-{chat}")
    expect(hers).to_contain_text(f"{SAM.name} asked to hold it")
    assert nothing_serious(ada) == []
    opens(ada, hers, "Agree…")
    ada.keyboard.press("Tab")
    expect(hers.locator("button[value=agree]")).to_be_focused()
    ada.keyboard.press("Enter")
    # Then it is held, and both are named
    expect(ada.get_by_role("status")).to_contain_text("It is held")
    expect(hers).to_contain_text(re.compile(rf"Held since .* by {SAM.name} and ada"))
    # And each reads it, which the audit log says
    opens(ada, hers, "Read…")
    assert nothing_serious(ada) == []
    hers.get_by_role("button", name="Read it as evidence").click()
    expect(ada.get_by_text(DANGER)).to_be_visible()
    assert nothing_serious(ada) == []
    ada.goto("/desk/audit")
    expect(ada.get_by_role("row", name="read evidence")).to_contain_text("ada")
    # When one asks to end it and the other agrees
    sam.goto("/desk/holds")
    card.locator("summary", has_text="End the hold").click()
    card.get_by_role("button", name="Ask to end the hold").click()
    ada.goto("/desk/holds")
    opens(ada, hers, "Agree…")
    hers.get_by_role("button", name="End the hold").click()
    # Then it is held no more, and is erased in its time
    expect(ada.get_by_role("status")).to_contain_text("The hold has ended")
    expect(hers).to_contain_text(re.compile(r"Erased in 2[34] hours"))
    sam.goto("/desk/holds")
    assert not scrolls_sideways(ada)


def test_an_ended_chat_is_held_from_past_chats_and_a_stale_page_changes_nothing(
    alone: Alone, sam: Page, ada: Page
) -> None:
    # Given a chat that a worker ended
    with Worker(alone.url, alone.worker) as worker, YoungPerson(alone.url) as young:
        young.http.post("/api/conversation/handoff")
        [chat] = worker.queue()
        worker.take(chat)
        assert worker.end(chat).is_success
    # When it is held from the list of past chats
    sam.goto("/desk/chats")
    form = sam.locator(f'form[action="/desk/holds/{chat}"]')
    sam.locator("details", has=form).locator("summary").click()
    form.get_by_label("Ground").select_option("enquiry")
    form.get_by_role("button").click()
    expect(sam.locator(f"#hold-{chat}")).to_contain_text("Not deleted")
    # And one agrees, while another page still shows the question
    ada.goto("/desk/holds")
    opens(ada, ada.locator(f"#hold-{chat}"), "Agree…")
    stale = ada.context.new_page()
    stale.goto("/desk/holds")
    ada.locator(f"#hold-{chat} button[value=agree]").click()
    expect(ada.get_by_role("status")).to_contain_text("It is held")
    # Then a press on the old page is refused in a sentence, and the list is as it is
    stale.locator(f"#hold-{chat}").get_by_role("button", name="Do not hold it").click()
    expect(stale.get_by_role("alert")).to_contain_text("It is held already")
    expect(stale.locator(f"#hold-{chat}")).to_contain_text("Held since")
