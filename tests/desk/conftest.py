"""A desk with nobody waiting, a client and a page for each test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.desk.support import DESKTOP, sign_in


@pytest.fixture(scope="module")
def empty_the_desk(service: Any) -> Iterator[Callable[[], None]]:
    """Ends what other tests left waiting or held: all share one running service."""
    with httpx.Client(base_url=service.url) as client:
        headers = {"X-CSRF-Token": sign_in(client, service)}

        def empty() -> None:
            shown = client.get("/desk/queue").text
            chats = sorted(set(re.findall(r"/desk/chat/(\w+)", shown)))
            # One after the other: nobody holds more than they take at once
            for chat in chats:
                client.post(f"/desk/chat/{chat}/end", headers=headers)
            for chat in chats:
                for act in ("take", "end"):
                    client.post(f"/desk/chat/{chat}/{act}", headers=headers)

        yield empty


@pytest.fixture
def address(service: Any, empty_the_desk: Callable[[], None]) -> str:
    empty_the_desk()
    return str(service.url).rstrip("/")


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, headers={"Accept": "text/html"}) as client:
        yield client


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=DESKTOP)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
