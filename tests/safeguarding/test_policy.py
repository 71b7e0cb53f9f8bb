"""What is said at each level: design.md, "What each level does"."""

import re
import shutil
from itertools import pairwise

import pytest

from safeguarding import Assessment, Course, Policy, SafeguardingError, Signal

VERIFIED = {"999", "55", "0800 1111", "116 000", "85258", "0800 068 4141", "116 123"}
NUMBERS = re.compile(r"(?<!\w)\d{2,}(?: \d{3,})*")


def assessed(level, *signals, read=True, failed=False, times=1, language="en"):
    found = tuple(Signal(signal, level, 0.9, "words") for signal in signals)
    course = Course(level=level, turns=times, answered=(times, times, times))
    return Assessment(level, found, read, failed, course, language)


def respond(policy, assessment, *, here=True, opens=None, form=False):
    return policy.respond(assessment, helper_here=here, opens=opens, form_active=form)


@pytest.mark.parametrize("kind", ["hurt", "medical", "suicide", "missing"])
def test_a_card_is_short_and_begins_with_the_number(policy, kind):
    card = policy.card(kind)
    assert len(card.split()) <= 25
    assert card.startswith("999")


def test_every_number_said_rests_on_a_verified_fact(policy):
    for words in policy.words.values():
        said = {n for n in NUMBERS.findall(words) if n not in {"11"}}
        assert said <= VERIFIED
        assert "!" not in words


@pytest.mark.parametrize(
    ("signal", "card"), [("A1", "medical"), ("A2", "suicide"), ("A6", "hurt"), ("A10", "missing")]
)
def test_level_4_shows_the_card_for_what_it_is_first(policy, signal, card):
    # When immediate danger is answered with a helper here
    response = respond(policy, assessed(4, signal))

    # Then the card comes first, then who can see what, then the wait with Talk and Not now
    first, may_see, asking = response.bubbles
    assert first.card == card
    assert may_see.text == (
        "A helper can see your last 3 messages. They'll write only if you tap Talk."
    )
    assert asking.text.startswith("I'm asking a helper. I'll tell you in 2 minutes if nobody can")
    assert asking.buttons == (("Talk", "/talk_to_a_person"), ("Not now", "/not_now"))

    # And the team is alerted and the assistant is not asked
    assert response.alert
    assert not response.ask_assistant


@pytest.mark.parametrize(("opens", "says"), [("9am", "No helper until 9am."), (None, "No helper")])
def test_level_4_with_nobody_here_alerts_nobody_and_says_so(policy, opens, says):
    response = respond(policy, assessed(4, "A4"), here=False, opens=opens)
    card, closed = response.bubbles
    assert card.card == "hurt"
    assert closed.text.startswith(says)
    assert "Nobody will read this" in closed.text
    assert "Childline 0800 1111" in closed.text
    assert "{" not in closed.text
    assert "116 000" not in closed.text
    assert not response.alert
    assert not response.ask_assistant


@pytest.mark.parametrize("form", [True, False])
def test_level_3_offers_a_person_and_the_assistant_answers_unless_a_form_is_active(policy, form):
    response = respond(policy, assessed(3, "B1"), form=form)
    assert [payload for _, payload in response.bubbles[0].buttons] == [
        "/talk_to_a_person",
        "/not_now",
    ]
    assert response.ask_assistant is not form
    assert not response.alert


@pytest.mark.parametrize("level", [2, 3])
def test_a_person_is_offered_under_one_name(policy, level):
    (bubble,) = respond(policy, assessed(level, "B1")).bubbles
    assert bubble.buttons[0] == ("Talk to a person", "/talk_to_a_person")


