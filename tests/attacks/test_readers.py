"""Whatever reads bytes from outside takes any: it answers, or refuses by name.

The readers: `Incoming` (messages), the bodies of the calls around the end, `fields_of` (forms
without script), `filling` (the desk's forms), tokens, codes, tickets, cookies, numbers in
addresses and in `Last-Event-ID`, `Host`, `Origin`. Codes and tokens have their properties in
`tests/vault`. The last
tests send all of it to a running service.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache, partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sanic.exceptions import NotFound

from helpline.chat import after_api, api
from helpline.chat.pages import fields_of
from helpline.chat.tickets import Tickets
from helpline.conversation import answers
from helpline.conversation.errors import WaymarkError
from helpline.conversation.feedback import read_answers
from helpline.conversation.forms import Forms
from helpline.conversation.incoming import LONGEST, Incoming
from helpline.conversation.opening import identity_of
from helpline.conversation.whereabouts import places_in
from helpline.desk import filling, guard, pages, roles, routes, staff_routes
from helpline.vault.session import cookie_hash
from safeguarding.signals import load_signals
from tests.attacks.support import JSON, Desk
from tests.conftest import ROOT
from tests.young_person import YoungPerson

NIGHTLY = int(os.environ.get("WAYMARK_NIGHTLY", "1"))
"""How many times as many examples are tried."""
FEW = settings(max_examples=100 * NIGHTLY, deadline=None)
OVER_HTTP = settings(
    max_examples=60 * NIGHTLY,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ANY = st.text(st.characters(), max_size=300)
"""Any text, halves of letters too."""
WHOLE = st.text(st.characters(codec="utf-8"), max_size=300)
ODD = st.sampled_from(
    [
        "\x00",
        "\u202e",
        "\u200b" * 9,
        "e" + "\u0301" * 90,
        "👩‍👩‍👧‍👦",
        "{{7*7}}",
        "' OR 1=1",
        "%s{0}",
        "\r\n",
        "<b>",
    ]
)
TEXT = st.one_of(WHOLE, ODD, st.builds(str.__add__, ODD, WHOLE))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def read_or_refused(read: Callable[[], object], *statuses: int) -> object:
    """What was read; None where it was refused by name, with one of these statuses."""
    try:
        return read()
    except (WaymarkError, NotFound) as error:
        status = error.status if isinstance(error, WaymarkError) else error.status_code
    assert status in statuses
    return None


def body_of(value: object) -> bytes:
    return json.dumps(value).encode()


@FEW
@given(st.one_of(st.binary(max_size=400), ANYTHING.map(body_of)))
def test_a_message_is_read_or_refused_by_name(body: bytes) -> None:
    read_or_refused(lambda: Incoming.parse(body), 400, 413, 422)


@FEW
@given(ANY, st.one_of(st.none(), ANY), st.one_of(st.none(), ANY))
def test_what_is_read_of_a_message_can_be_kept(name: str, text: str, button: str) -> None:
    for identity in (name, str(uuid4())):
        try:
            read = Incoming.make(identity, text, button)
        except WaymarkError:
            continue
        assert (read.text is None) != (read.button is None)
        if read.text is not None:
            assert 0 < len(read.text) <= LONGEST
            read.text.encode()


@FEW
@given(st.one_of(st.binary(max_size=400), ANYTHING.map(body_of)))
def test_the_bodies_around_the_end_are_read_or_refused_by_name(body: bytes) -> None:
    request = SimpleNamespace(body=body)
    for read in (after_api._body, after_api.answers_in):
        read_or_refused(partial(read, request), 400, 413, 422)


@FEW
@given(ANYTHING)
def test_answers_are_read_or_refused_by_name(value: object) -> None:
    assert isinstance(read_or_refused(lambda: read_answers(value), 422), dict | None)


@FEW
@given(st.binary(max_size=400), st.dictionaries(TEXT, TEXT, max_size=5))
def test_a_form_without_script_is_read_or_refused_by_name(raw: bytes, form: dict[str, str]) -> None:
    sent = "&".join(f"{quote(name)}={quote(value)}" for name, value in form.items())
    for body in (raw, sent.encode(), raw + sent.encode()):
        fields = read_or_refused(partial(fields_of, SimpleNamespace(body=body)), 422)
        for value in dict(fields or {}).values():
            value.encode()


@FEW
@given(ANY)
def test_the_last_number_seen_is_a_number_or_refused(text: str) -> None:
    for header, argument in ((text, None), (None, text)):
        request = SimpleNamespace(headers={"last-event-id": header}, args={"after": argument})
        number = read_or_refused(partial(api._after, request), 422)
        assert number is None or 0 <= number <= 10**9


@FEW
@given(ANY)
def test_a_number_in_an_address_or_a_form_is_one_that_a_row_can_have(text: str) -> None:
    for read in (filling.number, routes._number, staff_routes._whole):
        assert 0 <= read(text) <= guard.LARGEST_NUMBER
    staff_routes._day(text)


@FEW
@given(ANY)
def test_a_ticket_that_was_not_issued_is_worth_nothing(text: str) -> None:
    tickets = Tickets(lambda: 0.0)
    issued = tickets.issue()
    assert tickets.look(issued).valid
    for forged in (text, issued + text, issued[:80] + text, text + issued[80:]):
        assert forged == issued or not tickets.look(forged).valid


@FEW
@given(ANY)
def test_any_cookie_is_looked_up_and_none_is_an_error(text: str) -> None:
    assert len(cookie_hash(text)) == 32


@FEW
@given(ANY)
def test_any_id_of_a_chat_is_one_or_unknown(text: str) -> None:
    read_or_refused(lambda: identity_of(text), 404)
    read_or_refused(lambda: pages.known(text), 404)


@FEW
@given(ANY, ANY)
def test_any_host_and_origin_are_ours_or_refused(host: str, origin: str) -> None:
    request = SimpleNamespace(scheme="http", host=host, headers={"origin": origin})
    for check in (guard.secure, guard.same_origin):
        read_or_refused(partial(check, request), 403)


@FEW
@given(st.dictionaries(TEXT, st.lists(TEXT, min_size=1, max_size=3), max_size=5))
def test_the_desks_forms_keep_only_what_they_ask(form: dict[str, list[str]]) -> None:
    forms = the_forms()
    request: Any = SimpleNamespace(form=_Form({f"q.{name}": form[name] for name in form}))
    sent = filling.sent(request)
    kept = read_or_refused(lambda: answers.read(forms, forms.record, sent.fields), 413, 422)
    assert set(kept or {}) <= set(form)


@cache
def the_forms() -> Forms:
    signals = load_signals(ROOT / "data" / "safeguarding" / "signals.yml")
    return Forms.load(ROOT / "data" / "desk" / "record.yml", signals)


class _Form(dict[str, list[str]]):
    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name, [default])[0]


@FEW
@given(TEXT)
def test_places_are_looked_for_in_any_text(text: str) -> None:
    assert all(place in text for place in places_in(text))


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


@pytest.mark.slow
@OVER_HTTP
@given(st.sampled_from(YOUNG), CONTENT)
def test_09_no_call_of_a_young_person_is_ever_an_error_of_ours(
    talking: YoungPerson, call: tuple[str, str], content: tuple[str, bytes]
) -> None:
    kind, body = content
    answer = talking.http.request(*call, content=body, headers={"Content-Type": kind, **JSON})
    assert answer.status_code < 500, (call, answer.text)


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
@OVER_HTTP
@given(FORM, st.binary(max_size=100))
def test_09_no_page_without_script_is_ever_an_error_of_ours(
    stranger: httpx.Client, form: dict[str, str], raw: bytes
) -> None:
    # A page that begins a chat is held open: how it begins is enough
    for body in ({"data": form}, {"content": raw}):
        with stranger.stream("POST", "/say", **body) as answer:
            assert answer.status_code < 500


@pytest.mark.slow
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
