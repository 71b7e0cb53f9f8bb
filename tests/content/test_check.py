"""The content is clean, and each rule of the check finds a fault that is planted for it."""

# ruff: noqa: E501 -- a table

import re

import pytest

from content.check import faults
from content.located import ContentError
from tests.content.conftest import ROOT, TODAY, Plant

A, D = "data/responses/a_this_chat.yml", "data/responses/d_exploitation.yml"
REAL = "        No, I'm a computer."


def test_the_content_is_clean() -> None:
    assert [str(fault) for fault in faults(ROOT, TODAY)] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        # topics
        ("data/nlu/d_exploitation.yml", "topic: T27", "topic: T99", "T27 has no intent"),
        ("data/nlu/d_exploitation.yml", "topic: T27", "topic: T99", "T99 is no topic"),
        ("data/nlu/a_this_chat.yml", "intent: ask_privacy", "intent: ask_secret", "missing from the intents of domain.yml"),
        ("data/nlu/a_this_chat.yml", "- are you a real person", "- is this a bot", "stands already at data/nlu/a_this_chat.yml"),
        ("tests/stories/d_exploitation.yml", "intent: party_house", "intent: my_choice", "T33 (party_house) has no story test"),
        # bubbles
        (A, REAL, "        Call 0800 1111. I'm a computer.", "name the fact instead"),
        (A, REAL, "        Call [S21 fax]. I'm a computer.", "S21 has no fax"),
        (A, REAL, "        Hello {name}. I'm a computer.", "nothing fills {name}"),
        (A, REAL, "        " + "I am a computer. " * 12, "words; at most 45"),
        (A, REAL, "        I am a computer and it can be hard to see that when all we do is type and type and type.", "a sentence of"),
        (A, REAL, "        I am a computer programme, artificially intelligent, incapable of empathising.", "reading grade"),
        (A, REAL, "        Are you well? Who are you? I'm a computer.", "more than one question"),
        (A, REAL, "        You put yourself at risk.", 'do not write "at risk"'),
        (A, REAL, "        Well done!", 'do not write "!"'),
        (A, "        - title: Is this private?", "        - title: Is this chat private or can others read it?", "is longer than"),
        # claims
        (A, "facts: [W01, W02", "facts: [W99, W02", "W99 is not in data/facts"),
        (A, "facts: [W01, W02", "facts: [L11, W02", "L11 is unchecked"),
        (A, "facts: [W01, W02", "facts: [C08, W02", "C08"),
        (A, "facts: [W01, W02", "facts: [L08, W02", "L08 holds in England only"),
        (A, REAL, "        No. Call [S21 phone].", "S21 is used in the text but missing from facts"),
        # turns
        (A, "          payload: /ask_privacy", "          payload: /ask_secret", "leads nowhere"),
        (A, "          payload: /ask_privacy", "          payload: ask_privacy", "sends nothing readable"),
        ("data/rules/a_this_chat.yml", "action: utter_ask_privacy\n", "action: utter_ask_secret\n", "utter_ask_secret"),
        ("data/rules/a_this_chat.yml", "action: utter_ask_privacy\n", "action: utter_ask_secret\n", "utter_ask_privacy is never said"),
        ("data/rules/a_this_chat.yml", "intent: ask_privacy\n", "intent: ask_secret\n", "a dead end: no rule answers ask_privacy"),
        ("data/rules/a_this_chat.yml", "intent: ask_privacy\n", "intent: ask_secret\n", "nothing says or sends ask_secret"),
        ("data/rules/questions.yml", "action: utter_used_no_question", "action: utter_ask_privacy", "never ends a turn"),
        ("data/rules/fallback.yml", "      - action: utter_rephrase\n", "      - action: utter_rephrase\n      - action: utter_noted\n      - action: utter_noted\n", "3 bubbles; at most 2"),
        ("domain.yml", "find_a_service, ask_who_is_told, want_to_die,", "find_a_service, ask_who_is_told,", "want_to_die is missing from that slot"),
        ("data/responses/g_rights.yml", "          value: wales", "          value: england", "says nothing for nation wales"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(plant: Plant, file: str, old: str, new: str, said: str) -> None:
    # Given content with one fault in it
    found = plant(file, old, new)
    # Then the check says so in plain words, and where
    naming = [fault for fault in found if said in fault]
    assert naming, found
    assert re.match(r"(data|tests)/[a-z_/]+(\.yml)?:\d+: ", naming[0])


def test_a_turn_that_offers_no_person_is_found(plant: Plant) -> None:
    found = plant(
        A, "        - title: Talk to a person\n          payload: /talk_to_a_person\n", ""
    )
    assert any("does not end with Talk to a person" in fault for fault in found)


def test_too_many_buttons_are_found(plant: Plant) -> None:
    button = "        - title: Talk to a person\n          payload: /talk_to_a_person\n"
    assert any("buttons; at most 4" in fault for fault in plant(A, button, button * 4))


def test_a_claim_checked_long_ago_is_found(plant: Plant) -> None:
    # Given the first claim of the law file, which replies rest on, checked two years ago
    found = plant("data/facts/law.yml", "checked_on: null", 'checked_on: "2024-11-01"')
    assert any("more than a year ago" in fault for fault in found)


def test_a_file_that_is_not_yaml_is_named_with_its_line(plant: Plant) -> None:
    with pytest.raises(
        ContentError, match=r"data/responses/d_exploitation.yml:\d+: this is not YAML"
    ):
        plant(D, "responses:\n", "responses: [\n")