@pytest.mark.parametrize("level", [2, 3, 4])
@pytest.mark.parametrize(("here", "opens"), [(True, None), (False, "9am"), (False, None)])
@pytest.mark.parametrize(
    "kind", [{}, {"read": False}, {"read": False, "language": "pl"}, {"failed": True}]
)
def test_the_same_sentence_never_comes_twice_running(policy, level, here, opens, kind):
    # Given the same level five times in one conversation
    answers = [
        respond(policy, assessed(level, "A4", times=n, **kind), here=here, opens=opens).bubbles
        for n in range(1, 6)
    ]
    # Then no two answers running say the same, cards apart, and the buttons stay
    for before, after in pairwise(answers):
        assert after[0].card == before[0].card
        said = {bubble.text for bubble in before if not bubble.card}
        assert not said & {bubble.text for bubble in after if not bubble.card}
        assert after[-1].buttons == before[-1].buttons
    # And what comes again is not longer than what came first
    words = [sum(len(bubble.text.split()) for bubble in answer) for answer in answers]
    assert max(words[1:]) <= words[0]


def test_level_4_again_is_the_card_and_one_short_bubble_that_says_who_sees(policy):
    for times in (2, 3):
        card, again = respond(policy, assessed(4, "A4", times=times)).bubbles
        assert card.card == "hurt"
        assert "last 3 messages" in again.text
        assert again.buttons[0][0] == "Talk"


def test_a_failed_or_unread_message_offers_a_person_and_999(policy):
    for assessment in (assessed(3, failed=True), assessed(3, read=False)):
        (bubble,) = respond(policy, assessment).bubbles
        assert "999" in bubble.text
        assert bubble.buttons[0][1] == "/talk_to_a_person"


@pytest.mark.parametrize(("opens", "says"), [("9am", "No helper until 9am"), (None, "is here now")])
@pytest.mark.parametrize(
    "assessment",
    [
        assessed(2, "C1"),
        assessed(3, read=False, language="other"),
        assessed(3, read=False, language="pl"),
    ],
    ids=["a concern", "not read", "not read, in their words"],
)
def test_with_nobody_here_it_is_said_and_no_helper_is_offered(policy, assessment, opens, says):
    # When it is answered with nobody on shift
    response = respond(policy, assessment, here=False, opens=opens)
    # Then what is said of helpers is that none is here, and there is nothing to tap
    assert says in response.bubbles[-1].text
    assert not any(bubble.buttons for bubble in response.bubbles)
    # And Childline, which answers now, is named
    assert any("0800 1111" in bubble.text for bubble in response.bubbles)
    # And the assistant answers what was asked
    assert response.ask_assistant


@pytest.mark.parametrize("level", [2, 3, 4])
@pytest.mark.parametrize(
    ("here", "opens"), [(True, None), (False, "9:30am on Wednesday"), (False, None)]
)
@pytest.mark.parametrize("kind", [{}, {"read": False}, {"failed": True}])
def test_no_bubble_is_longer_than_45_words(policy, level, here, opens, kind):
    for times in (1, 2, 3):
        assessment = assessed(level, "A4", times=times, **kind)
        for bubble in respond(policy, assessment, here=here, opens=opens).bubbles:
            assert len(bubble.text.split()) <= 45


def test_an_unread_message_that_failed_is_answered_as_failed(policy):
    assessment = assessed(3, read=False, failed=True, language="pl")
    (bubble,) = respond(policy, assessment).bubbles
    assert bubble.text.startswith("I could not check that message.")


def test_below_3_the_assistant_answers(policy):
    assert len(respond(policy, assessed(2, "C1")).bubbles) == 1
    assert respond(policy, assessed(1)).bubbles == ()
    assert respond(policy, assessed(0)).ask_assistant


def test_when_nobody_came_it_is_said_with_lines_that_are_open(policy):
    assert "85258" in policy.nobody_came().text


def test_a_missing_wording_stops_the_load(folder, tmp_path):
    # Given a response file that lacks the offer
    copy = tmp_path / "safeguarding"
    shutil.copytree(folder, copy)
    kept = (copy / "response.yml").read_text("utf-8").replace("nobody_came:", "nobody_cam:")
    (copy / "response.yml").write_text(kept, "utf-8")

    # When it is loaded, then the error names it
    with pytest.raises(SafeguardingError, match=r"response\.yml: nobody_cam"):
        Policy.load(copy)
