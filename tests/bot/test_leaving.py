"""What may fill a form and what leaves it, decided in one place for every form."""

import json
import subprocess
from typing import Any

import pytest

from tests.bot.conftest import PYTHON, ROOT

ASK = """
import json, sys
from bot.leaving import is_answer
heard, level, typed = json.load(sys.stdin)
print(is_answer(heard, level, typed=typed))
"""


def may_answer(
    text: str, intent: str, confidence: float, level: int = 0, typed: bool = True
) -> bool:
    heard: dict[str, Any] = {"text": text, "intent": {"name": intent, "confidence": confidence}}
    done = subprocess.run(
        [PYTHON, "-c", ASK],
        cwd=ROOT,
        input=json.dumps([heard, level, typed]),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip() == "True"


@pytest.mark.parametrize(
    ("text", "intent", "confidence", "level", "expected"),
    [
        ("my nan", "pass_on_a_message", 0.4, 0, True),
        ("my nan", "pass_on_a_message", 0.9, 0, False),
        ("the library in town by the bus", "ask_where_to_sleep", 0.3, 0, True),
        ("is this private", "ask_privacy", 0.9, 0, False),
        ("who reads this?", "nlu_fallback", 0.3, 0, False),
        ("my mate jo", "ask_privacy", 0.2, 3, False),
        ("stop", "never_mind", 0.4, 0, False),
        ("i want a person", "talk_to_a_person", 0.4, 0, False),
        ("dunno", "not_sure", 0.9, 0, False),
        ("no", "deny", 0.9, 0, False),
        ("big steve", "nlu_fallback", 0.3, 0, True),
        ("how do i know if anyone is there?", "ask_wait", 0.2, 0, False),
    ],
)
def test_another_topic_danger_or_a_question_is_never_an_answer(
    text: str, intent: str, confidence: float, level: int, expected: bool
) -> None:
    assert may_answer(text, intent, confidence, level) is expected


def test_a_button_answers_only_if_it_is_the_forms_own() -> None:
    assert may_answer("/inform_plan", "inform_plan", 1.0, typed=False)
    assert not may_answer("/ask_privacy", "ask_privacy", 1.0, typed=False)
