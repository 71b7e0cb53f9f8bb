"""Rows 2 and 3: what a page that is not the desk's can do with a worker's cookies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from playwright.sync_api import Browser, Request, Response

from helpline.desk import roles
from tests.attacks.support import FORM, JSON, LOGINS, Desk, send
from tests.worker import Worker

pytestmark = pytest.mark.slow

FOREIGN = [
    {"Origin": "https://elsewhere.example"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost"},
    {"Origin": "null", "Sec-Fetch-Site": None},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "unheard-of"},
]
"""Headers that no page of ours sends; the worker's cookies and token go with each."""


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda given: " ".join(map(str, given.values())))
def test_02_no_other_origin_posts_to_any_address_of_the_desk(
    desk: Desk, headers: dict[str, str]
) -> None:
    # Given all that is kept, and every POST of the desk with cookies and token as they should be
    before, posts = desk.rows(), desk.posts()
    assert len(posts) > 30
    # When another origin sends them
    answers = {path: send(who.http, path, headers) for who, path in posts}
    answers["/desk/login"] = send(desk.robin.http, "/desk/login", headers)
    # Then each is refused for that, and nothing has changed
    refused = {p: (a.status_code, a.json()["error"]["code"]) for p, a in answers.items()}
    assert {p: r for p, r in refused.items() if r != (403, "foreign")} == {}
    assert desk.rows() == before
    # And neither can it listen
    with desk.robin.http.stream("GET", "/desk/stream", headers={**JSON, **_set(headers)}) as stream:
        assert stream.status_code == 403
    # And the same from a page of ours is done, so that a change would have been seen
    assert send(desk.robin.http, "/desk/presence", {}).status_code == 204
    assert desk.rows() != before
    assert desk.robin.http.post("/desk/presence", data={"presence": "here"}).status_code == 204


def _set(headers: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value is not None}


def test_02_no_address_of_the_desk_that_changes_anything_is_a_get(desk: Desk) -> None:
    # Given all that is kept; a link on any page can make a browser GET
    before = desk.rows()
    # When every GET of the desk that needs a session is followed
    for (method, path), allowed in roles.ALLOWED.items():
        if method == "GET" and not path.endswith("/stream"):
            who = desk.robin if "worker" in allowed else desk.sam
            for headers in (JSON, {"HX-Request": "true"}):
                answer = who.http.get(desk.fill(path), headers=headers)
                assert answer.status_code < 400, path
    # Then nothing has changed but what was looked at, which is written down
    after = desk.rows()
    changed = {table for table in after if after[table] != before[table]}
    assert changed <= {"audit_entry"}


EVIL = """
const desk = DESK, posts = POSTS, form = FORM;
const tries = posts.map((path) => fetch(desk + path, {
  method: "POST", mode: "no-cors", credentials: "include",
  body: new URLSearchParams(form),
}).catch(() => 0));
for (const path of posts.slice(0, 3)) {
  const frame = document.createElement("iframe");
  frame.name = path;
  document.body.append(frame);
  const sent = document.createElement("form");
  Object.assign(sent, {method: "post", action: desk + path, target: path});
  document.body.append(sent);
  tries.push(new Promise((done) => { frame.onload = done; }));
  sent.submit();
}
tries.push(new Promise((done) => {
  const stream = new EventSource(desk + "/desk/stream", {withCredentials: true});
  stream.onopen = () => { document.body.dataset.heard = "yes"; done(); };
  stream.onerror = () => { stream.close(); done(); };
}));
tries.push(fetch(desk + "/desk/queue", {credentials: "include"}).then(
  async (read) => { document.body.dataset.read = await read.text(); }, () => 0));
Promise.all(tries).then(() => { document.title = "done"; });
"""


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], str]]:
    """Another program's page on another port of this machine, which browsers call the same site."""

    class Page(BaseHTTPRequestHandler):
        script = ""

        def do_GET(self) -> None:
            html = f"<!doctype html><title>elsewhere</title><body><script>{self.script}</script>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            """What it prints is nothing to us."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()

    def serve(script: str) -> str:
        Page.script = script
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    server.shutdown()
    server.server_close()


