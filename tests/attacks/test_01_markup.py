"""Row 1: markup and script from everybody who can write, on both pages in a real browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from helpline.desk import tools_words, view
from helpline.facts import Facts, values_of
from helpline.tools import Tools
from tests.alone import Alone, service_in
from tests.attacks.support import LOGINS, change
from tests.conftest import ROOT
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

TAGS = (
    '<script id="zq">window.pwned = 1</script><img id="zq" src="x" onerror="window.pwned=1">'
    "<svg id=zq onload=window.pwned=1><a id=zq href=javascript:window.pwned=1>kestrel</a>"
    '<form id=zq action="//evil.example"><button>x</button></form>'
    '<base id=zq href="//evil.example">'
    '<div id=zq hx-get="/desk/sign-out" hx-trigger="load"></div>'
)
BREAKS = "\"><iframe id=zq srcdoc=x></iframe>' onfocus='window.pwned=1' autofocus id='zq"
LINKS = "[kestrel](javascript:window.pwned=1) javascript:window.pwned=1 &lt;b id=zq&gt;"
CLOSES = (
    '</textarea></title></script></template><meta id=zq http-equiv="refresh" content="0;url=//x">'
)
ALL = f"kestrel {TAGS} {BREAKS} {LINKS} {CLOSES}"
SHORT = "<b id=zq onclick=window.pwned=1>kestrel</b>"
WRITTEN = "[id^=zq], [onerror], [onload], [onfocus], a[href^='javascript' i], base, iframe"


class Hostile(BaseHTTPRequestHandler):
    """A bot that was taken over: whatever is asked, it answers in markup."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        button = {"title": SHORT, "payload": "/affirm"}
        said = {"replies": [{"text": ALL, "buttons": [button]}], "state": [], "form_active": False}
        self._answer({**said, "topic": SHORT})

    def do_GET(self) -> None:
        self._answer({})

    def _answer(self, body: object) -> None:
        sent = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        """What it prints is nothing to us."""


