"""What a young person is asked for, and what they are told, before their first message."""

import re
from datetime import date
from html.parser import HTMLParser
from uuid import uuid4

import pytest

from content.bubbles import sentences
from content.project import Project
from helpline.chat.assets import Assets
from helpline.chat.render import Page, Renderer
from helpline.conversation import Incoming
from helpline.conversation.after import QUESTIONS
from helpline.conversation.errors import Invalid
from helpline.conversation.wording import Wording
from safeguarding import Policy
from tests.chat.words import AFTER
from tests.conftest import ROOT

WHO = r"name|surname|school|college|address|postcode|phone number|email"
ASKS = re.compile(
    rf"\b(?:what|which|where|who|your)\b.*\b(?:{WHO})\b.*\?|^(?:what|which) (?:{WHO})\b"
)
TELL = re.compile(
    rf"\b(?:tell|give|send|type|say|write)\b(?: me| us)? (?:your|the) (?:\w+ )?(?:{WHO})\b"
)
NOT_ASKED = re.compile(r"\bdon't (?:have|need) to\b|\bno need\b|\bnever\b")


BOX = ("textarea", "text", "")
STEPS = re.compile(r'<template id="steps-after">.*?</template>', re.DOTALL)


class _Fields(HTMLParser):
    """Collects what a page can send: (tag, name, type) of each field."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"input", "textarea", "select"}:
            self.found.add((tag, given.get("name") or "", given.get("type") or ""))


@pytest.fixture(scope="module")
def greeting() -> tuple[str, ...]:
    return Wording.load(ROOT / "data" / "service" / "wording.yml").greeting


@pytest.fixture(scope="module")
def render(greeting: tuple[str, ...]) -> Renderer:
    return Renderer(Assets.load(), "https://example.org", (), greeting, AFTER)


def asks_who(text: str) -> list[str]:
    """The sentences of a text that ask for a name, a school or an address."""
    said = (sentence.lower() for sentence in sentences(text))
    return [s for s in said if (ASKS.search(s) or TELL.search(s)) and not NOT_ASKED.search(s)]


def test_no_name_school_or_address_is_asked_for(
    render: Renderer, greeting: tuple[str, ...]
) -> None:
    # Given the page, before a chat and in one
    for page in (render.start(Page()), "".join(render.held_open(Page(token="t")))):
        # Then the one thing to fill in is the message
        fields = _Fields(STEPS.sub("", page)).found
        assert {field for field in fields if field[2] != "hidden"} == {BOX}
        assert {name for _, name, kind in fields if kind == "hidden"} == {"token", "ticket", "id"}
    # And at the end of a chat it is a code, or a tap for each of four questions about the chat
    [steps] = STEPS.findall(render.start(Page()))
    taps = {("input", question, "radio") for question in QUESTIONS}
    fields = _Fields(steps).found
    assert {f for f in fields if f[2] != "hidden"} == {("input", "code", ""), *taps}
    # And a message that brings more is refused
    Incoming.parse(f'{{"id": "{uuid4()}", "text": "hi"}}'.encode())
    for more in ("name", "school", "address", "age"):
        with pytest.raises(Invalid):
            Incoming.parse(f'{{"id": "{uuid4()}", "text": "hi", "{more}": "x"}}'.encode())
    # And nothing that the service or the assistant says asks for it
    folder = ROOT / "data"
    words = Wording.load(folder / "service" / "wording.yml")
    said = [reply.text for reply in Project(ROOT, date(2026, 11, 29)).replies]
    said += [*greeting, *(text for text in vars(words).values() if isinstance(text, str))]
    said += [text for text in vars(AFTER.words).values() if isinstance(text, str)]
    said += Policy.load(folder / "safeguarding").words.values()
    assert len(said) > 300
    assert [sentence for text in said for sentence in asks_who(text)] == []


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("OK. What's your name?", True),
        ("Which school do you go to?", True),
        ("Tell me your full address.", True),
        ("You don't have to tell me your name. Where do you live?", False),
        ("It's usually a crime to publish your name.", False),
    ],
)
def test_a_planted_question_is_found(text: str, asks: bool) -> None:
    assert bool(asks_who(text)) is asks


def test_it_is_said_before_the_first_message_when_a_helper_may_have_to_tell(
    render: Renderer,
) -> None:
    # When the page is opened
    page = render.start(Page())
    # Then it says what a helper may see, and when they may have to tell someone
    told = "If someone could be badly hurt, a helper may see your last 3 messages."
    assert told in page
    assert "If they know who you are, they may have to tell someone." in page
    # And it stands before the box for the first message
    assert page.index(told) < page.index('<textarea id="text"')
