"""A young person's browser: what each test of the page opens, and how it writes."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.conftest import ROOT, free_port, wait_until_answers

PHONE = {"width": 390, "height": 844}


def _weather(route: Route) -> None:
    route.fulfill(body="<title>Weather</title><h1>Weather</h1>", content_type="text/html")


@pytest.fixture
def context(browser: Browser, service: Any) -> Iterator[Callable[..., BrowserContext]]:
    """Opens a fresh browser profile; the exit address, outside the product, is stood in for."""
    opened: list[BrowserContext] = []

    def new(**options: Any) -> BrowserContext:
        made = browser.new_context(**{"viewport": PHONE, "base_url": service.url, **options})
        made.set_default_timeout(20_000)
        made.route("https://www.bbc.co.uk/**", _weather)
        opened.append(made)
        return made

    yield new
    for one in opened:
        one.close()


@pytest.fixture
def page(context: Callable[..., BrowserContext]) -> Page:
    """The start page on a phone, with script."""
    opened = context().new_page()
    opened.goto("/")
    return opened


@pytest.fixture
def plain_page(context: Callable[..., BrowserContext]) -> Page:
    """The start page on a phone, without script."""
    opened = context(java_script_enabled=False).new_page()
    opened.goto("/")
    return opened


@dataclass(frozen=True)
class Charity:
    """A charity's own website with the chat embedded, and the service that lets it."""

    url: str
    chat: str


@pytest.fixture(scope="module")
def charity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Charity]:
    """A real service that one website may embed, and that website. No assistant is needed."""
    site = ThreadingHTTPServer(("127.0.0.1", 0), _CharitySite)
    url = f"http://localhost:{site.server_port}"
    port = free_port()
    _CharitySite.chat = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "WAYMARK_HOME": str(tmp_path_factory.mktemp("home")),
        "WAYMARK_PORT": str(port),
        "WAYMARK_WEBSITE": url,
    }
    service = subprocess.Popen([sys.executable, "-m", "helpline.app"], cwd=ROOT, env=environment)
    Thread(target=site.serve_forever, daemon=True).start()
    try:
        wait_until_answers(f"{_CharitySite.chat}/embed.js", {}, service)
        yield Charity(url, _CharitySite.chat)
    finally:
        service.terminate()
        service.wait(10)
        site.shutdown()
        site.server_close()


class _CharitySite(BaseHTTPRequestHandler):
    chat = ""

    def do_GET(self) -> None:
        found = self.path == "/"
        page = "<!doctype html><html lang=en><title>A charity</title><h1>A charity</h1>"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        if found:
            script = f'<script src="{self.chat}/embed.js"></script>'
            self.wfile.write(f"{page}<body>{script}".encode())

    def log_message(self, *_: object) -> None:
        """A charity's website is not what is tested here."""
