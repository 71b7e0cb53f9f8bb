"""The shared replies: filled with checked facts, found by title, tag and text."""

from datetime import date
from pathlib import Path

import pytest

from helpline.facts import Facts
from helpline.tools import Replies, Tools, ToolsBroken
from tests.tools.conftest import TODAY


def test_every_reply_is_shown_with_its_facts_filled_in(tools: Tools) -> None:
    # Given all replies
    shown = tools.replies.find("", TODAY)
    assert len(shown) >= 40
    # Then no placeholder is left in any, and the numbers are those of data/facts
    assert not [each for each in shown if "[" in each.said]
    assert "0800 1111" in next(each.said for each in shown if each.reply.id == "childline")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("childline", "childline"),  # by title
        ("chidline", "childline"),
        ("overdose", "took-something"),  # by tag
        ("overdsoe", "took-something"),
        ("worship", "get-to-people"),  # by text
        ("still there", "still-there"),
        ("code word", "agree-a-word"),
        ("confidentiality", "have-to-tell"),
    ],
)
def test_a_reply_is_found_by_title_tag_and_text(tools: Tools, typed: str, first: str) -> None:
    assert first in [each.reply.id for each in tools.replies.find(typed, TODAY)][:2]


def test_hours_are_said_only_while_somebody_checked_them_lately(
    facts: Facts, tmp_path: Path
) -> None:
    # Given a reply with hours, of a service whose hours were checked on 1 November
    file = tmp_path / "replies.yml"
    file.write_text("replies: [{id: a, title: A, text: 'Call. [S21 hours] Bye.', tags: [a]}]")
    childline = facts.by_id["S21"]
    hours = {"value": "24 hours, every day", "checked_on": "2026-11-01"}
    checked = type(childline)("S21", childline.section, {**childline.fields, "hours": hours})
    replies = Replies.load(file, Facts({**facts.by_id, "S21": checked}))
    # Then they are said for 90 days, and left out after that
    assert replies.find("", date(2026, 12, 1))[0].said == "Call. Open 24 hours, every day. Bye."
    assert replies.find("", date(2027, 3, 1))[0].said == "Call. Bye."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("replies: [{id: a, title: A, tags: []}]", "reply 1 is not complete"),
        ("replies: [{id: a, title: '', text: b}]", "reply 1 is not complete"),
        ("replies: [a]", "reply 1 is not complete"),
        ("replies: [{id: a, title: A, text: '[S71 phone]'}]", "a: S71 is unchecked"),
        ("replies: [{id: a, title: A, text: b}, {id: a, title: B, text: b}]", "a stands twice"),
        ("replies: {", "replies.yml cannot be read"),
        ("[]", "replies.yml is not a mapping"),
        ("answers: []", "replies.yml has no list of replies"),
    ],
)
def test_a_broken_file_stops_the_start_and_is_named(
    facts: Facts, tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "replies.yml"
    file.write_text(text)
    with pytest.raises(ToolsBroken, match=sentence):
        Replies.load(file, facts)


def test_a_missing_file_is_named(facts: Facts, tmp_path: Path) -> None:
    with pytest.raises(ToolsBroken, match=r"replies\.yml cannot be read"):
        Replies.load(tmp_path / "replies.yml", facts)
