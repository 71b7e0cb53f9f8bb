"""One's account, the staff and the audit log, as people use them in a browser."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from helpline.conversation import staffing
from helpline.store.database import Database
from tests.desk.support import (
    DESKTOP,
    PHONE,
    YoungPerson,
    nothing_serious,
    scrolls_sideways,
    take_first,
)

pytestmark = pytest.mark.slow

PASSWORD, NEW = "a long enough password", "quite another saddle"


def joins(service: Any, name: str, role: str) -> None:
    """Adds somebody to the running service's database, as a demo's login would be."""
    with ThreadPoolExecutor(1) as apart:  # the browser's own event loop runs in this thread
        apart.submit(asyncio.run, _join(service.home, name, role)).result()


async def _join(home: Path, name: str, role: str) -> None:
    database = Database.open(f"sqlite:///{home / 'waymark.db'}")
    await staffing.add(
        database,
        name=name,
        alias=name.capitalize(),
        role=role,
        password=PASSWORD,
        second_factor=False,
        now=datetime.now(UTC).timestamp(),
    )
    await database.close()


def signs_in(page: Page, address: str, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{address}/desk/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def supervisor_signs_in(page: Page, address: str, service: Any) -> None:
    login = service.login("supervisor")
    signs_in(page, address, login.name, login.password)


def another_page(browser: Browser) -> Page:
    context = browser.new_context(viewport=DESKTOP)
    context.set_default_timeout(20_000)
    return context.new_page()


def test_a_password_is_changed_by_keyboard_alone_and_the_other_session_ends(
    page: Page, browser: Browser, service: Any, address: str
) -> None:
    # Given somebody who is signed in in two browsers
    joins(service, "quill", "editor")
    elsewhere = another_page(browser)
    for each in (page, elsewhere):
        signs_in(each, address, "quill")
        expect(each.get_by_role("heading", name="Hello, quill")).to_be_visible()
    # When they go to their account and change the password with the keyboard
    page.get_by_role("link", name="Account").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("This one")).to_have_count(1)
    page.get_by_label("Present password").focus()
    for typed in (PASSWORD, NEW, NEW):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    expect(page.get_by_label("One-time code")).to_be_focused()
    page.keyboard.press("Enter")
    # Then the page says so, and the other browser is signed out
    expect(page.get_by_role("status")).to_contain_text("Your password is changed.")
    elsewhere.reload()
    expect(elsewhere.get_by_label("Password")).to_be_visible()
    # And only the new password signs in
    signs_in(elsewhere, address, "quill")
    expect(elsewhere.get_by_role("alert")).to_be_visible()
    signs_in(elsewhere, address, "quill", NEW)
    expect(elsewhere.get_by_role("heading", name="Hello, quill")).to_be_visible()
    # And each session can be ended from the other
    page.goto(f"{address}/desk/account")
    page.get_by_role("button", name="End all others").click()
    expect(page.get_by_role("button", name="End", exact=False)).to_have_count(0)
    elsewhere.reload()
    expect(elsewhere.get_by_label("Password")).to_be_visible()
    elsewhere.context.close()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("right", "passwordpassword", "passwordpassword"), "repeats"),
        (("right", NEW, NEW + "!"), "differ"),
        (("wrong", NEW, NEW), "The present password or the code is not right"),
    ],
)
def test_a_password_that_is_not_changed_says_why_in_one_sentence(
    page: Page, service: Any, address: str, typed: tuple[str, str, str], sentence: str
) -> None:
    supervisor_signs_in(page, address, service)
    page.goto(f"{address}/desk/account")
    present, new, again = typed
    given = service.login("supervisor").password if present == "right" else PASSWORD
    page.get_by_label("Present password").fill(given)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password again").fill(again)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    expect(page).to_have_title("Not changed: Your account")
    expect(page.get_by_label("New password", exact=True)).to_have_value("")


def test_a_worker_is_given_access_and_is_cut_off_with_a_chat_in_hand(
    page: Page, browser: Browser, service: Any, address: str
) -> None:
    # Given a newcomer, to whom a supervisor gives access and two chats at once
    joins(service, "finch", "worker")
    supervisor_signs_in(page, address, service)
    page.goto(f"{address}/desk/staff")
    finch = page.locator(".person").filter(has_text="finch")
    expect(finch).to_contain_text("Waits for access")
    finch.get_by_role("button", name="Give access to finch").click()
    expect(page.get_by_role("status")).to_contain_text("They can open handed-off chats now.")
    expect(finch).to_contain_text("Opens handed-off chats")
    finch.get_by_label("Chats at once for finch").fill("2")
    finch.get_by_role("button", name="Set for finch").click()
    expect(finch.get_by_label("Chats at once for finch")).to_have_value("2")
    # And who holds a chat
    theirs = another_page(browser)
    signs_in(theirs, address, "finch")
    expect(theirs.locator("#connection")).to_have_text("Live")
    YoungPerson(address).lets_a_person_in()
    take_first(theirs)
    # When the supervisor lets them go
    finch.get_by_text("Let go…").click()
    finch.get_by_role("button", name="Let finch go").click()
    # Then they are cut off, the key is a new one, and the chat waits for somebody else
    expect(page.get_by_role("status")).to_contain_text("The team key is a new one.")
    expect(page.locator(".gone-list")).to_contain_text("finch, worker")
    expect(theirs.get_by_label("Password")).to_be_visible(timeout=15_000)
    signs_in(theirs, address, "finch")
    expect(theirs.get_by_role("alert")).to_be_visible()
    theirs.context.close()
    page.goto(f"{address}/desk")
    take_first(page)
    expect(page.locator("#banner")).to_contain_text("They let you in.")
    # And the log tells it, found by person, with no word of the chat
    page.goto(f"{address}/desk/audit")
    page.get_by_label("Person").select_option("finch")
    page.get_by_role("button", name="Show", exact=True).click()
    actions = page.locator(".log tbody tr td:nth-child(4)").all_inner_texts()
    assert actions[0] in {"sign in refused", "left the staff"}
    for action in ("left the staff", "took", "chats at once set", "access given", "staff added"):
        assert action in actions
    # And by day
    page.get_by_label("Day").fill("2020-01-01")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("main")).to_contain_text("Nothing is written there.")


def test_chats_at_once_are_between_one_and_ten(page: Page, service: Any, address: str) -> None:
    supervisor_signs_in(page, address, service)
    page.goto(f"{address}/desk/staff")
    box = page.get_by_label(re.compile("Chats at once for robin"))
    box.evaluate("box => box.removeAttribute('max')")
    box.fill("11")
    page.get_by_role("button", name="Set for robin").click()
    expect(page.get_by_role("alert")).to_contain_text("a whole number from 1 to 10")
    expect(box).to_have_value("3")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_phone_and_axe_finds_nothing_serious(
    browser: Browser, service: Any, address: str, scheme: Any
) -> None:
    # Given somebody of each role that has one of these pages
    name = f"otter-{scheme}"
    joins(service, name, "admin")
    context = browser.new_context(viewport=PHONE, color_scheme=scheme)
    context.set_default_timeout(20_000)
    page = context.new_page()
    signs_in(page, address, name)
    expect(page.get_by_role("heading", name=f"Hello, {name}")).to_be_visible()
    for path in ("/desk", "/desk/account", "/desk/staff"):
        page.goto(f"{address}{path}")
        assert nothing_serious(page) == []
        assert not scrolls_sideways(page)
    supervisor_signs_in(page, address, service)
    for path in ("/desk/audit", "/desk/staff"):
        page.goto(f"{address}{path}")
        for details in page.locator("summary").all():
            details.click()
        assert nothing_serious(page) == []
        assert not scrolls_sideways(page)
    context.close()
