"""Rows 12 and 17: what comes from outside forges no line of a log, and decides nothing."""

from __future__ import annotations

import io
import logging
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote, urlsplit

import httpx
import pytest

from bot import emptied
from tests.alone import Alone, service_in
from tests.attacks.support import DANGER, LOGINS, raw, rows_of, status_of
from tests.privacy.scan import find
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

MARK = "zqkestrel"
FORGED = f"x\r\n2026-01-01 00:00:00,000 waymark ERROR {MARK} \x1b[2J\x1b[31m\x9b1A\u2028{MARK}\x00"
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [\w.]+ (WARNING|ERROR|CRITICAL) [ -~]+")
CLAIMED = "203.0.113.77"  # reserved for documentation


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """A service whose every field and header was written to by somebody who forges."""
    with (
        service_in(tmp_path_factory.mktemp("noisy")) as running,
        YoungPerson(running.url) as young,
        Worker(running.url, LOGINS["robin"]) as robin,
    ):
        in_every_field(running, young, robin)
        in_every_header(running, young)
        in_broken_requests(running)
        yield running


def in_every_field(running: Alone, young: YoungPerson, robin: Worker) -> None:
    assert young.post(f"{DANGER} {FORGED}").status_code == 201
    young.post(button=FORGED)
    young.post(FORGED, id=FORGED)
    young.http.post("/api/conversation/feedback", json={"answers": {FORGED: FORGED}})
    young.http.post("/api/conversations/return", json={"code": FORGED})
    form = dict.fromkeys(("token", "ticket", "text", "id", "button", "do", "code"), FORGED)
    for path in ("/say", "/exit", "/after", "/back"):
        young.http.post(path, data=form)
    assert young.http.post("/api/conversation/handoff").status_code == 204
    [chat] = robin.queue()
    robin.take(chat)
    robin.say(chat, FORGED)
    for path in ("notes", "record", "breaking", "pass-on", "open", "topics", "record/finish"):
        fields = {"text": FORGED, "note": FORGED, "reason": FORGED, "q.area": FORGED, "to": FORGED}
        robin.http.post(f"/desk/chat/{chat}/{path}", data={**fields, "topic": FORGED, "id": FORGED})
    for path in ("/desk/presence", "/desk/account/password"):
        robin.http.post(path, data=dict.fromkeys(("presence", "present", "new", "again"), FORGED))
    httpx.post(f"{running.url}/desk/login", data={"name": FORGED, "password": FORGED})
    for path in ("/desk/static/", "/desk/chat/", "/static/chat/x/", "/", "/api/"):
        robin.http.get(f"{path}{quote(FORGED, safe='')}", params={"q": FORGED, "day": FORGED})


def in_every_header(running: Alone, young: YoungPerson) -> None:
    written = FORGED.replace("\r\n", "").replace("\x00", "").encode("utf-8")
    for name in (
        "Host", "Origin", "Referer", "User-Agent", "Cookie", "Authorization", "Accept",
        "Accept-Language", "Content-Type", "Last-Event-ID", "Forwarded", "X-Forwarded-For",
        "X-Forwarded-Host", "X-Real-IP", "X-CSRF-Token", "HX-Request", "If-Modified-Since",
        "Sec-Fetch-Site", "Range", "X-Request-ID", "Upgrade", "Via", "Traceparent",
    ):  # fmt: skip
        for line in (b"GET /desk/static/desk.css", b"POST /desk/login", b"GET /api/conversation"):
            host = b"" if name == "Host" else b"\r\nHost: 127.0.0.1"
            head = line + b" HTTP/1.1" + host + b"\r\nConnection: close\r\nContent-Length: 0\r\n"
            raw(running.url, head + name.encode() + b": " + written + b"\r\n\r\n")


def in_broken_requests(running: Alone) -> None:
    mark = MARK.encode()
    for request in (
        b"GET /" + mark + b"\r\nFAKE: " + mark + b" HTTP/1.1\r\n\r\n",
        b"\x1b[31m" + mark + b" / HTTP/1.1\r\n\r\n",
        b"GET /" + mark + b"\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /say HTTP/1.1\r\nHost: x\r\nContent-Length: " + mark + b"\r\n\r\n",
        b"POST /say HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + mark + b"\r\n",
        b"POST /desk/login HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary="
        + mark
        + b"\r\nContent-Length: 30\r\n\r\n--"
        + mark.ljust(28, b"\xff"),
        b"GET / HTTP/7.3 " + mark + b"\r\n\r\n",
    ):
        with suppress(ConnectionError):
            raw(running.url, request)
    at = urlsplit(running.url)
    with socket.create_connection((at.hostname, at.port)) as cut_off:
        head = (
            b"POST /api/conversation/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
        )
        cut_off.sendall(head + mark)


