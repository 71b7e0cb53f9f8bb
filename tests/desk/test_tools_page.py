"""The tools beside a chat in a real browser: everything by keyboard, readable at any width."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.desk.support import (
    DESKTOP,
    PHONE,
    YoungPerson,
    end_chat,
    nothing_serious,
    open_desk,
    scrolls_sideways,
    take_first,
)

pytestmark = pytest.mark.slow

FIRST_WORDS = "OK to talk now?"
TOOLS = ("replies", "topics", "services", "notes")


def open_tool(page: Page, name: str) -> None:
    """Opens the tab of a tool beside the open chat."""
    page.locator(f"[data-tool-tab='{name}']").click()
    expect(page.locator(f"#tool-{name}")).to_be_visible()
    expect(page.locator("#panel .htmx-added, #panel .htmx-settling")).to_have_count(0)


def heard(young_person: YoungPerson) -> list[str]:
    """What a helper told the young person after the first words, which come by themselves."""
    events = httpx.get(
        f"{young_person.address}/api/conversation/events",
        headers={**young_person.headers, "Accept": "application/json"},
    ).json()["events"]
    said = [event["text"] for event in events if event.get("from") == "worker"]
    return [text for text in said if text != FIRST_WORDS]


@pytest.fixture
def young_person(page: Page, address: str, service: Any) -> YoungPerson:
    """Somebody who let in the helper at `page`, who has the chat open."""
    open_desk(page, address, service)
    young_person = YoungPerson(address)
    young_person.lets_a_person_in()
    expect(page.locator("[id^=take-]")).to_have_count(1)
    take_first(page)
    expect(page.locator("#box")).to_be_enabled()
    return young_person


def test_a_reply_is_found_changed_and_sent_by_keyboard_alone(
    page: Page, young_person: YoungPerson
) -> None:
    # Given the replies beside an open chat, and no hand on the mouse
    open_tool(page, "replies")
    page.locator("#chat").focus()
    # When the helper searches, with a typing mistake, and presses Enter before the list is drawn
    page.keyboard.press("/")
    expect(page.locator("#replies-q")).to_be_focused()
    page.keyboard.type("chidline")
    page.keyboard.press("Enter")
    # Then the words are in the message box, with the checked number, and nothing was sent
    expect(page.locator("#box")).to_be_focused()
    expect(page.locator("#box")).to_have_value(
        "Childline is for anyone under 19. You can call 0800 1111. It's free. "
        "It's not on the phone bill, but it may show in recent calls."
    )
    assert heard(young_person) == []
    # When they write on and send
    page.keyboard.type(" Shall I stay here?")
    page.keyboard.press("Enter")
    expect(page.locator("#messages .from-worker").last).to_contain_text("Shall I stay here?")
    # Then the young person has it as it was changed
    [said] = heard(young_person)
    assert said.endswith("recent calls. Shall I stay here?")
    end_chat(page)


def test_arrows_go_through_the_replies_and_a_draft_is_kept(
    page: Page, young_person: YoungPerson
) -> None:
    # Given half a message in the box
    open_tool(page, "replies")
    page.locator("#box").fill("I read it.")
    page.locator("#chat").focus()
    # When the helper goes down two and up one, and up again, and down
    page.keyboard.press("/")
    page.keyboard.type("hard")
    expect(page.locator("#replies-found")).to_have_attribute("data-found", "hard")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#replies-q")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#replies-found [data-use]").first).to_be_focused()
    words = page.locator("#replies-found [data-use]").first.get_attribute("data-use")
    page.keyboard.press("Enter")
    # Then the reply stands after the draft
    expect(page.locator("#box")).to_have_value(f"I read it.\n\n{words}")
    end_chat(page)


def test_where_a_reply_leaves_a_gap_the_helper_writes_on_there(
    page: Page, young_person: YoungPerson
) -> None:
    open_tool(page, "replies")
    page.locator("#replies-q").focus()
    page.keyboard.type("did i get that right")
    page.keyboard.press("Enter")
    expect(page.locator("#box")).to_be_focused()
    page.keyboard.type("you had to go")
    expect(page.locator("#box")).to_have_value(
        "I want to be sure that I got it right. You said that you had to go Is that how it is?"
    )
    end_chat(page)


def test_a_checked_answer_is_read_and_sent_by_keyboard_alone(
    page: Page, young_person: YoungPerson
) -> None:
    # Given the checked answers beside an open chat
    open_tool(page, "topics")
    page.locator("#chat").focus()
    # When the helper searches, and opens the first with Enter
    page.keyboard.press("/")
    page.keyboard.type("owe him")
    page.keyboard.press("Enter")
    expect(page.locator("#use-T28")).to_be_focused()
    # And goes on to Send
    page.keyboard.press("Tab")
    expect(page.locator("#send-T28")).to_be_focused()
    page.keyboard.press("Enter")
    # Then both bubbles are in the chat, it is said that they were sent, and focus stays there
    expect(page.locator("#messages")).to_contain_text("You don't owe anyone your body.")
    expect(page.locator("#tool-topics [data-told]")).to_have_text("Sent.")
    expect(page.locator("#send-T28")).to_be_focused()
    assert len(heard(young_person)) == 2
    end_chat(page)


def test_the_answers_are_those_of_the_nation_that_is_chosen(
    page: Page, young_person: YoungPerson
) -> None:
    open_tool(page, "topics")
    page.locator("#topics-q").fill("T50")
    page.locator("#topics-nation").select_option("wales")
    expect(page.locator("#topics-found")).to_contain_text("Meic")
    page.locator("#topics-nation").select_option("scotland")
    expect(page.locator("#topics-found")).not_to_contain_text("Meic")
    end_chat(page)


def test_a_service_is_put_into_the_box_by_keyboard_alone(
    page: Page, young_person: YoungPerson
) -> None:
    open_tool(page, "services")
    page.locator("#chat").focus()
    page.keyboard.press("/")
    expect(page.locator("#services-need")).to_be_focused()
    page.keyboard.type("LGBT")
    expect(page.locator("#services-found .tool-item")).to_have_count(1)
    page.locator("#services-nation").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#use-S83")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#box")).to_have_value(
        "Galop. For LGBT+ people who were hurt or abused. Call 0800 999 5428."
    )
    end_chat(page)


def test_a_note_is_written_by_keyboard_and_half_a_note_is_kept_while_another_tab_is_open(
    page: Page, young_person: YoungPerson
) -> None:
    # Given half a note, left for another tab
    open_tool(page, "notes")
    page.locator("#note-text").focus()
    page.keyboard.type("lives with an aunt")
    open_tool(page, "replies")
    # When the helper comes back, writes on and saves
    open_tool(page, "notes")
    expect(page.locator("#note-text")).to_have_value("lives with an aunt")
    page.locator("#note-text").press("End")
    page.keyboard.type(" in Hull")
    page.keyboard.press("Tab")
    expect(page.locator("#note-save")).to_be_focused()
    page.keyboard.press("Enter")
    # Then it is in the list, and the box is empty, also when the code word is saved after it
    expect(page.locator("#notes-list")).to_contain_text("lives with an aunt in Hull")
    expect(page.locator("#note-text")).to_have_value("")
    page.locator("#note-text").fill("more to come")
    page.locator("#code-word").focus()
    page.keyboard.type("kingfisher")
    page.keyboard.press("Enter")
    expect(page.locator("#notes-code")).to_have_text("Code word: kingfisher")
    expect(page.locator("#note-text")).to_have_value("more to come")
    end_chat(page)


def test_use_before_the_yes_says_why_not_and_changes_nothing(
    page: Page, address: str, service: Any
) -> None:
    # Given a chat in danger whose young person has not tapped Talk
    open_desk(page, address, service)
    YoungPerson(address).writes("he has a knife and wont let me go")
    expect(page.locator("[id^=take-]")).to_have_count(1)
    take_first(page)
    open_tool(page, "replies")
    # When the helper takes a reply
    page.locator("#replies-q").fill("childline")
    page.locator("#replies-q").press("Enter")
    # Then the box stays empty, and it is said that they may not write yet
    expect(page.locator("#tool-replies [data-told]")).to_have_text("Wait: you may not write yet.")
    expect(page.locator("#box")).to_have_value("")
    end_chat(page, "Close alert")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_tool_fits_the_screen_and_axe_finds_nothing_serious(
    browser: Browser, service: Any, address: str, size: Any, scheme: Any
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)
    context.set_default_timeout(20_000)
    page = context.new_page()
    open_desk(page, address, service)
    YoungPerson(address).lets_a_person_in()
    expect(page.locator("[id^=take-]")).to_have_count(1)
    take_first(page)
    chat = page.locator("#chat").get_attribute("data-conversation")
    for name in TOOLS:
        # Given a tool beside the chat, with what can be opened in it open
        open_tool(page, name)
        page.evaluate(
            "document.querySelectorAll('#panel details').forEach(d => { d.open = true; })"
        )
        assert nothing_serious(page) == [], name
        assert not scrolls_sideways(page), name
    for name in TOOLS:
        # And as a page of its own
        page.goto(f"{address}/desk/chat/{chat}/{name}")
        assert nothing_serious(page) == [], name
        assert not scrolls_sideways(page), name
    context.close()
