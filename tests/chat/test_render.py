"""What the service makes of a conversation where there is no script, and that both sides agree."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from helpline.chat.assets import Assets
from helpline.chat.numbers import pieces
from helpline.chat.render import Page, Renderer, takes_tap
from helpline.conversation import Button, Incoming, Message, State
from helpline.conversation.errors import Invalid, NotJson
from safeguarding.policy import NOT_NOW
from tests.chat.words import AFTER

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVIL = '"><script>alert(1)</script><a href="javascript:alert(1)">x</a>'
LINKS = (
    "https://example.org/me.jpg",
    "www.example.org",
    "![me](https://example.org/me.png)",
    "data:image/png;base64,iVBORw0KGgo=",
    "file:///home/me.pdf",
)
SENTENCES = (
    "Call 999 now.",
    "Call or text 116 000, free.",
    "You can text 116000 any day.",
    "Text SHOUT to 85258, or Childline 0800 1111.",
    "Crimestoppers 0800 555 111, Karma Nirvana 0800 5999 247, Galop 0800-999-5428.",
    "Dial 08 08 16 89 111 or 101. Not 1010, 99, 9990 or +44999.",
    "Press 55 and stay on. Text the word register to 999.",
    "",
)


@pytest.fixture(scope="module")
def render() -> Renderer:
    return Renderer(Assets.load(), "https://example.org", (), ("Hello",), AFTER)


@pytest.mark.parametrize("sender", ["young_person", "assistant", "worker", "service"])
def test_markup_from_anybody_is_text(render: Renderer, sender: Any) -> None:
    # Given markup in the text, a button and a helper's name
    message = Message(3, sender, EVIL, NOW, (Button("a" + EVIL, EVIL),))
    # When they are rendered
    made = render.transcript([message, State(4, "worker", None, EVIL)], EVIL)
    # Then no tag of theirs is a tag
    assert "<script" not in made
    assert "<a href" not in made
    assert 'href="javascript' not in made


def test_there_is_no_way_to_send_a_picture_or_file_and_a_link_is_text(render: Renderer) -> None:
    # Given the page, before a chat and in one
    for page in (render.start(Page()), "".join(render.held_open(Page(token="t")))):
        # Then it has no field for a file, and its forms send plain fields
        assert 'type="file"' not in page
        assert "enctype" not in page
    # And a picture that is sent all the same is refused, as is anything beside the words
    name = "8f8f0d26-3e8a-4b15-8b1c-0d6f6a0e1c11"
    with pytest.raises(NotJson):
        Incoming.parse(b"\x89PNG\r\n\x1a\n" + bytes(64))
    for more in ("file", "picture", "link"):
        with pytest.raises(Invalid):
            Incoming.parse(f'{{"id": "{name}", "text": "look", "{more}": "x"}}'.encode())
    # When anybody writes a link, then it stands there as text, and nothing loads or leads to it
    for sender in ("young_person", "assistant", "worker", "service"):
        for link in LINKS:
            made = render.event(Message(3, sender, f"look {link} now", NOW), "t")
            assert f"look {link} now" in made
            assert not re.search(r"<(a|img|video|audio|iframe|object|embed|link)\b", made)


def card(number: int, *titles: str) -> Message:
    buttons = tuple(Button(f"b{number}{title}", title) for title in titles)
    return Message(number, "service", "999.", NOW, buttons, "hurt")


def own(number: int, text: str, payload: str | None = None) -> Message:
    return Message(number, "young_person", text, NOW, payload=payload)


def test_a_card_folds_after_a_tapped_no_and_after_no_other_words(render: Renderer) -> None:
    # Given a card with an offer
    offered = card(3, "Not now")
    # Then it stays open whatever is written
    for text in ("no signal here", "Not now", "no"):
        assert 'card" open>' in render.transcript([offered, own(4, text)], "t")
    # And folds, and stays, once the no is tapped
    folded = render.transcript([offered, own(4, "Not now", NOT_NOW)], "t")
    assert 'card" open>' not in folded
    assert ">Numbers<" in folded
    # And a later card is open again
    assert 'card" open>' in render.transcript([offered, own(4, "x", NOT_NOW), card(5)], "t")


def test_only_the_buttons_since_the_last_own_message_work(render: Renderer) -> None:
    # Given two sets of buttons after one message of the young person, and one before
    events = [card(1, "old"), own(2, "hello"), card(3, "new"), card(4, "newer")]
    # Then both new sets work, the old one does not
    made = render.transcript(events, "t")
    assert made.count(" disabled>") == 1
    assert made.index(" disabled>") < made.index("new")
    # And none while a worker has the chat, nor after its end
    for owner in ("worker", "ended"):
        made = render.transcript([*events, State(5, owner)], "t")
        assert made.count(" disabled>") == 3


def first_words(number: int, text: str = "OK to talk now?") -> Message:
    """What a worker writes first, with their three buttons."""
    buttons = tuple(Button(f"w{title}", title) for title in ("Yes", "Not now", "Just numbers"))
    return Message(number, "worker", text, NOW, buttons)


def test_a_workers_buttons_work_while_they_have_the_chat_and_nobody_elses(
    render: Renderer,
) -> None:
    # Given an offer, and a worker who took the chat and asks whether it is safe to talk
    events = [own(1, "hello"), card(2, "old"), State(3, "worker", None, "Robin"), first_words(4)]
    made = render.transcript(events, "t")
    # Then their three buttons work, and the offer's does not
    assert made.count(" disabled>") == 1
    assert made.index(" disabled>") < made.index("OK to talk now?")
    assert all(f">{title}<" in made for title in ("Yes", "Not now", "Just numbers"))
    # And they are spent once the young person has answered, and at the end
    for after in (own(5, "Yes"), State(5, "ended")):
        assert render.transcript([*events, after], "t").count(" disabled>") == 4
    # And when one comes while the page is open, it works at once
    assert takes_tap(first_words(5), State(3, "worker", None, "Robin"))
    assert not takes_tap(card(5, "old"), State(3, "worker", None, "Robin"))


@pytest.mark.slow
def test_with_script_a_workers_buttons_work_too(browser: Browser, service: Any) -> None:
    # Given the module that the page uses, and the same messages
    page = browser.new_page()
    page.goto(service.url + "/")
    address = page.locator("link[href$='view.js']").get_attribute("href")
    offer, words = card(2, "old").public(), first_words(4).public()
    states = [State(3, "worker", None, "Robin").public(), State(6, "ended").public()]
    enabled = """() => [...document.querySelectorAll("#log .choices button:enabled")]
      .map((button) => button.textContent)"""
    page.evaluate(
        """async ([address, offer, words, worker]) => {
          window.view = await import(address);
          window.tapped = [];
          const tap = (choice) => window.tapped.push(choice.id);
          window.view.showMine("hello").kept(1);
          window.view.showTheirs(offer, tap);
          window.view.sentence(worker);
          window.view.showTheirs(words, tap);
        }""",
        [address, offer, words, states[0]],
    )
    # Then the worker's three work, and a tap on one is heard
    assert page.evaluate(enabled) == ["Yes", "Not now", "Just numbers"]
    page.get_by_role("button", name="Just numbers").click()
    assert page.evaluate("window.tapped") == ["wJust numbers"]
    # And they are spent once the young person has answered, and all are at the end
    page.evaluate("() => window.view.showMine('Just numbers').kept(5)")
    assert page.evaluate(enabled) == []
    page.evaluate(
        "([words, ended]) => { view.showTheirs(words, () => {}); view.sentence(ended); }",
        [first_words(5).public(), states[1]],
    )
    assert page.evaluate(enabled) == []
    page.close()


def test_the_card_comes_before_any_line_about_a_helper(render: Renderer) -> None:
    # Given a state that was kept before the card of the same message
    made = render.transcript([own(1, "x"), State(2, "queue"), card(3)], "t")
    # Then the card is shown first, with one large number before its words
    assert made.index("Call 999") < made.index("A helper is being asked.")
    assert made.index("Call 999") < made.index(">999<")


@pytest.mark.parametrize(
    ("state", "may_ask", "waits"),
    [
        (None, True, False),
        (State(1, "assistant"), True, False),
        (State(1, "queue"), True, False),
        (State(1, "queue", 2), False, True),
        (State(1, "worker"), False, False),
        (State(1, "ended"), False, False),
    ],
)
def test_a_person_can_be_asked_for_until_one_was_and_a_place_in_line_be_left(
    render: Renderer, state: State | None, may_ask: bool, waits: bool
) -> None:
    page = render.held_open(Page(state=state))[0]
    assert ('id="person"' in page) is may_ask
    assert ('id="stop"' in page) is waits


def test_a_number_never_breaks_across_lines(render: Renderer) -> None:
    made = render.event(Message(1, "service", "Call 0800 1111 or 0800-999-5428.", NOW), "t")
    assert ">0800\u00a01111<" in made
    assert ">0800\u2011999\u20115428<" in made


@given(st.text(alphabet="0189 -+textcall.", max_size=60))
def test_no_letter_is_lost_between_numbers(text: str) -> None:
    assert "".join(piece.text for piece in pieces(text)) == text


def test_numbers_lead_where_they_should() -> None:
    found = {piece.text: piece.address for piece in pieces(" ".join(SENTENCES)) if piece.address}
    assert found["999"] == "tel:999" or found["999"] == "sms:999"
    assert found["85258"] == "sms:85258"
    assert found["0800 1111"] == "tel:08001111"
    assert found["116 000"] == "tel:116000"
    assert found["116000"] == "sms:116000"
    assert "55" not in found


@pytest.mark.slow
def test_the_browser_finds_the_same_numbers(browser: Browser, service: Any) -> None:
    # Given the module that the page uses
    page = browser.new_page()
    page.goto(service.url + "/")
    address = page.locator("link[href$='numbers.js']").get_attribute("href")
    # When both split the same sentences
    there = page.evaluate(
        """async ([address, sentences]) => {
          const { pieces } = await import(address);
          return sentences.map(pieces);
        }""",
        [address, list(SENTENCES)],
    )
    page.close()
    # Then they agree
    here = [[{"text": p.text, "address": p.address} for p in pieces(s)] for s in SENTENCES]
    assert there == here