def test_12_no_line_of_the_log_is_forged_and_none_holds_a_word(noisy: Alone) -> None:
    # Given all that the service wrote into its log meanwhile
    log = (noisy.home / "service.log").read_bytes().decode("utf-8")
    # Then each line of it is one of ours, in plain letters
    assert [line for line in log.split("\n") if line and not LINE.fullmatch(line)] == []
    # And what was written from outside stands in none, in any encoding, nor anywhere else
    assert find([noisy.home], [MARK]) == []
    # And there was something to log
    assert " sanic.root WARNING " in log


def test_12_a_planted_line_is_found(noisy: Alone) -> None:
    for planted in (f"2026 {MARK}", f"2026-01-01 00:00:00,000 waymark ERROR \x1b[31m{MARK}", MARK):
        assert not LINE.fullmatch(planted)
    (noisy.home / "planted").write_text(FORGED)
    assert find([noisy.home], [MARK])
    (noisy.home / "planted").unlink()


@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR])
def test_12_a_foreign_record_is_emptied_and_ours_is_one_line(
    level: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a log as the service sets it up
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    monkeypatch.setattr(logging, "_logRecordFactory", emptied.emptied_record)
    # When Sanic, an exception and we ourselves log what came from outside
    for name in ("sanic.error", "asyncio", "waymarkish", "waymark"):
        log = logging.Logger(name, logging.DEBUG)  # noqa: LOG001 — of this test alone
        log.addHandler(handler)
        try:
            raise ValueError(FORGED)
        except ValueError:
            log.log(
                level, "path=%s", FORGED if name != "waymark" else "\r\n\x1b[31m", exc_info=True
            )
    # Then each record is one line without a word of it
    lines = written.getvalue().splitlines()
    assert len(lines) == 4
    assert all("ValueError at test_12_17_logs.py" in line for line in lines)
    assert MARK not in written.getvalue()
    assert "path=" in lines[3]


def test_17_forged_addresses_are_ignored_and_kept_nowhere(noisy: Alone) -> None:
    # Given headers with which a proxy would name somebody, without its secret
    named = {
        "X-Forwarded-For": CLAIMED,
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "X-Real-IP": CLAIMED,
        "Forwarded": f"for={CLAIMED};proto=https;host=evil.example;secret=guessed;by=_x",
        "Referer": f"https://{CLAIMED}/searched-for",
        "User-Agent": CLAIMED,
        "True-Client-IP": CLAIMED,
        "CF-Connecting-IP": CLAIMED,
    }
    with YoungPerson(noisy.url) as young:
        young.http.headers.update(named)
        # When all kinds of calls are made with them
        assert young.post(DANGER).status_code == 201
        assert young.http.post("/api/conversation/handoff").status_code == 204
        page = young.http.get("/")
        assert (
            young.http.post("/desk/login", data={"name": "a", "password": "b"}).status_code == 401
        )
        assert young.http.post("/api/conversations/return", json={"code": "x y"}).status_code == 404
        # Then no answer names them, and no cookie or redirect is made for that host
        exit_page = young.http.post("/exit", data={"token": young.token})
        for answer in (page, exit_page):
            assert "evil.example" not in answer.text + str(answer.headers)
            assert CLAIMED not in answer.text
        assert exit_page.headers["Location"].startswith("https://www.bbc.co.uk/")
    # And they are kept nowhere
    assert find([noisy.home], [CLAIMED, "evil.example", "searched-for"]) == []


def test_17_a_proto_that_a_stranger_claims_makes_no_connection_secure(noisy: Alone) -> None:
    # Given a host that is not this machine, over plain HTTP, which claims to be https
    form = {"name": "robin", "password": LOGINS["robin"].password}
    for claim in (
        {"X-Forwarded-Proto": "https"},
        {"Forwarded": "proto=https;secret=x"},
        {"X-Scheme": "https"},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
    ):
        headers = {"Host": "helpline.example", **claim}
        answer = httpx.post(f"{noisy.url}/desk/login", data=form, headers=headers)
        # Then nobody is signed in: the cookie could be read on the way
        assert (answer.status_code, answer.cookies.get("desk")) == (403, None)


@pytest.mark.parametrize(
    "host",
    [b"[", b"[::1", b"a\xe2\x84\x80b", b"\xff", b"", b"x:y", b"evil.example", b"127.0.0.1@x"],
)
def test_17_any_host_is_answered_and_none_is_believed(noisy: Alone, host: bytes) -> None:
    before = rows_of(noisy.home)["staff_session"]
    form = b"name=robin&password=" + LOGINS["robin"].password.encode()
    for start, body in ((b"GET / ", b""), (b"POST /desk/login ", form), (b"GET /desk ", b"")):
        head = start + b"HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\nContent-Type: "
        head += b"application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body)
        answer = raw(noisy.url, head + body)
        assert status_of(answer) in {200, 302, 400, 403}, start
        assert b"evil.example" not in answer
    assert rows_of(noisy.home)["staff_session"] == before
