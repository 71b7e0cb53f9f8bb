"""The charity edits data/desk/record.yml; a mistake in it stops the start with its line."""

from pathlib import Path

import pytest
import yaml

from helpline.conversation import answers
from helpline.conversation.errors import Invalid
from helpline.conversation.forms import FormBroken, Forms
from safeguarding.signals import load_signals
from tests.conftest import ROOT

FILE = ROOT / "data" / "desk" / "record.yml"


@pytest.fixture(scope="module")
def signals():
    return load_signals(ROOT / "data" / "safeguarding" / "signals.yml")


@pytest.fixture(scope="module")
def forms(signals):
    return Forms.load(FILE, signals)


def test_safe_contact_is_asked_first_and_few_answers_are_needed(forms):
    # Then the first thing asked is how they can be reached safely
    first = forms.record[0]
    assert first.id == "safe_contact"
    assert {"phone_seen_by", "safe_hours", "code_word"} <= {field.id for field in first.fields}
    # And of all that is asked few answers are needed
    needed = [field for section in forms.record for field in section.fields if field.required]
    assert 0 < len(needed) <= 6


def test_the_categories_have_two_levels_and_cover_what_the_issue_names(forms):
    assert {upper.id for upper in forms.categories} == {
        "missing",
        "sexual_exploitation",
        "criminal_exploitation",
        "trafficking",
        "online_harm",
        "home",
        "relationships",
        "mental_health",
        "rights",
        "other",
    }
    assert all(len(upper.parts) >= 3 for upper in forms.categories)
    assert (
        forms.label_of(forms.of_record("categories"), "home.hurt") == "Home and care: Hurt at home"
    )


def test_every_sign_of_danger_can_be_ticked_gravest_first(forms, signals):
    levels = [signal.level for signal in forms.signals]
    assert levels == sorted(levels, reverse=True)
    assert {signal.id for signal in forms.signals} == {k for k, s in signals.items() if s.level > 1}


MISTAKES = [
    (
        "      - id: safe_hours",
        "      - id: phone_seen_by",
        "the field phone_seen_by is there twice",
    ),
    ("        kind: many\n", "        kind: several\n", "kind must be one, many, text"),
    ("  - id: safe_contact\n", "  - id: phones\n", "the first section must be safe_contact"),
    ("{id: self, label:", "{id: self, wording:", "label is missing"),
    ("label: A young person about themselves", "label: A test", "a contact is never called a test"),
    ("{id: broken, label: Broken}", "{id: open, label: Broken}", "needs the choice broken"),
    ("{id: talk, label:", "{id: no, label:", "id must be text: put it in quotes"),
    ("{id: agree, label:", "{id: yes_, label:", "views must be agree, disagree, questions"),
    (
        "      - {id: hurt, label: Hurt at home}",
        "      - {id: neglect, label: Hurt}",
        "neglect is there twice",
    ),
    (
        "    title: Safe contact\n",
        "    title: Safe contact\n    title: Safe\n",
        "title is there twice",
    ),
    (
        "    title: Safe contact\n",
        "    title: Safe contact\n    colour: red\n",
        "colour is not known here",
    ),
    ("        kind: categories\n", "        kind: text\n", "must be of the kind categories"),
    ("record:\n", "record: [\n", "this is not YAML"),
]


@pytest.mark.parametrize(("right", "wrong", "sentence"), MISTAKES, ids=[m[2] for m in MISTAKES])
def test_a_mistake_is_named_with_the_file_and_the_line(
    tmp_path: Path, signals, right, wrong, sentence
):
    # Given the charity's file with one mistake
    text = FILE.read_text("utf-8")
    assert text.count(right) >= 1
    file = tmp_path / "record.yml"
    file.write_text(text.replace(right, wrong, 1), "utf-8")
    # Then it is refused in one sentence that names the file, the line and the mistake
    with pytest.raises(FormBroken) as refused:
        Forms.load(file, signals)
    told = str(refused.value)
    assert told.startswith(f"{file}, line ")
    assert sentence in told
    assert told.count("\n") == 0
    # And the line is near the mistake
    line = int(told.removeprefix(f"{file}, line ").split(":")[0])
    planted = text[: text.index(right)].count("\n") + 1
    assert abs(line - planted) <= 10


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path, signals):
    with pytest.raises(FormBroken, match="cannot be read"):
        Forms.load(tmp_path / "record.yml", signals)
    (tmp_path / "record.yml").write_bytes(b"\xff\xfe")
    with pytest.raises(FormBroken, match="cannot be read"):
        Forms.load(tmp_path / "record.yml", signals)
    (tmp_path / "record.yml").write_text("", "utf-8")
    with pytest.raises(FormBroken, match=r"record\.yml, line 1"):
        Forms.load(tmp_path / "record.yml", signals)


def test_answers_are_kept_only_as_the_form_has_them(forms):
    # Given what a page sent, choices out of order, and a field the form does not have
    given = answers.read(
        forms,
        forms.record,
        {
            "contact": ["self"],
            "categories": ["home.hurt", "missing.away_now"],
            "safe_hours": ["  after nine\r\n"],
            "area": ["   "],
            "made_up": ["x"],
        },
    )
    # Then they are kept in the form's order, tidied, and nothing else is
    assert given == {
        "contact": "self",
        "categories": ["missing.away_now", "home.hurt"],
        "safe_hours": "after nine",
    }
    # And a choice that the form does not have, or too much, is refused
    with pytest.raises(Invalid):
        answers.read(forms, forms.record, {"contact": ["test"]})
    with pytest.raises(Invalid) as refused:
        answers.read(forms, forms.record, {"area": ["a" * 121]})
    assert refused.value.message == "Area, only as they said it: at most 120 characters."


def test_what_is_missing_is_told_and_little_is_asked_of_an_abusive_contact(forms):
    # Given nothing
    needed = {field.id for section in forms.record for field in section.fields if field.required}
    assert {question.id for question in answers.missing(forms.record, {})} == needed
    # And a contact that was abusive
    assert answers.missing(forms.record, {"contact": "abusive"}) == []


def test_answers_are_written_out_in_words_and_an_old_choice_by_its_id(forms):
    told = dict(
        answers.write_out(
            forms,
            forms.record,
            {"contact": "self", "categories": ["home.hurt", "home.gone"], "area": "Leeds"},
        )
    )
    assert told["Who wrote"] == [
        ("This contact", ["A young person about themselves"]),
        ("Area, only as they said it", ["Leeds"]),
    ]
    assert told["What it was about"] == [
        ("Categories", ["Home and care: Hurt at home", "Home and care: home.gone"])
    ]


def test_the_file_is_plain_enough_to_edit():
    # Then every label is short enough to be read at a glance
    def labels(node):
        if isinstance(node, dict):
            yield from (str(v) for k, v in node.items() if k == "label")
            for value in node.values():
                yield from labels(value)
        elif isinstance(node, list):
            for value in node:
                yield from labels(value)

    found = list(labels(yaml.safe_load(FILE.read_text("utf-8"))))
    assert len(found) > 100
    assert max(map(len, found)) <= 60
