"""Screening answers whatever it is given, in time, and never counts a failure as safe."""

import dataclasses
import json
import logging
import shutil
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safeguarding import Course, SafeguardingError, Screener
from safeguarding.examples import PLAIN, load_examples
from safeguarding.judging import judge
from safeguarding.model import View


@given(st.text(alphabet=st.characters(), max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_gets_an_answer(screener, text):
    # Given any characters, lone surrogates included, when screened, then nothing fails inside
    assessment = screener.screen(text)
    assert not assessment.failed
    json.dumps([signal.evidence for signal in assessment.signals]).encode("utf-8")


@pytest.mark.parametrize(
    "text", ["", "a" * 2000, "a̷̢" * 1000, "💀" * 500, "\0" * 50, "me he is. " * 200, "\u202e" * 99]
)
def test_awkward_text_gets_an_answer(screener, text):
    assert not screener.screen(text).failed


class _BrokenPatterns:
    words = frozenset()

    def find(self, words):
        raise RuntimeError(" ".join(words))


def test_a_failure_inside_counts_as_high_risk_and_logs_no_text(screener, caplog):
    # Given a screener whose patterns fail
    broken = dataclasses.replace(screener, patterns=_BrokenPatterns())

    # When a message is screened
    with caplog.at_level(logging.DEBUG):
        assessment = broken.screen("secretword")

    # Then it is level 3, failed, the course rises, and the log does not hold the message
    assert (assessment.level, assessment.failed, assessment.course.level) == (3, True, 3)
    assert "RuntimeError" in caplog.text
    assert "secretword" not in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "помогите мне он меня бьет",
        "ساعدني من فضلك هو يضربني",
        "nie chce wracać do domu, boję się go",
        "je ne veux pas rentrer chez moi il est dans la maison",
    ],
)
def test_what_cannot_be_read_is_never_safe(screener, text):
    assessment = screener.screen(text)
    assert not assessment.read
    assert assessment.level >= 3


@pytest.mark.parametrize("text", ["hi", "ok", "😂😂", "wagwan", "i am sad", "yh same tbh lol", ""])
def test_short_english_counts_as_read(screener, text):
    assert screener.screen(text).read


def test_a_course_survives_the_way_through_json(screener):
    # Given the course of a conversation
    course = screener.screen("my uncle touches me").course

    # When it goes through JSON, then it is the same, and holds no word of the message
    assert Course.from_json(json.loads(json.dumps(course.to_json()))) == course
    assert "uncle" not in json.dumps(course.to_json())


def test_the_course_counts_what_was_answered_and_reads_one_kept_before_that(screener):
    # Given two messages of high risk and one of immediate danger
    course = Course()
    for text in ("my uncle touches me", "my uncle touches me", "hes hitting me rn"):
        course = screener.screen(text, course).course
    assert course.answered == (0, 2, 1)

    # When a course was kept before answers were counted, then it still opens
    kept = {name: value for name, value in course.to_json().items() if name != "answered"}
    assert Course.from_json(kept).answered == (0, 0, 0)


def test_memory_of_words_does_not_grow_with_messages(screener):
    # Given the words spaCy knows
    before = len(screener.patterns._vocab.strings)

    # When messages with words it has never seen are screened
    screener.screen("zyxwvut my secret xylofonia name is quozzle")

    # Then it has learnt none of them
    assert len(screener.patterns._vocab.strings) == before


def test_screening_is_quick(screener):
    # Given an ordinary message and the longest one
    short = "he wont let me see my mates and checks my phone all the time, says its love. " * 2
    long = ("he said they will be here and my mum is going to be in the house with us " * 30)[:2000]
    screener.screen(long)

    # When each is screened, then it is quick (bounds generous for a busy machine)
    for text, most in ((short[:160], 0.05), (long, 0.5)):
        times = []
        for _ in range(5):
            began = time.perf_counter()
            screener.screen(text)
            times.append(time.perf_counter() - began)
        assert min(times) < most


@pytest.mark.parametrize(
    ("planted", "line"),
    [
        ("A4:\n  says:\n    - he (is hitting me\n", 3),
        ("A4:\n  says:\n    - <nobody> hits me\n", 3),
        ("A4:\n  says:\n    - .. hits me\n", 3),
        ("A4:\n  says:\n    - {say: hits me, level: 9}\n", 3),
        ("A4:\n  says:\n    - fine words\n  sayz:\n    - more\n", 4),
        ("Z9:\n  says:\n    - hits me\n", 1),
        ("A4:\n  says:\n\t- x\n", 3),
    ],
)
def test_a_broken_pattern_file_stops_the_load_with_its_line(folder, tmp_path, planted, line):
    # Given the project's files and one with a mistake
    copy = tmp_path / "safeguarding"
    shutil.copytree(folder, copy)
    (copy / "patterns" / "broken.yml").write_text(planted, "utf-8")

    # When it is loaded, then the error names file and line
    with pytest.raises(SafeguardingError, match=rf"broken\.yml, line {line}: "):
        Screener.load(copy)


def test_a_signal_without_a_card_stops_the_load(folder, tmp_path):
    # Given a level 4 signal that names no card
    copy = tmp_path / "safeguarding"
    shutil.copytree(folder, copy)
    row = "- {id: A99, level: 4, name: x, source: x, desk: x}\n"
    (copy / "signals.yml").write_text(row, "utf-8")

    # When it is loaded, then the error says so
    with pytest.raises(SafeguardingError, match=r"signals\.yml, line 1: A99 is level 4"):
        Screener.load(copy)


def test_there_are_37_signals_and_every_one_is_looked_for(screener):
    assert len(screener.kinds) == 37
    written = {rule.line.name for rule in screener.patterns._rules}
    assert {s for s, kind in screener.kinds.items() if kind.level >= 2} <= written


def test_in_talk_to_a_service_an_alarm_takes_more(screener):
    # Given a message that the model holds likely to be of high risk, and not sure
    vector = np.zeros(256, dtype=np.float32)
    view = View(0, 3, (0.9, 0.8, 0.2), {"A6": 0.7, "N": 0.3}, vector)
    kinds, model = screener.kinds, screener.model

    def level(*, to_service):
        found = judge(model, [view], kinds, lambda start, end: "words", lambda _: to_service)
        return max(signal.level for signal in found)

    # Then it is an alarm, but not beside the words of a bank
    assert level(to_service=False) == 3
    assert level(to_service=True) == 2


@pytest.mark.parametrize(
    "text",
    [
        "he took my bank card and my account and hes hitting me right now",
        "they make me transfer payments from my account and say theyll stab me if i stop",
        "im locked in his flat, he says i get my phone back when the payment for the order clears",
    ],
)
def test_words_of_a_bank_or_a_shop_hide_no_danger(screener, text):
    assert screener.screen(text).level >= 3


def test_danger_in_plain_words_is_noticed_and_ordinary_life_is_not(screener, folder):
    reads = [
        (each.level, screener.screen(each.text).level)
        for each in load_examples(folder / "test", PLAIN)
    ]
    for level, floor in ((4, 0.90), (3, 0.80)):
        found = [said >= 3 for labelled, said in reads if labelled == level]
        assert sum(found) / len(found) >= floor, (level, sum(found), len(found))
    alarmed = [said >= 3 for labelled, said in reads if labelled <= 1]
    assert sum(alarmed) / len(alarmed) <= 0.02
