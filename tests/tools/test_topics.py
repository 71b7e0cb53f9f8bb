"""The assistant's topics at the desk: all of them, right for nation and age, true from a helper."""

import re
import shutil
from itertools import product
from pathlib import Path

import pytest

from content.project import AGES, NATIONS
from content.topics import TOPICS
from helpline.facts import Facts
from helpline.tools import Tools, ToolsBroken, Topics
from helpline.tools.topics import NOT_SAID
from tests.conftest import ROOT
from tests.tools.conftest import TODAY

EVERYBODY = list(product((*NATIONS, NOT_SAID), (*AGES, NOT_SAID)))


def test_every_topic_is_answered_for_every_nation_and_age(tools: Tools) -> None:
    for nation, age in EVERYBODY:
        found = tools.topics.find("", nation, age, TODAY)
        # Then each stands once, with one or two bubbles in which every fact is filled in
        assert sorted(answer.topic.id for answer in found) == sorted(TOPICS)
        for answer in found:
            assert 1 <= len(answer.bubbles) <= 2, answer.topic
            assert not [bubble for bubble in answer.bubbles if "[" in bubble.said], answer.topic


def test_an_answer_is_that_of_the_nation_and_the_age(tools: Tools) -> None:
    def said(topic: str, nation: str, age: str = NOT_SAID) -> str:
        found = tools.topics.answer(topic, nation, age, TODAY)
        assert found
        return " ".join(bubble.said for bubble in found.bubbles)

    assert "Meic" in said("T50", "wales")
    assert "Meic" not in said("T50", "scotland")
    assert said("T21", NOT_SAID, "under_16") != said("T21", NOT_SAID, "18_over")
    # And one that is not known counts as not said
    assert said("T50", "atlantis", "900") == said("T50", NOT_SAID)
    assert tools.topics.answer("T99", NOT_SAID, NOT_SAID, TODAY) is None


def test_a_topic_says_what_its_answer_depends_on(tools: Tools) -> None:
    by_id = {each.topic.id: each.topic for each in tools.topics.find("", "", "", TODAY)}
    assert by_id["T65"].differs == ("nation",)
    assert by_id["T21"].differs == ("age",)
    assert by_id["T28"].differs == ()


def test_what_only_the_assistant_can_truly_say_is_never_sent(tools: Tools) -> None:
    # Given every bubble that a helper could send
    sent = {
        text
        for nation, age in EVERYBODY
        for answer in tools.topics.find("", nation, age, TODAY)
        for text in answer.to_send
    }
    # Then none says that a computer writes, that helpers are others, or to tap a button of its own
    spoken = re.compile(
        r"\bI'm a computer|\bour computer|\bhelpers?\b|\btap (below|what|the one)|"
        r"\btap \"Talk|chat with me|I can't tell (the )?police",
        re.I,
    )
    assert len(sent) > 150
    assert not [text for text in sent if spoken.search(text)]


def test_in_place_of_what_the_assistant_says_of_itself_a_helper_sends_their_own(
    tools: Tools,
) -> None:
    found = tools.topics.answer("T01", "wales", "under_16", TODAY)
    assert found
    assert found.to_send[0].startswith("Yes, I'm a real person.")


def test_a_topic_that_is_all_the_assistants_own_has_nothing_to_send(tools: Tools) -> None:
    for topic in ("T07", "T08"):
        found = tools.topics.answer(topic, NOT_SAID, NOT_SAID, TODAY)
        assert found
        assert found.bubbles
        assert found.to_send == ()


@pytest.mark.parametrize(
    ("typed", "topic"),
    [
        ("nudes", "T36"),
        ("return interveiw", "T22"),
        ("T31", "T31"),
        ("owe him", "T28"),
        ("sleep tonight", "T24"),
        ("polcie", "T52"),
        ("arrested", "T54"),
        ("morning after pill", "T44"),
        ("county lines", "T34"),
        ("suicidal", "T13"),
    ],
)
def test_a_topic_is_found_by_its_name_its_answer_and_what_is_asked(
    tools: Tools, typed: str, topic: str
) -> None:
    assert topic in [each.topic.id for each in tools.topics.find(typed, "", "", TODAY)][:4]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("      T27: ", "      T99: ", "KeyError"),
        (r"'\bhelpers?\b'", "'(helpers'", "topics.yml"),
        ("assistant_only:", "only:", "assistant_only"),
    ],
)
def test_a_broken_file_stops_the_start_and_is_named(
    facts: Facts, tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    for folder in ("nlu", "rules", "responses", "desk"):
        shutil.copytree(ROOT / "data" / folder, tmp_path / "data" / folder)
    file = tmp_path / "data" / "desk" / "topics.yml"
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(ToolsBroken, match=sentence):
        Topics.load(tmp_path / "data", facts)
