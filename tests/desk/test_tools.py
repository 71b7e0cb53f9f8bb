"""The tools beside a chat over HTTP: who may use them, what they show, what is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import uuid4

import pytest

from tests.desk.support import MARKUP
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

FRAGMENT = {"HX-Request": "true"}
FIRST_WORDS = "OK to talk now?"
TOOLS = ("replies", "topics", "services", "notes")


@pytest.fixture
def robin(service: Any, address: str) -> Iterator[Worker]:
    with Worker(address, service.login("worker", 0)) as worker:
        yield worker


@pytest.fixture
def kit(service: Any, address: str) -> Iterator[Worker]:
    with Worker(address, service.login("worker", 1)) as worker:
        yield worker


@pytest.fixture
def young(address: str) -> Iterator[YoungPerson]:
    with YoungPerson(address) as young:
        yield young


@pytest.fixture
def chat(robin: Worker, young: YoungPerson) -> str:
    """A chat that robin was let into and holds."""
    assert young.http.post("/api/conversation/handoff").is_success
    [conversation] = robin.queue()
    assert robin.take(conversation).status_code == 200
    return conversation


def tool(worker: Worker, chat: str, name: str, **query: str) -> str:
    """A tool's fragment as the panel gets it."""
    answer = worker.http.get(f"/desk/chat/{chat}/{name}", params=query, headers=FRAGMENT)
    assert answer.status_code == 200, answer.text
    return answer.text


def titles(fragment: str) -> list[str]:
    """What a fragment lists, in order."""
    return [unescape(each) for each in re.findall(r'class="tool-name"[^>]*>([^<]+)<', fragment)]


def heard(young: YoungPerson) -> list[str]:
    """What a helper told the young person after the first words, which come by themselves."""
    said = [event["text"] for event in young.events() if event.get("from") == "worker"]
    return [text for text in said if text != FIRST_WORDS]


def send(worker: Worker, chat: str, **fields: str) -> Any:
    return worker.http.post(
        f"/desk/chat/{chat}/topics", data={"id": str(uuid4()), **fields}, headers=FRAGMENT
    )


def test_only_who_holds_the_chat_has_its_tools(
    robin: Worker, kit: Worker, chat: str, address: str
) -> None:
    for name in TOOLS:
        # Given robin's chat, robin has each tool, as a fragment and as a page
        fragment = tool(robin, chat, name)
        assert fragment.lstrip().startswith("<section")
        page = robin.http.get(f"/desk/chat/{chat}/{name}", headers={"Accept": "text/html"}).text
        assert page.startswith("<!doctype html>")
        assert f'id="tool-{name}"' in page
        # Then kit is refused, and so is a chat that there is not
        assert kit.http.get(f"/desk/chat/{chat}/{name}", headers=FRAGMENT).status_code == 409
        assert robin.http.get(f"/desk/chat/{'0' * 32}/{name}").status_code == 404
        assert robin.http.get(f"/desk/chat/{'.' * 32}/{name}").status_code == 404


def test_a_reply_is_found_in_spite_of_a_typing_mistake(robin: Worker, chat: str) -> None:
    assert len(titles(tool(robin, chat, "replies"))) >= 40
    assert titles(tool(robin, chat, "replies", q="chidline")) == ["Childline"]
    assert "Nothing like that" in tool(robin, chat, "replies", q="xyzzy")


def test_a_reply_names_the_checked_number(robin: Worker, chat: str) -> None:
    fragment = tool(robin, chat, "replies", q="samaritans")
    assert 'data-use="You can call Samaritans on 116 123 ' in fragment


def test_what_was_typed_is_shown_as_text(robin: Worker, chat: str) -> None:
    for name in ("replies", "topics"):
        answer = robin.http.get(f"/desk/chat/{chat}/{name}", params={"q": MARKUP})
        assert "<img src=x" not in answer.text
        assert "&lt;img src=x" in answer.text


def test_a_checked_answer_is_sent_in_the_bubbles_it_is_shown_in(
    robin: Worker, young: YoungPerson, chat: str
) -> None:
    # Given the answer on debts after gifts, as the desk shows it
    fragment = tool(robin, chat, "topics", q="owe them")
    assert titles(fragment)[0] == "Gifts, and now I owe them"
    shown = re.findall(r'<p class="tool-said"[^>]*>([^<]+)', fragment)[:2]
    # When robin sends it
    answer = send(robin, chat, topic="T28", nation="not_said", age="not_said")
    assert answer.status_code == 200
    assert "Sent" in answer.text
    # Then the young person has both bubbles, word for word, in order, from the helper
    assert heard(young) == [" ".join(unescape(text).split()) for text in shown]


def test_an_answer_whose_receipt_was_lost_is_sent_once(
    robin: Worker, young: YoungPerson, chat: str
) -> None:
    # Given a page that sends the same again
    identity = str(uuid4())
    for _ in range(2):
        assert send(robin, chat, topic="T28", id=identity).status_code == 200
    # Then there are two bubbles, not four; and four once it is sent on purpose
    assert len(heard(young)) == 2
    send(robin, chat, topic="T28")
    assert len(heard(young)) == 4


def test_an_answer_is_that_of_the_nation_that_was_chosen(
    robin: Worker, young: YoungPerson, chat: str
) -> None:
    assert "Meic" in tool(robin, chat, "topics", q="T50", nation="wales")
    assert send(robin, chat, topic="T50", nation="wales").status_code == 200
    assert "Meic" in " ".join(heard(young))


