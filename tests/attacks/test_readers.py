"""Whatever reads bytes from outside takes any: it answers, or refuses by name.

The readers: `Incoming` (messages), the bodies of the calls around the end, `fields_of` (forms
without script), `filling` (the desk's forms), tokens, codes, tickets, cookies, numbers in
addresses and in `Last-Event-ID`, `Host`, `Origin`. Codes and tokens have their properties in
`tests/vault`; `test_09_any_bytes.py` sends all of it to a running service.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from hypothesis import given
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
from helpline.desk import filling, guard, pages, routes, staff_routes
from helpline.vault.session import cookie_hash
from safeguarding.signals import load_signals
from tests.attacks.values import ANY, ANYTHING, FEW, TEXT, body_of
from tests.conftest import ROOT


def read_or_refused(read: Callable[[], object], *statuses: int) -> object:
    """What was read; None where it was refused by name, with one of these statuses."""
    try:
        return read()
    except (WaymarkError, NotFound) as error:
        status = error.status if isinstance(error, WaymarkError) else error.status_code
    assert status in statuses
    return None


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