def test_02_a_real_page_on_another_port_neither_posts_nor_listens(
    desk: Desk, browser: Browser, elsewhere: Callable[[str], str]
) -> None:
    # Given a browser in which a worker is signed in
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{desk.alone.url}/desk/login")
    page.get_by_label("Name").fill(LOGINS["kit"].name)
    page.get_by_label("Password").fill(LOGINS["kit"].password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{desk.alone.url}/desk")
    page.goto("about:blank")
    [cookie] = context.cookies(desk.alone.url)
    before, asked, seen = desk.rows(), list[Request](), list[Response]()

    def ask(request: Request) -> None:
        asked.append(request)

    def see(response: Response) -> None:
        seen.append(response)

    context.on("request", ask)
    context.on("response", see)
    # When it opens a page on another port that tries every POST, forms, the stream and reading
    posts = [desk.fill(path) for method, path in roles.ALLOWED if method == "POST"]
    script = EVIL.replace("DESK", json.dumps(desk.alone.url))
    script = script.replace("POSTS", json.dumps(posts)).replace("FORM", json.dumps(FORM))
    page.goto(elsewhere(script))
    page.wait_for_function("document.title === 'done'")
    # Then each was refused, none was heard or read, and nothing has changed
    posted = {each.url for each in asked if each.method == "POST"}
    assert {f"{desk.alone.url}{path}" for path in posts} <= posted
    ours = [each for each in seen if each.url.startswith(f"{desk.alone.url}/desk")]
    assert {each.status for each in ours if "/queue" not in each.url} == {403}
    assert page.evaluate("Object.keys(document.body.dataset).length") == 0
    assert desk.rows() == before
    # And the worker is still signed in
    here = {"Cookie": f"{cookie['name']}={cookie['value']}"}
    assert httpx.get(f"{desk.alone.url}/desk/queue", headers=here).status_code == 200
    context.close()


def tokens(desk: Desk) -> dict[str, dict[str, str | None]]:
    """Wrong anti-forgery tokens: none, empty, guessed, another person's, one from before."""
    with Worker(desk.alone.url, LOGINS["robin"]) as before:
        old = before.http.headers["X-CSRF-Token"]
        assert before.http.post("/desk/sign-out").status_code == 303
    own = desk.robin.http.headers["X-CSRF-Token"]
    wrong = {
        "none": None,
        "empty": "",
        "guessed": "0" * 64,
        "cut": own[:-1],
        "twice": f"{own}, {own}",
        "in capitals": own.upper(),
        "another's": desk.sam.http.headers["X-CSRF-Token"],
        "from before": old,
        "the cookie": desk.robin.http.cookies["desk"],
    }
    return {name: {"X-CSRF-Token": value} for name, value in wrong.items()}


def test_03_every_post_without_the_sessions_own_token_is_refused(desk: Desk) -> None:
    for name, headers in tokens(desk).items():
        # Given all that is kept
        before = desk.rows()
        # When every POST of the desk is tried with a wrong token
        for who, path in desk.posts():
            robins = {"X-CSRF-Token": desk.robin.http.headers["X-CSRF-Token"]}
            swapped = name == "another's" and who is desk.sam
            answer = send(who.http, path, robins if swapped else headers)
            # Then it is refused for that
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forged"), path
        # And nothing has changed
        assert desk.rows() == before, name


def test_03_a_token_counts_in_the_header_and_in_the_form_and_nowhere_else(desk: Desk) -> None:
    token, before = desk.robin.http.headers["X-CSRF-Token"], desk.rows()
    address, cookie = "/desk/presence", desk.robin.http.cookies["desk"]
    # When the token stands in the address, in a cookie, in JSON, in a multipart form
    for path, body in (
        (f"{address}?csrf={token}", {"data": FORM}),
        (address, {"json": {**FORM, "csrf": token}}),
        (address, {"files": {"csrf": (None, token), "presence": (None, "busy")}}),
        (address, {"data": FORM, "headers": {"Cookie": f"desk={cookie}; csrf={token}"}}),
    ):
        request = desk.robin.http.build_request("POST", path, **body)
        request.headers.pop("X-CSRF-Token")
        # Then it is refused
        assert desk.robin.http.send(request).status_code == 403
    assert desk.rows() == before
    # And in the form, where a page without script has it, it counts
    request = desk.robin.http.build_request("POST", address, data={**FORM, "csrf": token})
    request.headers.pop("X-CSRF-Token")
    assert desk.robin.http.send(request).status_code == 204
    assert desk.robin.http.post(address, data={"presence": "here"}).status_code == 204
