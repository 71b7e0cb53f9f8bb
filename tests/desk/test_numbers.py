"""The page of numbers, as a supervisor sees it in a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from helpline import demo
from tests.alone import Alone, service_in
from tests.desk.support import DESKTOP, PHONE, nothing_serious, scrolls_sideways
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

QUESTIONS = (
    "I know more about my rights",
    "I have someone to turn to",
    "I have more choice about what happens next",
    "I felt listened to",
)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with service_in(tmp_path_factory.mktemp("numbers")) as running:
        yield running


@pytest.fixture
def page(alone: Alone, browser: Browser) -> Iterator[Page]:
    """A supervisor's browser, signed in."""
    # `alone` first: once a browser is open, its event loop runs
    sam = next(login for login in demo.LOGINS if login.role == "supervisor")
    context = browser.new_context(base_url=alone.url, viewport=PHONE, bypass_csp=True)
    page = context.new_page()
    page.goto("/desk")
    page.get_by_label("Name").fill(sam.name)
    page.get_by_label("Password").fill(sam.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#connection")).to_have_text("Live")
    yield page
    context.close()


def test_a_supervisor_reads_answers_beside_those_who_gave_none(alone: Alone, page: Page) -> None:
    # Given a chat ended with two answers, one ended without, and one left quickly
    for body in ({"answers": {"rights": "yes", "listened": "no"}}, {}):
        with YoungPerson(alone.url) as young:
            assert young.http.post("/api/conversation/end", json=body).status_code == 204
    with YoungPerson(alone.url) as young:
        assert young.http.post("/exit", data={"token": young.token, "quiet": "1"}).is_success
    # When a supervisor looks at the numbers
    page.goto("/desk/numbers")
    # Then the page says what a survey cannot say, and begins with this week
    expect(page.get_by_text("A survey hears only those who stay.")).to_be_visible()
    week = page.locator(".week").first
    expect(week.get_by_role("heading")).to_contain_text("(this week)")
    expect(week.get_by_text("Asked at the end of 2 chats")).to_be_visible()
    # And each question has its answers, and how many gave none
    rows = week.locator(".answers tbody tr")
    expect(rows.locator("th")).to_have_text(list(QUESTIONS))
    assert [cell.inner_text() for cell in rows.nth(0).locator("td").all()] == ["1", "0", "0", "1"]
    assert [cell.inner_text() for cell in rows.nth(1).locator("td").all()] == ["0", "0", "0", "2"]
    assert [cell.inner_text() for cell in rows.nth(3).locator("td").all()] == ["0", "0", "1", "1"]
    # And who left quickly stands beside them
    left = week.get_by_role("row", name="Left quickly")
    expect(left.locator("td")).to_have_text("1")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_is_read_at_any_width_and_by_axe(page: Page, viewport: dict, colours: str) -> None:
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=colours)
    page.goto("/desk/numbers")
    expect(page.get_by_role("heading", name="Numbers", level=1)).to_be_visible()
    assert not scrolls_sideways(page)
    assert nothing_serious(page) == []


def test_a_worker_is_refused(alone: Alone) -> None:
    with Worker(alone.url, alone.worker) as worker:
        assert worker.http.get("/desk/numbers").status_code == 403
