"""What young people may say: enough of it, varied, each under one intent only."""

import re
from collections import Counter

import pytest

from tests.content import project
from tests.content.project import Example

TOPICS = {
    "ask_if_real_person": "T01", "ask_privacy": "T02", "ask_who_is_told": "T03",
    "want_to_run_away": "T16", "ask_in_trouble_for_running_away": "T18",
    "ask_return_interview": "T22", "gifts_and_debt": "T28", "pressured_for_nudes": "T36",
    "blackmailed_over_pictures": "T38", "ask_rights": "T65", "complain": "T08", "ask_wait": "T07",
    "pass_on_a_message": "T23", "sent_a_nude": "T37",
}  # fmt: skip
BUTTONS_ONLY = {"choose_missing", "choose_pressure", "choose_rights"}


def same(text: str) -> str:
    return re.sub(r"[^a-z0-9 ]", "", text.lower()).strip()


def doubles(examples: tuple[Example, ...]) -> list[str]:
    """Texts that appear more than once, under one intent or two."""
    counted = Counter(same(example.text) for example in examples)
    return [text for text, times in counted.items() if times > 1]


def too_few(examples: tuple[Example, ...], intent: str) -> bool:
    needed = 40 if intent in {*TOPICS, "feeling_bad"} else 80 if intent == "out_of_scope" else 20
    return sum(example.intent == intent for example in examples) < needed


@pytest.mark.parametrize("intent", sorted({*project.domain()["intents"]} - BUTTONS_ONLY))
def test_every_intent_has_enough_examples(intent: str) -> None:
    assert not too_few(project.examples(), intent)


def test_an_intent_with_too_few_examples_is_found() -> None:
    assert too_few((Example("ask_rights", "rights"),) * 39, "ask_rights")


def test_a_plain_yes_no_or_thanks_is_taught_by_short_words_only() -> None:
    # A long one teaches that any sad sentence is a no.
    for intent in ("affirm", "deny", "thank"):
        lengths = [len(e.text.split()) for e in project.examples() if e.intent == intent]
        assert max(lengths) <= 6, intent


def test_no_example_is_given_twice() -> None:
    assert doubles(project.examples()) == []


def test_a_planted_double_is_found() -> None:
    planted = (Example("greet", "Hi there!"), Example("thank", "hi there"))
    assert doubles(planted) == ["hi there"]


def test_examples_are_short_and_long_and_not_one_sentence_reworded() -> None:
    for intent in TOPICS:
        lengths = [len(e.text.split()) for e in project.examples() if e.intent == intent]
        openings = Counter(
            " ".join(e.text.split()[:3]) for e in project.examples() if e.intent == intent
        )
        assert min(lengths) <= 3, intent
        assert max(lengths) >= 14, intent
        assert max(openings.values()) <= len(lengths) / 8, (intent, openings.most_common(2))


def test_every_topic_intent_names_its_topic() -> None:
    named = {entry["intent"]: entry["metadata"]["topic"] for entry in project.intents()}
    for intent, topic in named.items():
        expected = "none" if intent == "out_of_scope" else TOPICS.get(intent, "chitchat")
        assert topic == expected, intent


def test_every_marked_nation_means_one_of_ours() -> None:
    for entry in project.intents():
        for word, _ in re.findall(r"\[([^\]]*)\]\((nation)\)", entry["examples"]):
            assert project.synonyms().get(word) in {*project.NATIONS, "not_said"}, word
