"""Every page of the desk that needs no chat, as the one who may open most: read by axe at both
widths. A new page is in this test by being in the role table."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.sync_api import Browser, expect

from helpline.desk import roles
from tests.desk.support import DESKTOP, PHONE, nothing_serious, scrolls_sideways

pytestmark = pytest.mark.slow

# Parts of a page, or a stream: no page of their own.
PARTS: Final = {"/desk/queue", "/desk/stream", "/desk/people", "/desk/alarms", "/desk/login"}
PAGES: Final = sorted(
    path
    for (method, path), allowed in roles.ALLOWED.items()
    if method == "GET" and "<" not in path and path not in PARTS and "supervisor" in allowed
)


def test_the_list_of_pages_is_not_empty() -> None:
    assert {"/desk", "/desk/chats", "/desk/records", "/desk/staff", "/desk/audit"} <= set(PAGES)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_fits_the_screen_and_axe_finds_nothing_serious(
    browser: Browser, service: Any, address: str, size: dict[str, int]
) -> None:
    login = service.login("supervisor")
    context = browser.new_context(viewport=size)
    page = context.new_page()
    page.goto(f"{address}/desk")
    page.get_by_label("Name").fill(login.name)
    page.get_by_label("Password").fill(login.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#connection")).to_be_visible()
    for path in PAGES:
        page.goto(f"{address}{path}")
        assert nothing_serious(page) == [], path
        assert not scrolls_sideways(page), path
    context.close()
