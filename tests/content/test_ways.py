"""The fallback never goes round in a circle, and what is said twice running differs."""

from itertools import pairwise, product

import pytest

from content.answers import answer
from content.project import Project

UNKNOWN = {"nation": None, "age": None}


def turns(project: Project, intents: list[str]) -> list[tuple[str, ...]]:
    """What is said to each of these messages in a row."""
    last, said = None, []
    for intent in intents:
        rule = answer(project, last, intent, UNKNOWN)
        assert rule is not None, intent
        said.append(rule.actions)
        last = rule.actions[-1]
    return said


def test_every_intent_is_answered_whatever_was_said_before(project: Project) -> None:
    # Given every last sentence of ours
    last = {rule.actions[-1] for rule in project.rules if rule.actions}
    for said, intent in product([None, *last], [*project.domain["intents"], "nlu_fallback"]):
        # Then there is an answer
        assert answer(project, said, intent, UNKNOWN), (said, intent)


def test_not_being_understood_never_repeats_itself(project: Project) -> None:
    # Given any mix of six messages that were not understood or off topic
    for messages in product(["nlu_fallback", "out_of_scope"], repeat=6):
        said = turns(project, list(messages))
        # Then nothing is said twice running
        assert all(one != two for one, two in pairwise(said)), messages


@pytest.mark.parametrize(
    "intent",
    ["feeling_bad", "complain", "ask_wait", "never_mind", "gives_details", "out_of_scope", "insult",
     "test_message", "flirt", "tell_joke", "sends_link_or_picture", "be_my_friend",
     "ask_staff_details", "want_listener", "what_could_i_do", "not_sure", "greet"],
)  # fmt: skip
def test_what_is_said_over_and_over_gets_other_words_each_time(
    project: Project, intent: str
) -> None:
    said = turns(project, [intent] * 6)
    assert all(one != two for one, two in pairwise(said))


def test_three_misunderstandings_lead_from_another_wording_to_the_groups_to_a_person(
    project: Project,
) -> None:
    said = [actions[0] for actions in turns(project, ["nlu_fallback"] * 3)]
    assert said == ["utter_rephrase", "utter_rephrase_topics", "utter_rephrase_person"]
    # And the second time all the groups of topics are there as buttons
    names = ("utter_rephrase_topics", "utter_rephrase_topics_more")
    offered = {b.intent for r in project.replies if r.name in names for b in r.buttons}
    groups = {name for name in project.domain["intents"] if name.startswith("choose_")}
    assert offered >= {
        "choose_danger", "choose_missing", "choose_exploitation", "choose_online", "choose_body",
        "choose_rights", "choose_others", "talk_to_a_person",
    }  # fmt: skip
    assert "choose_this_chat" in groups


def test_from_the_groups_every_topic_can_be_reached_by_tapping(project: Project) -> None:
    # Given the buttons of the groups, and those that they lead to
    reached, waiting = set(), ["show_topics"]
    while waiting:
        intent = waiting.pop()
        rule = answer(project, None, intent, UNKNOWN)
        if intent in reached or rule is None:
            continue
        reached.add(intent)
        if intent.startswith(("show_", "choose_")):
            said = [r for r in project.replies if r.name in rule.actions]
            waiting += [b.intent for r in said for b in r.buttons if b.intent]
    topics = {intent.name for intent in project.intents if intent.topic[0] == "T"}
    # Then only what is said in danger or in passing has no button of its own
    assert topics - reached <= {"taken_somewhere", "ask_how_old_to_be"}


def test_a_yes_or_no_to_nothing_asked_opens_a_way(project: Project) -> None:
    for intent in ("affirm", "deny"):
        (name,) = answer(project, None, intent, UNKNOWN).actions  # type: ignore[union-attr]
        (reply,) = project.variations(name)
        assert "What would help" in reply.text
        assert "choose_missing" in [button.intent for button in reply.buttons]
