"""What the service makes of a conversation where there is no script, and that both sides agree."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from helpline.chat.assets import Assets
from helpline.chat.numbers import pieces
from helpline.chat.render import Renderer
from helpline.conversation import Button, Message, State

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVIL = '"><script>alert(1)</script><a href="javascript:alert(1)">x</a>'
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
    return Renderer(Assets.load(), "https://example.org", (), ("Hello",))


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


def test_a_card_folds_after_a_no_and_a_tapped_button_is_spent(render: Renderer) -> None:
    # Given a card with an offer, and a no
    card = Message(3, "service", "999.", NOW, (Button("b", "Not now"),), "hurt")
    no = Message(4, "young_person", "Not now", NOW)
    # Then before it the card is open and the button works
    assert " open>" in render.transcript([card], "t")
    assert "disabled" not in render.transcript([card], "t")
    # And after it neither
    assert " open>" not in render.transcript([card, no], "t")
    assert "disabled" in render.transcript([card, no], "t")
    assert "<summary>Numbers</summary>" in render.transcript([card, no], "t")


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
