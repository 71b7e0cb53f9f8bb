"""What a worker and a young person do in the tests of the desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Route, expect

DANGER = "i took loads of tablets"
MARKUP = '<img src=x onerror="document.title=1"> {{7*7}} [a](javascript:alert(1)) \u202eabc'
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1366, "height": 800}


class YoungPerson:
    """A young person who writes through the interface of contract.md."""

    def __init__(self, address: str) -> None:
        started = httpx.post(f"{address}/api/conversations", json={})
        self.address = address
        self._token = started.json()["token"]
        self.headers = {"Authorization": f"Bearer {self._token}"}

    def writes(self, text: str) -> None:
        message = {"id": str(uuid4()), "text": text}
        self._post("messages", message)

    def lets_a_person_in(self) -> None:
        self._post("handoff", {})

    def taps(self, title: str) -> None:
        events = httpx.get(
            f"{self.address}/api/conversation/events",
            headers={**self.headers, "Accept": "application/json"},
        )
        buttons = [b for event in events.json()["events"] for b in event.get("buttons", [])]
        button = next(b["id"] for b in reversed(buttons) if b["title"] == title)
        self._post("messages", {"id": str(uuid4()), "button": button})

    def types(self) -> None:
        self._post("typing", {})

    def deletes(self) -> None:
        url = f"{self.address}/api/conversation"
        assert httpx.delete(url, headers=self.headers).status_code == 204

    def leaves_quickly(self) -> None:
        answer = httpx.post(f"{self.address}/exit", data={"token": self._token, "quiet": "1"})
        assert answer.is_success, answer.text

    def ends(self) -> None:
        self._post("end", {})

    def _post(self, what: str, body: object) -> None:
        answer = httpx.post(
            f"{self.address}/api/conversation/{what}", json=body, headers=self.headers
        )
        assert answer.is_success, answer.text


def sign_in(client: httpx.Client, service: Any) -> str:
    """Signs in, is at the desk, and returns the anti-forgery token as the page holds it."""
    form = {"name": service.worker.name, "password": service.worker.password}
    assert client.post("/desk/login", data=form).status_code == 303
    found = re.search(r'<meta name="csrf-token" content="([^"]+)">', client.get("/desk").text)
    assert found
    assert client.post("/desk/here", headers={"X-CSRF-Token": found[1]}).status_code == 204
    return found[1]


def open_desk(page: Page, address: str, service: Any) -> None:
    page.goto(f"{address}/desk")
    page.get_by_label("Name").fill(service.worker.name)
    page.get_by_label("Password").fill(service.worker.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#connection")).to_have_text("Live")


def take_first(page: Page) -> None:
    page.locator("[id^=take-]").first.click()
    expect(page.locator("#chat.chat")).to_be_visible()


def end_chat(page: Page, button: str = "End chat") -> None:
    page.get_by_role("button", name=button).click()
    page.get_by_role("dialog").get_by_role("button", name=button).click()
    expect(page.locator("#banner.banner-ended")).to_be_visible()


@contextmanager
def held_up(page: Page, url: str) -> Iterator[list[Route]]:
    """A slow network: what the page asks of that address waits until the end of the block."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route(url, hold)
    yield waiting
    page.unroute_all(behavior="ignoreErrors")
    for route in waiting:
        with suppress(PlaywrightError):  # the page may have given it up meanwhile
            route.continue_()


def nothing_serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [rule["id"] for rule in found if rule["impact"] in {"serious", "critical"}]


def scrolls_sideways(page: Page) -> bool:
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return bool(page.evaluate(wide))
