"""Every intent is answered from any state, and the fallback never goes round in a circle."""

from itertools import pairwise, product

import pytest

from tests.content import project


def answer(last: str | None, intent: str, nation_known: bool) -> tuple[str, ...] | None:
    """The turn the rules give: the rule that also matches what we said last wins, as in Rasa."""
    fitting = [
        rule
        for rule in project.rules()
        if rule.intent == intent
        and rule.after in (None, last)
        and rule.nation_known in (None, nation_known)
    ]
    return max(fitting, key=lambda rule: rule.after is not None).actions if fitting else None


def test_every_intent_is_answered_whatever_was_said_before() -> None:
    # Given every last sentence of ours, and a nation known or not
    said = {actions[-1] for rule in project.rules() if (actions := rule.actions)}
    for last, nation_known in product([None, *said], [True, False]):
        for intent in [*project.domain()["intents"], "nlu_fallback"]:
            # Then there is an answer
            assert answer(last, intent, nation_known), (last, intent, nation_known)


def test_not_being_understood_never_repeats_itself_and_soon_offers_a_person() -> None:
    # Given any mix of six messages that were not understood or off topic
    for messages in product(["nlu_fallback", "out_of_scope"], repeat=6):
        last, said = None, []
        for intent in messages:
            actions = answer(last, intent, nation_known=False)
            assert actions is not None
            said.append(actions)
            last = actions[-1]
        # Then nothing is said twice running
        assert all(one != two for one, two in pairwise(said)), messages


@pytest.mark.parametrize(
    "intent", ["feeling_bad", "complain", "ask_wait", "never_mind", "gives_details", "out_of_scope"]
)
def test_what_is_said_over_and_over_never_gets_the_same_words_twice_running(intent: str) -> None:
    # Given the same kind of message six times
    last, said = None, []
    for _ in range(6):
        actions = answer(last, intent, nation_known=False)
        assert actions is not None
        said.append(actions)
        last = actions[-1]
    # Then each reply differs from the one before
    assert all(one != two for one, two in pairwise(said))


def test_what_we_do_not_know_is_said_in_four_ways_before_one_comes_again() -> None:
    last, said = None, []
    for _ in range(4):
        last = answer(last, "out_of_scope", nation_known=False)[-1]
        said.append(last)
    assert len(set(said)) == 4


@pytest.mark.parametrize("intent", ["affirm", "deny"])
def test_a_yes_or_no_to_nothing_asked_opens_a_way(intent: str) -> None:
    # Given a yes or no out of the blue
    (name,) = answer(None, intent, nation_known=False)
    (reply,) = [one for one in project.replies() if one.name == name]
    # Then the reply asks what would help and offers the topics
    assert "What would help" in reply.text
    assert "/choose_missing" in [button for _, button in reply.buttons]


def test_three_misunderstandings_in_a_row_lead_to_a_person() -> None:
    last, said = None, []
    for _ in range(3):
        last = answer(last, "nlu_fallback", nation_known=False)[-1]
        said.append(last)
    assert said == ["utter_rephrase", "utter_rephrase_topics", "utter_rephrase_person"]


def test_an_understood_message_starts_the_count_over() -> None:
    understood = answer("utter_rephrase_topics", "ask_privacy", nation_known=False)[-1]
    assert answer(understood, "nlu_fallback", nation_known=False) == ("utter_rephrase",)


def test_every_reply_is_used_and_every_action_exists() -> None:
    used = {name for rule in project.rules() for name in rule.actions}
    written = {one.name for one in project.replies()}
    assert written <= used
    assert used - written == set(project.domain()["actions"])


def test_stories_have_two_to_six_turns_and_there_are_at_least_eight() -> None:
    stories = [
        story
        for path in (project.DATA / "stories").glob("*.yml")
        for story in project.load(path)["stories"]
    ]
    assert len(stories) >= 8
    for story in stories:
        assert 2 <= sum("intent" in step for step in story["steps"]) <= 6, story["story"]
