"""Every page of both faces in a real browser: each request it makes goes to the service, and the
exit address is asked for on leaving only. No third party, ever."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Request, Route, expect

from helpline.demo import LOGINS
from helpline.desk import roles
from helpline.headers import origin
from helpline.settings import Settings
from tests.alone import Alone, service_in
from tests.conftest import Login
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

EXIT: Final = Settings().exit_address
DANGER: Final = "he wont let me leave, the door is locked"
ELSEWHERE: Final = "https://elsewhere.example"
# A stream that never ends is no page.
PAGES: Final = sorted(
    path for method, path in roles.ALLOWED if method == "GET" and path != "/desk/stream"
)


@dataclass
class Listed:
    """Every request that a browser's profile made."""

    requests: list[Request] = field(default_factory=list)

    def add(self, request: Request) -> None:
        self.requests.append(request)

    def origins(self) -> set[str]:
        return {origin(request.url) for request in self.requests}


@dataclass(frozen=True)
class Site:
    """A charity's website, and the service it may embed."""

    url: str
    service: Alone


class _Charity(BaseHTTPRequestHandler):
    chat = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        start = "<!doctype html><html lang=en><link rel=icon href=data:,><title>A charity</title>"
        script = f'<script src="{self.chat}/embed.js"></script>'
        planted = f'<img alt="" src="{ELSEWHERE}/dot.gif">' if self.path == "/planted" else ""
        self.wfile.write(f"{start}<body>{planted}{script}".encode())

    def log_message(self, *_: object) -> None:
        """A charity's website is not what is tested here."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Charity)
    url = f"http://localhost:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    with service_in(tmp_path_factory.mktemp("pages"), website=(url,)) as service:
        _Charity.chat = service.url
        yield Site(url, service)
    server.shutdown()
    server.server_close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., tuple[BrowserContext, Listed]]]:
    """Opens a fresh profile whose requests are listed; only this machine is really asked."""
    contexts = []

    def answer(route: Route) -> None:
        route.fulfill(body="<title>Elsewhere</title>", content_type="text/html")

    def elsewhere(url: str) -> bool:
        return urlsplit(url).hostname not in {"127.0.0.1", "localhost"}

    def new(**options: object) -> tuple[BrowserContext, Listed]:
        context, listed = browser.new_context(**options), Listed()
        context.set_default_timeout(20_000)
        context.on("request", listed.add)
        context.route(elsewhere, answer)
        contexts.append(context)
        return context, listed

    yield new
    for context in contexts:
        context.close()


def write(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("#send").click(no_wait_after=True)


def said(page: Page, text: str) -> None:
    write(page, text)
    expect(page.locator(".mine").last).to_contain_text("Sent")
    expect(page.locator(".mine ~ .entry").last).to_be_visible()


def leave(page: Page) -> None:
    page.get_by_role("button", name="Leave this page").click()
    page.wait_for_url(EXIT)


def only_left(listed: Listed, service: Alone, page: Page) -> None:
    """Everything went to the service but the last: the page that is left for, told nothing."""
    foreign = [each for each in listed.requests if origin(each.url) != service.url]
    assert {each.url for each in foreign} == {EXIT}
    assert foreign == listed.requests[-len(foreign) :]
    for each in foreign:
        assert each.is_navigation_request()
        assert "referer" not in each.headers
    assert page.url == EXIT


def test_the_chat_with_script_asks_the_service_alone(
    site: Site, opened: Callable[..., tuple[BrowserContext, Listed]]
) -> None:
    context, listed = opened(base_url=site.service.url)
    page = context.new_page()
    # Given every step of a chat: the start, danger, a person, a code, the way back, the end
    page.goto("/")
    said(page, "what are my rights")
    said(page, DANGER)
    page.get_by_role("button", name="Talk to a person").first.click()
    menu = page.get_by_role("button", name="This chat")
    menu.click()
    page.get_by_role("button", name="Get a code to come back").click()
    page.get_by_role("button", name="Show me six words").click()
    code = page.locator(".code")
    expect(code).not_to_be_empty()
    words = code.inner_text()
    page.get_by_role("button", name="Back to the chat").click()
    menu.click()
    page.get_by_role("button", name="End this chat").click()
    page.locator("[value=end-now]").click()
    page.get_by_role("link", name="Start a new chat").first.click()
    page.get_by_role("link", name="Come back with a code").click()
    page.get_by_label("Your six words").fill(words)
    page.locator("[value=back-now]").click()
    expect(page.locator("#after")).to_be_hidden()
    page.reload()
    assert len(listed.requests) > 15
    assert listed.origins() == {site.service.url}
    # When they leave, then the exit address is asked for, once, and told nothing
    leave(page)
    only_left(listed, site.service, page)


def test_the_chat_without_script_asks_the_service_alone(
    site: Site, opened: Callable[..., tuple[BrowserContext, Listed]]
) -> None:
    context, listed = opened(base_url=site.service.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="Come back with a code").click()
    page.get_by_label("Your six words").fill("one two three four five six")
    page.locator("[value=back-now]").click()
    page.get_by_role("link", name="Not now").click()
    said(page, "what are my rights")
    said(page, DANGER)
    for steps in (
        ["Get a code to come back", "Show me six words", "Back to the chat"],
        ["Delete this chat now", "Keep it"],
        ["End this chat", "Back to the chat"],
    ):
        page.get_by_role("button", name="This chat").click(no_wait_after=True)
        for step in steps:
            page.get_by_role("button", name=step).click(no_wait_after=True)
    expect(page.locator(".mine").first).to_be_visible()
    assert len(listed.requests) > 15
    assert listed.origins() == {site.service.url}
    leave(page)
    only_left(listed, site.service, page)


def test_on_a_charitys_page_only_the_service_is_asked_beside_the_page_itself(
    site: Site, opened: Callable[..., tuple[BrowserContext, Listed]]
) -> None:
    context, listed = opened()
    page = context.new_page()
    page.goto(site.url)
    page.get_by_role("button", name="Chat", exact=True).click()
    frame = page.frame_locator("iframe[title=Chat]")
    frame.get_by_label("Your message").fill("hello from a frame")
    frame.get_by_role("button", name="Send", exact=True).click()
    expect(frame.locator(".mine")).to_contain_text("Sent")
    assert listed.origins() == {site.url, site.service.url}
    # And nothing that goes to the service says which page it was on
    for each in listed.requests:
        if origin(each.url) == site.service.url and each.resource_type != "script":
            assert site.url not in each.headers.get("referer", "")


def test_a_request_to_somebody_else_would_be_listed(
    site: Site, opened: Callable[..., tuple[BrowserContext, Listed]]
) -> None:
    context, listed = opened()
    context.new_page().goto(f"{site.url}/planted")
    assert ELSEWHERE in listed.origins()


@pytest.fixture(scope="module")
def held(site: Site) -> str:
    """A chat at the desk that the supervisor holds, with a record."""
    login = next(each for each in LOGINS if each.role == "supervisor")
    with (
        YoungPerson(site.service.url) as young,
        Worker(site.service.url, Login(login.name, login.password)) as supervisor,
    ):
        young.http.post("/api/conversation/handoff")
        chat = supervisor.queue()[0]
        assert supervisor.take(chat).status_code == 200
        assert young.post("can you hear me").status_code == 201
        return chat


def test_every_page_of_the_desk_asks_the_service_alone(
    site: Site, held: str, opened: Callable[..., tuple[BrowserContext, Listed]]
) -> None:
    context, listed = opened(base_url=site.service.url)
    page = context.new_page()
    login = next(each for each in LOGINS if each.role == "supervisor")
    # Given a supervisor at the desk
    page.goto("/desk")
    page.get_by_label("Name").fill(login.name)
    page.get_by_label("Password").fill(login.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#connection")).to_have_text("Live")
    # When every page there is is opened, that of a chat and of its record too
    for path in PAGES:
        page.goto(re.sub(r"<(\w+)>", lambda name: held if name[1] == "conversation" else "1", path))
    page.goto(f"/desk/chat/{held}")
    expect(page.locator("#connection")).to_have_text("Live")
    # Then nobody else was asked for anything
    assert len(PAGES) > 20
    assert len(listed.requests) > 60
    assert listed.origins() == {site.service.url}


@pytest.mark.parametrize("path", ["/", "/back"])
def test_script_on_the_young_persons_page_can_make_no_html_of_text(
    site: Site, opened: Callable[..., tuple[BrowserContext, Listed]], path: str
) -> None:
    page = opened(base_url=site.service.url)[0].new_page()
    page.goto(path)
    before = page.locator("body").inner_text()
    # When a planted line of script tries to make HTML of a text, or a policy that would let it
    for planted in (
        "document.body.innerHTML = '<p>planted</p>'",
        "document.body.insertAdjacentHTML('beforeend', '<p>planted</p>')",
        "document.write('<p>planted</p>')",
        "new DOMParser().parseFromString('<p>planted</p>', 'text/html')",
        "document.createElement('script').src = '/static/planted.js'",
        "window.trustedTypes.createPolicy('planted', {createHTML: (text) => text})",
    ):
        # Then the browser throws, and the page stays as it was
        with pytest.raises(Error, match=r"TypeError: .*(Trusted|createPolicy)"):
            page.evaluate(f"() => {{ {planted} }}")
    assert page.locator("body").inner_text() == before


def test_a_page_that_is_not_held_to_it_could_make_html_of_text(
    site: Site, opened: Callable[..., tuple[BrowserContext, Listed]]
) -> None:
    page = opened()[0].new_page()
    page.goto(site.url)
    page.evaluate("() => { document.body.innerHTML = '<p>planted</p>' }")
    expect(page.get_by_text("planted")).to_be_visible()


def test_the_configured_website_may_frame_the_chat_and_not_the_desk(
    site: Site, opened: Callable[..., tuple[BrowserContext, Listed]]
) -> None:
    page = opened()[0].new_page()
    page.goto(site.url)
    # When its page puts the desk in a frame, the browser refuses it
    with page.expect_event("requestfailed", lambda request: "/desk/login" in request.url):
        page.evaluate(
            "(address) => { const frame = document.createElement('iframe'); frame.src = address;"
            " document.body.append(frame); }",
            f"{site.service.url}/desk/login",
        )
    assert page.frame_locator("iframe").get_by_label("Name").count() == 0
    assert httpx.get(f"{site.service.url}/desk/login").status_code == 200