@pytest.fixture(scope="module")
def taken_over(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """A service whose bot was taken over, and whose staff have markup for names."""
    bot = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    Thread(target=bot.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{bot.server_port}"
    home = tmp_path_factory.mktemp("markup")
    with service_in(home, bot_url=url, actions_url=url, secret="x" * 32) as running:
        change(home, "UPDATE staff SET alias = ?", SHORT)
        yield running
    bot.shutdown()
    bot.server_close()


@pytest.fixture(scope="module")
def robin(taken_over: Alone) -> Iterator[Worker]:
    with Worker(taken_over.url, LOGINS["robin"]) as robin:
        yield robin


def open_page(browser: Browser, url: str, *, script: bool) -> tuple[BrowserContext, Page]:
    context = browser.new_context(base_url=url, java_script_enabled=script)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog was opened: {dialog.type}"))
    return context, page


def nothing_came_alive(page: Page, *, script: bool) -> None:
    """No element or handler was made of what was written; nothing of it ran."""
    assert page.locator(WRITTEN).count() == 0, page.url
    if script:
        assert page.evaluate("'pwned' in window") is False


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_01_markup_from_anybody_is_text_on_the_young_persons_page(
    taken_over: Alone, robin: Worker, browser: Browser, script: bool
) -> None:
    # Given a young person who writes markup, to a bot that answers in it
    context, page = open_page(browser, taken_over.url, script=script)
    page.goto("/")
    before = set(robin.queue())
    page.locator("#text").fill(ALL)
    page.locator("#send").click(no_wait_after=True)
    log = page.locator("#log")
    expect(log).to_contain_text("kestrel <script")
    expect(log.locator(".choices button").first).to_have_text(SHORT)
    # When a worker whose alias is markup comes and writes it too
    page.locator("#person button").first.click(no_wait_after=True)
    chat = next(iter(waiting(robin) - before))
    assert robin.take(chat).status_code == 200
    assert robin.say(chat, ALL).status_code == 201
    # Then all of it is shown as it was written, and nothing of it came alive
    expect(page.locator("#log").get_by_text("kestrel <script", exact=False)).to_have_count(3)
    nothing_came_alive(page, script=script)
    robin.end(chat)
    context.close()


def waiting(robin: Worker) -> set[str]:
    """The chats that wait, once there is one."""
    for _ in range(200):
        if found := set(robin.queue()):
            return found
    raise AssertionError("no chat came")


def test_01_markup_from_anybody_is_text_on_every_page_of_the_desk(
    taken_over: Alone, robin: Worker, browser: Browser
) -> None:
    # Given a chat full of markup, with notes, a record and a broken confidence full of it
    with YoungPerson(taken_over.url) as young:
        assert young.post(f"he wont let me leave, the door is locked {ALL}").status_code == 201
        assert young.http.post("/api/conversation/handoff").status_code == 204
        [chat] = robin.queue()
        robin.take(chat)
        address = f"/desk/chat/{chat}"
        fields = {f"q.{name}": SHORT for name in ("area", "reason", "code_word", "told", "said")}
        for kind in ("note", "code_word"):
            note = {"text": ALL if kind == "note" else SHORT, "kind": kind}
            assert robin.http.post(f"{address}/notes", data=note).status_code == 303
        record = robin.http.post(f"{address}/record", data={**fields, "q.contact": "self"})
        breaking = robin.http.post(f"{address}/breaking", data=fields)
        pages = [
            *(
                "/desk",
                address,
                f"{address}/notes",
                f"{address}/brief",
                f"{address}/replies?q=%3Cb",
            ),
            *(
                f"{address}/topics?q=%3Cb%20id%3Dzq%3E",
                f"{address}/services?need=%3Cb%20id%3Dzq%3E",
            ),
            *(record.headers["Location"], breaking.headers["Location"], f"{address}/pass-on"),
            *(
                "/desk/people",
                "/desk/chats",
                "/desk/account",
                "/desk/records?category=%3Cb%20id=zq%3E",
            ),
            *("/desk/login", f"/desk/chat/{'0' * 32}", "/desk/%3Cb%20id=zq%3E"),
        ]
        # When the worker opens every page of it
        context, page = open_page(browser, taken_over.url, script=True)
        context.add_cookies(
            [{"name": "desk", "value": robin.http.cookies["desk"], "url": taken_over.url}]
        )
        shown = []
        for path in pages:
            page.goto(path)
            # Then nothing of it came alive
            nothing_came_alive(page, script=True)
            shown.append("kestrel" in (page.text_content("body") or ""))
        # And it was there to be read
        assert sum(shown) >= 8
        page.goto("/desk/login")
        page.get_by_label("Name").fill(BREAKS)
        page.get_by_label("Password").fill(BREAKS)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("Name")).to_have_value(BREAKS)
        nothing_came_alive(page, script=True)
        context.close()
        robin.end(chat)


@pytest.mark.parametrize("path", ["/", "/desk/login"])
def test_01_what_slipped_through_would_be_stopped_by_the_browser(
    taken_over: Alone, browser: Browser, path: str
) -> None:
    # Given a page into which markup was brought in spite of all
    context, page = open_page(browser, taken_over.url, script=True)
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", hear)
    page.goto(path)
    inject = """(tags) => { try { document.body.insertAdjacentHTML("beforeend", tags); }
        catch (refused) { return refused.name; }
        return "taken"; }"""
    done = page.evaluate(inject, TAGS)
    page.evaluate("""() => { const made = document.createElement("script");
        try { made.text = "window.pwned = 2"; document.body.append(made); } catch { } }""")
    # Then it never runs: our page refuses text as markup at all, the desk's refuses inline script
    assert done == ("TypeError" if path == "/" else "taken")
    assert page.evaluate("'pwned' in window") is False
    assert any("Content Security Policy" in line or "Trusted" in line for line in said)
    context.close()


class Tags(HTMLParser):
    """Counts elements by name and the attributes that they have."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [str(value) for name, value in attrs if name == "id" or name.startswith("on")]


def test_01_markup_in_the_service_directory_and_the_replies_is_text(tmp_path: Path) -> None:
    # Given a directory and replies in which somebody wrote markup
    shutil.copytree(ROOT / "data", tmp_path / "data")
    services = tmp_path / "data" / "facts" / "services.yml"
    text = services.read_text("utf-8").replace('name: "', 'name: "<b id=zq onclick=x>kestrel</b> ')
    services.write_text(text, "utf-8")
    facts = Facts.load(tmp_path / "data" / "facts", values_of())
    tools = Tools.load(tmp_path / "data", facts)
    # When the desk shows them
    page = view.page(
        "tool.html",
        part="_services.html",
        words=tools_words,
        alone=True,
        conversation="0" * 32,
        found=tools.directory.find("england", "", date(2026, 11, 21)),
        nation="england",
        need=SHORT,
        needs=tools.directory.needs,
    )
    # Then it is text, and no element was made of it
    parsed = Tags()
    html = (page.body or b"").decode()
    parsed.feed(html)
    assert "kestrel" in html
    assert not [each for each in parsed.ids if each in {"zq", "x"}]
