"""What the assistant says keeps to the tone guide and the reading rules of topics.md."""

import re

import pytest

from tests.content import project
from tests.content.project import Reply
from tests.content.reading import measure, sentences

PERSON = ("Talk to a person", "/talk_to_a_person")
NOT_SAID = ("I'd rather not say", '/inform_nation{"nation":"not_said"}')
BANNED = (
    r"prostitut", r"selling sex", r"\bboyfriend", r"\bgirlfriend", r"\brelationship",
    r"at risk", r"\brisk(y|s)?\b", r"promiscuous", r"streetwise", r"attention.seeking",
    r"explicit", r"abscond", r"refuses? to engage", r"\bvictims?\b", r"\balleged",
    r"\bI understand\b", r"\bI know how\b", r"\bbrave\b", r"why didn['’]t", r"not angry",
    r"\bI promise\b", r"totally (secret|private)", r"untraceable", r"\babuse\b", r"exploitation",
    r"24 hours a day", r"24/7", r"\b\d+(am|pm)\b", r"[!()\[\]]", r"[\U0001F000-\U0001FFFF☀-➿]",
)  # fmt: skip
STEP = re.compile(
    r"\b(call|text|tap|send|tell|ask|search|type|say it another way|closest|own words)\b", re.I
)


def faults(reply: Reply) -> list[str]:
    """What is wrong with one bubble; empty where nothing is."""
    reading = measure(reply.text)
    found = [f"says {word}" for word in BANNED if re.search(word, reply.text, re.I)]
    if reading.words > 45:
        found.append(f"{reading.words} words")
    if reading.longest_sentence > 18:
        found.append(f"a sentence of {reading.longest_sentence} words")
    if reading.mean_sentence > 11:
        found.append(f"{reading.mean_sentence:.1f} words a sentence")
    if reading.grade > 5:
        found.append(f"grade {reading.grade:.1f}")
    if len(reply.buttons) > 4:
        found.append(f"{len(reply.buttons)} buttons")
    if sum(sentence.rstrip('"').endswith("?") for sentence in sentences(reply.text)) > 1:
        found.append("more than one question")
    if "  " in reply.text or "\n" in reply.text.strip():
        found.append("loose white space")
    return found


def reply(text: str, buttons: int = 1) -> Reply:
    return Reply("utter_planted", text, (PERSON,) * buttons, None, None, ())


def identify(one: Reply) -> str:
    return f"{one.name}-{one.nation}"


@pytest.mark.parametrize("one", project.replies(), ids=identify)
def test_every_bubble_keeps_the_tone_and_reading_rules(one: Reply) -> None:
    assert faults(one) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("You are putting yourself at risk.", "says at risk"),
        ("Well done for being brave.", r"says \bbrave\b"),
        ("Call now!", r"says [!()\[\]]"),
        ("They are open 24/7 for you.", "says 24/7"),
        ("Where are you? Who is there?", "more than one question"),
        ("I am here. " * 16, "48 words"),
        ("You can go and see them and talk to them and ask them to stop it all right now then.",
         "a sentence of 20 words"),
        ("Your local authority is responsible for accommodation.", "grade 20.0"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(text: str, fault: str) -> None:
    found = faults(reply(text))
    if fault.startswith("grade"):
        assert any(one.startswith("grade") for one in found)
    else:
        assert fault in found


def test_a_fifth_button_is_found() -> None:
    assert "5 buttons" in faults(reply("Here it is.", buttons=5))


def turn_faults(bubbles: list[Reply]) -> list[str]:
    """What is wrong with the bubbles of one turn together."""
    found = []
    if len(bubbles) > 2:
        found.append(f"{len(bubbles)} bubbles")
    if PERSON not in bubbles[-1].buttons:
        found.append("no person offered at the end")
    if not any(STEP.search(bubble.text) for bubble in bubbles):
        found.append("no step")
    asked = sum(s.endswith("?") for bubble in bubbles for s in sentences(bubble.text))
    if asked > 1:
        found.append(f"{asked} questions")
    return found


def variations(name: str) -> list[Reply]:
    return [one for one in project.replies() if one.name == name]


@pytest.mark.parametrize("rule", project.rules(), ids=lambda rule: rule.name)
def test_every_turn_is_short_has_a_step_and_ends_with_the_offer_of_a_person(
    rule: project.Rule,
) -> None:
    said = [name for name in rule.actions if name.startswith("utter_")]
    for nation in (*project.NATIONS, None):
        # Given the bubbles this rule says to somebody in this nation
        bubbles = [pick(name, nation) for name in said]
        # Then together they keep to the rules of one turn
        topical = any(bubble.topic for bubble in bubbles)
        found = turn_faults(bubbles) if bubbles else []
        assert [one for one in found if topical or one != "no step"] == []


def pick(name: str, nation: str | None) -> Reply:
    """The variation Rasa would say: the nation's own, else the one without a condition."""
    own = [one for one in variations(name) if one.nation == nation]
    return (own or [one for one in variations(name) if one.nation is None])[0]


def test_a_turn_without_a_person_or_a_step_is_found() -> None:
    bubble = Reply("utter_planted", "That is hard.", (), None, "T99", ())
    assert turn_faults([bubble, bubble, bubble]) == [
        "3 bubbles", "no person offered at the end", "no step",
    ]  # fmt: skip


def test_every_reply_that_differs_by_nation_speaks_to_all_four_and_to_those_who_do_not_say() -> (
    None
):
    for name in {one.name for one in project.replies() if one.nation}:
        assert sorted(str(one.nation) for one in variations(name)) == sorted(
            [*project.NATIONS, "None"]
        )


def test_whoever_is_asked_where_they_live_can_say_any_nation_or_not_say() -> None:
    for rule in project.rules():
        if any(name.startswith("utter_ask_nation") for name in rule.actions):
            offered = [b for name in rule.actions for one in variations(name) for b in one.buttons]
            named = [project.payload(value)[1].get("nation") for _, value in offered]
            assert {*project.NATIONS, "not_said"} <= set(named)
            assert NOT_SAID in offered


def test_every_button_leads_somewhere() -> None:
    known = {*project.domain()["intents"], *project.HANDLED_BY_SERVICE}
    for one in project.replies():
        for title, value in one.buttons:
            intent, entities = project.payload(value)
            assert intent in known, (one.name, title)
            assert set(entities) <= set(project.domain()["entities"]), (one.name, title)
