"""The modifier rules of the taxonomy, each with examples of its own.

They weigh what the patterns find, so they are tried without the model, which learns negation, time
and jokes from its examples; test_behaviours holds both together to the same rules.
"""

import pytest

from safeguarding import Course
from safeguarding.evaluation.readers import rules_alone


@pytest.fixture(scope="module")
def rules(screener):
    return rules_alone(screener)


def level(rules, text, course=None):
    return rules.screen(text, course or Course()).level


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("im not going to kill myself", 2),
        ("i would never kill myself", 2),
        ("not gonna kill myself but i want it all to stop", 3),
        ("i havent taken any of them yet", 4),
        ("he is not hitting me", 0),
        ("im not ok i want to die", 3),
    ],
)
def test_1_negation_lowers_only_what_it_governs(rules, text, expected):
    assert level(rules, text) == expected


def test_1_negation_never_alone_clears_level_4(rules):
    # Given a level 4 message and the same one negated
    assert level(rules, "i am going to stab my stepdad") == 4
    assert level(rules, "i am not going to stab my stepdad") == 3


def test_1_i_said_no_is_not_a_negation_of_harm(rules):
    assert level(rules, "i told him no but he forced himself on me") == 4


def test_2_time_raises_and_lowers(rules):
    # Given the same harm now, in the past, and in the past with that person out of reach
    assert level(rules, "i want to die tonight") == 4
    assert level(rules, "my uncle touched me when i was 8") == 3
    assert level(rules, "my uncle touched me when i was 8, im safe now") == 2
    assert level(rules, "when i was 7 he put a knife to my throat") == 3


def test_2_again_keeps_the_past_from_lowering(rules):
    text = "he tried to strangle me years ago and he strangled me again"
    assert level(rules, text) == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("he says hell post my nudes by midnight if i dont pay", 4),
        ("theyre making me marry my cousin in pakistan, we fly tomorrow", 4),
        ("my best mate just took loads of pills", 4),
    ],
)
def test_2_a_deadline_a_journey_or_a_goodbye_raises_to_4(rules, text, expected):
    assert level(rules, text) == expected


def test_3_a_friend_keeps_the_level_and_asking_for_a_friend_is_self(rules):
    assert level(rules, "my best friend wants to die") == 3
    assert level(rules, "asking 4 a friend, i want to die") == 3


def test_4_a_hypothetical_about_means_is_3_and_about_telling_is_1(rules):
    assert level(rules, "what happens if i took all the tablets") == 3
    assert level(rules, "how many paracetamol would it take to die") == 3
    assert level(rules, "what happens if i tell a teacher") == 1


def test_5_a_film_lowers_by_one_and_a_second_time_does_not(rules):
    # Given a conversation in which the first hit is put down to a film
    text = "in the film he put a knife to my throat"
    first = rules.screen(text)
    assert first.level == 3

    # When it comes again, then nothing is lowered
    assert rules.screen(text, first.course).level == 4


def test_6_a_joke_lowers_but_not_near_distress(rules):
    # Given words that may be a joke
    joke = "kms this homework"
    assert level(rules, joke) == 2

    # When distress came in the last turns, then nothing is lowered
    low = rules.screen("i feel so alone and cant cope")
    assert rules.screen(joke, low.course).level >= 3


def test_7_two_different_concerns_make_3(rules):
    # Given one concern
    first = rules.screen("he gave me a second phone just for him")
    assert first.level == 2

    # When a different one follows, then it is high risk; the same one again is not
    again = rules.screen("he gave me a second phone", first.course)
    other = rules.screen("they reported me missing again", first.course)
    assert again.course.level == 2
    assert other.level == 3


@pytest.mark.parametrize("minimising", ["jk", "nvm", "only joking forget it"])
def test_7_the_level_never_falls(rules, minimising):
    # Given danger, and then a young person who takes it back
    first = rules.screen("hes got a knife to my throat")
    after = rules.screen(minimising, first.course)

    # Then the conversation keeps its level, and the taking back is counted
    assert after.course.level == 4
    assert after.course.minimised == 1