@pytest.mark.parametrize(
    "fields",
    [
        {"topic": "T99"},
        {},
        {"topic": "T28", "id": "no id"},
        {"topic": "T08"},  # the assistant speaks of itself in all of it
    ],
)
def test_what_is_no_answer_is_refused_in_one_sentence_and_nothing_is_sent(
    robin: Worker, young: YoungPerson, chat: str, fields: dict[str, str]
) -> None:
    refused = send(robin, chat, **fields)
    assert refused.status_code == 422
    assert re.fullmatch(r"<p>[^<]+\.</p>\s*", refused.text)
    assert heard(young) == []


def test_nothing_is_sent_without_the_pages_token_or_before_the_yes(
    robin: Worker, young: YoungPerson, chat: str, address: str
) -> None:
    # Given a request that another page made
    forged = robin.http.post(
        f"/desk/chat/{chat}/topics",
        data={"topic": "T28", "id": str(uuid4())},
        headers={"X-CSRF-Token": "0" * 64},
    )
    assert forged.status_code == 403
    # And a chat in danger whose young person has not tapped Talk
    with YoungPerson(address) as other:
        other.say("he has a knife and wont let me go")
        [alert] = robin.queue()
        robin.take(alert)
        assert send(robin, alert, topic="T28").status_code == 403
        assert heard(other) == []
        robin.end(alert)
    assert heard(young) == []


def test_a_service_that_nobody_checked_is_marked_and_cannot_be_used(
    robin: Worker, chat: str
) -> None:
    # Given the services for housing in England, none of which was checked
    fragment = tool(robin, chat, "services", need="missing", nation="england")
    shelter = next(each for each in fragment.split("<li ") if "Shelter" in each)
    childline = next(each for each in fragment.split("<li ") if "0800 1111" in each)
    # Then they are shown with that mark and without a button, and a checked one has its sentence
    assert "Not checked" in shelter
    assert "data-use" not in shelter
    assert 'data-use="Childline. Talk about anything.' in childline


def test_services_are_those_of_the_nation_and_the_need(robin: Worker, chat: str) -> None:
    rights = titles(tool(robin, chat, "services", need="rights", nation="wales"))
    assert "Meic" in rights
    assert "Always Heard (Coram Voice)" not in rights
    everything = titles(tool(robin, chat, "services", need="all"))
    assert {"Always Heard (Coram Voice)", "Galop", *rights} <= {*everything}


def test_a_note_is_kept_shown_and_never_reaches_the_young_person(
    robin: Worker, kit: Worker, young: YoungPerson, chat: str
) -> None:
    # When robin writes a note and the code word
    url = f"/desk/chat/{chat}/notes"
    for kind, text in (("note", f"aunt {MARKUP}"), ("code_word", "kingfisher")):
        kept = robin.http.post(url, data={"kind": kind, "text": text}, headers=FRAGMENT)
        assert kept.status_code == 200
    # Then robin reads them, as text, with the code word on top
    fragment = tool(robin, chat, "notes")
    assert "Code word: <bdi>kingfisher</bdi>" in fragment
    assert "aunt &lt;img" in fragment
    assert "<bdi>Robin</bdi>" in fragment
    # And the young person got nothing of it, in events and in the chat as the desk shows it
    assert "kingfisher" not in str(young.events()) + robin.chat(chat)
    # And kit cannot write one
    assert kit.http.post(url, data={"text": "from outside"}, headers=FRAGMENT).status_code == 409


def test_the_list_of_notes_is_sent_only_when_it_has_changed(robin: Worker, chat: str) -> None:
    version = re.search(r'"version": "([^"]+)"', unescape(tool(robin, chat, "notes")))
    assert version
    url = f"/desk/chat/{chat}/notes"
    asked = {"params": {"version": version[1]}, "headers": FRAGMENT}
    assert robin.http.get(url, **asked).status_code == 204
    robin.http.post(url, data={"text": "a note"}, headers=FRAGMENT)
    assert robin.http.get(url, **asked).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"text": " "}, 422),
        ({}, 422),
        ({"text": "a", "kind": "transfer"}, 422),
        ({"text": "w" * 4001}, 413),
    ],
)
def test_what_is_no_note_is_refused_in_one_sentence(
    robin: Worker, chat: str, fields: dict[str, str], status: int
) -> None:
    refused = robin.http.post(f"/desk/chat/{chat}/notes", data=fields, headers=FRAGMENT)
    assert refused.status_code == status
    assert re.fullmatch(r"<p>[^<]+\.</p>\s*", refused.text)


def test_without_script_a_note_and_an_answer_are_sent_by_plain_forms(
    robin: Worker, young: YoungPerson, chat: str
) -> None:
    # Given the whole pages, whose forms carry the token themselves
    token, html = robin.http.headers.pop("X-CSRF-Token"), {"Accept": "text/html"}
    for name, fields in (("notes", {"text": "by hand"}), ("topics", {"topic": "T28"})):
        url = f"/desk/chat/{chat}/{name}"
        assert f'name="csrf" value="{token}"' in robin.http.get(url, headers=html).text
        sent = robin.http.post(
            url, data={"csrf": token, "id": str(uuid4()), **fields}, headers=html
        )
        # Then each leads back to its page
        assert (sent.status_code, sent.headers["location"]) == (303, url)
    assert "by hand" in robin.http.get(f"/desk/chat/{chat}/notes", headers=html).text
    assert len(heard(young)) == 2


def test_after_the_end_notes_are_read_and_nothing_is_written(robin: Worker, chat: str) -> None:
    url = f"/desk/chat/{chat}/notes"
    robin.http.post(url, data={"text": "before the end"}, headers=FRAGMENT)
    robin.end(chat)
    fragment = tool(robin, chat, "notes")
    assert "before the end" in fragment
    assert "<textarea" not in fragment
    assert robin.http.post(url, data={"text": "after"}, headers=FRAGMENT).status_code == 409
