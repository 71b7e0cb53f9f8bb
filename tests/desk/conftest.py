"""A desk with nobody waiting, a client and a page for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.desk.support import DESKTOP
from tests.worker import Worker


@pytest.fixture(scope="module")
def empty_the_desk(service: Any) -> Iterator[Callable[[], None]]:
    """Ends what other tests left waiting or held: all share one running service."""
    with Worker(service.url, service.worker) as worker:
        yield worker.clear_the_desk


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
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()
