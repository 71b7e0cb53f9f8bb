"""Row 9, at large: any bytes to every call and form of a running service, and never a 500."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpline.desk import roles
from tests.attacks.support import JSON, Desk
from tests.attacks.values import ANYTHING, NIGHTLY, OVER_HTTP, TEXT, WHOLE, body_of
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

YOUNG = [
    ("POST", "/api/conversation/messages"),
    ("POST", "/api/conversation/typing"),
    ("POST", "/api/conversation/feedback"),
    ("DELETE", "/api/conversation/handoff"),
    ("POST", "/exit"),
    ("POST", "/after"),
]
"""Calls that cost no Argon2, and end no chat with what is not its token."""
SLOW = ("/account/password", "/sign-out", "/end-others", "/end", "/leave", "/stream")
DESK = [each for each in roles.ALLOWED if not each[1].endswith(SLOW)]
FIELDS = (
    *("text", "note", "kind", "to", "presence", "reason", "agreed", "chats", "verdict", "why"),
    *("topic", "id", "nation", "age", "record", "turn", "after", "page", "q.area", "q.contact"),
    *("q.categories", "q.reason", "q.danger_now", "noticed", "csrf", "do", "token", "button"),
)
FORM = st.dictionaries(st.sampled_from(FIELDS) | TEXT, TEXT, max_size=6)
MESSAGE = st.fixed_dictionaries(
    {"id": st.uuids().map(str)}, optional={"text": TEXT, "button": TEXT}
)
CONTENT = st.one_of(
    ANYTHING.map(lambda value: ("application/json", body_of(value))),
    MESSAGE.map(lambda value: ("application/json", body_of(value))),
    FORM.map(
        lambda form: (
            "application/x-www-form-urlencoded",
            "&".join(f"{quote(n)}={quote(v)}" for n, v in form.items()).encode(),
        )
    ),
    st.binary(max_size=200).map(lambda raw: ("application/x-www-form-urlencoded", raw)),
    st.binary(max_size=200).map(lambda raw: ("multipart/form-data; boundary=x", b"--x\r\n" + raw)),
)


@pytest.fixture(scope="module")
def talking(desk: Desk) -> YoungPerson:
    return desk.young


@OVER_HTTP
@given(st.sampled_from(YOUNG), CONTENT)
def test_09_no_call_of_a_young_person_is_ever_an_error_of_ours(
    talking: YoungPerson, call: tuple[str, str], content: tuple[str, bytes]
) -> None:
    kind, body = content
    answer = talking.http.request(*call, content=body, headers={"Content-Type": kind, **JSON})
    assert answer.status_code < 500, (call, answer.text)


@OVER_HTTP
@given(st.sampled_from(DESK), CONTENT, TEXT, st.integers(0, 10**30))
def test_09_no_call_of_the_desk_is_ever_an_error_of_ours(
    desk: Desk, route: tuple[str, str], content: tuple[str, bytes], text: str, number: int
) -> None:
    # Given an address of the desk, with a chat, a number or any text in it
    method, path = route
    address = desk.fill(path)
    if number % 3 == 1:
        address = path.replace("<conversation>", quote(text, safe="") or "x")
        for name in ("<number>", "<person>", "<reference>"):
            address = address.replace(name, str(number))
    # When a helper's page sends anything there
    who = desk.robin if "worker" in roles.ALLOWED[route] else desk.sam
    headers = {"Content-Type": content[0], **({"HX-Request": "true"} if number % 2 else JSON)}
    query = dict.fromkeys(("q", "day", "person", "before", "after", "category", "version"), text)
    answer = who.http.request(method, address, content=content[1], headers=headers, params=query)
    # Then it is done, or refused by name
    assert answer.status_code < 500, (route, answer.text)


@settings(OVER_HTTP, max_examples=8 * NIGHTLY)
@given(WHOLE, CONTENT)
def test_09_no_sign_in_or_code_is_ever_an_error_of_ours(
    stranger: httpx.Client, text: str, content: tuple[str, bytes]
) -> None:
    for path, form in (
        ("/desk/login", {"name": text, "password": text, "code": text}),
        ("/back", {"code": text, "ticket": text}),
    ):
        assert stranger.post(path, data=form).status_code < 500
        headers = {"Content-Type": content[0]}
        assert stranger.post(path, content=content[1], headers=headers).status_code < 500


@OVER_HTTP
@given(FORM, st.binary(max_size=100))
def test_09_no_page_without_script_is_ever_an_error_of_ours(
    stranger: httpx.Client, form: dict[str, str], raw: bytes
) -> None:
    # A page that begins a chat is held open: how it begins is enough
    for body in ({"data": form}, {"content": raw}):
        with stranger.stream("POST", "/say", **body) as answer:
            assert answer.status_code < 500


@OVER_HTTP
@given(
    st.sampled_from(["Cookie", "Authorization", "Last-Event-ID", "Forwarded", "Accept", "Origin"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")),
)
def test_09_no_header_is_ever_an_error_of_ours(
    stranger: httpx.Client, name: str, text: str
) -> None:
    value = text.strip().encode("latin-1")
    for method, path in (
        ("GET", "/"),
        ("GET", "/desk/queue"),
        ("POST", "/desk/here"),
        ("GET", "/api/conversation/feedback"),
        ("GET", "/desk/static/desk.css"),
    ):
        answer = stranger.request(method, path, headers=[(name.encode(), value)])
        assert answer.status_code < 500, (method, path)
