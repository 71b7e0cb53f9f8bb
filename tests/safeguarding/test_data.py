"""The labelled messages: enough of each signal, and none that the measuring sets already hold."""

import json
from collections import Counter
from pathlib import Path

import pytest

from safeguarding.errors import SafeguardingError
from safeguarding.evaluation.alike import nearly_in
from safeguarding.examples import FRESH, load_dialogues, load_examples, load_turns
from safeguarding.signals import load_signals
from safeguarding.tuned import FOLDER, Tuned, data_digest

SETS = ("examples", "development", "test")
SHORT = 20
ENOUGH = {4: 300, 3: 200, 2: 100}


@pytest.fixture(scope="module")
def sets(folder: Path):
    return {name: load_examples(folder / name) for name in SETS}


def test_every_signal_has_enough_examples(folder, sets):
    # Given the examples of danger by signal
    counts = Counter(each.signal for each in sets["examples"] if each.level >= 2)

    # Then each signal has as many as its level asks for
    kinds = load_signals(folder / "signals.yml").values()
    few = {k.id: counts[k.id] for k in kinds if counts[k.id] < ENOUGH.get(k.level, 0)}
    assert not few


def test_there_are_enough_harmless_examples(sets):
    harmless = [each for each in sets["examples"] if each.level <= 1]
    assert len(harmless) >= 6000
    assert sum(each.pair is not None for each in harmless) >= 1500


def test_the_test_split_is_large_enough_and_was_read_twice(folder, sets):
    # Given the test split
    counts = Counter(each.signal for each in sets["test"] if each.level == 4)
    dialogues = load_dialogues(folder / "test")

    # Then it has what was asked for, and every message a second label in the same band
    assert len(sets["test"]) >= 1500
    assert len(dialogues) >= 60
    assert all(counts[f"A{number}"] >= 60 for number in range(1, 14))
    assert all(max(e.level, 1) == max(e.second[0], 1) for e in sets["test"])


@pytest.mark.parametrize("name", SETS)
def test_every_signal_named_exists_and_every_pair_has_two_halves(folder, sets, name):
    signals = {*load_signals(folder / "signals.yml"), "N"}
    assert {each.signal for each in sets[name]} <= signals
    pairs = Counter(each.pair for each in sets[name] if each.pair)
    assert {pair for pair, halves in pairs.items() if halves != 2} == set()


def test_no_example_is_nearly_a_message_that_measures(folder, sets):
    # Given all messages that measure, those in conversations included
    measured = [each.text for name in ("development", "test") for each in sets[name]]
    for names in FRESH.values():
        measured += [each.text for each in load_examples(folder / "test", names)]
    measured += _turns_that_measure(folder)

    # When the examples are compared with them, then none is nearly the same
    assert list(nearly_in([each.text for each in sets["examples"]], measured)) == []


def test_no_turn_of_an_example_conversation_is_nearly_one_that_measures(folder):
    turns = [turn.text for turn in load_turns(folder / "examples") if len(turn.text) >= SHORT]
    assert list(nearly_in(turns, _turns_that_measure(folder))) == []


def _turns_that_measure(folder):
    """All but the short answers ("yeah", "at my nans") that every conversation has."""
    return [
        turn
        for name in ("development", "test")
        for dialogue in load_dialogues(folder / name)
        for turn in dialogue.turns
        if len(turn) >= SHORT
    ]


def test_a_turn_is_read_after_at_most_three_others(tmp_path):
    # Given a conversation of five turns
    talk = {"id": "c", "turns": list("abcde"), "levels": [0, 0, 0, 4, 0]}
    talk["signals"] = ["N", "N", "N", "A4", "N"]
    (tmp_path / "conversations.jsonl").write_text(json.dumps(talk), "utf-8")

    # Then each turn has its own label and the three before it, oldest first
    turns = load_turns(tmp_path)
    assert [turn.level for turn in turns] == [0, 0, 0, 4, 0]
    assert [turn.before for turn in turns[:1] + turns[-1:]] == [(), ("b", "c", "d")]


def test_a_conversation_without_a_label_for_each_turn_is_refused(tmp_path):
    talk = {"id": "c", "turns": ["a", "b"], "levels": [0], "signals": ["N", "N"]}
    (tmp_path / "conversations.jsonl").write_text(json.dumps(talk), "utf-8")
    with pytest.raises(SafeguardingError, match=r"conversations\.jsonl, line 1: "):
        load_turns(tmp_path)


def test_a_planted_near_duplicate_is_found():
    measured = ["he wont let me leave his flat and took my phone"]
    planted = ["hello there", "he wont let me leave his flat, he took my phone!!"]
    assert list(nearly_in(planted, measured)) == [1]


def test_the_shipped_layers_were_tuned_on_the_present_examples(folder):
    assert Tuned.load(FOLDER).manifest["data"] == data_digest(folder / "examples")


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"text": "x", "signal": "A1", "level": 9, "kind": "clean"}',
        '{"text": "x", "signal": "A1", "level": 4, "kind": "sung"}',
        '{"signal": "A1", "level": 4, "kind": "clean"}',
    ],
)
def test_a_broken_line_is_refused_with_its_number(tmp_path, line):
    good = '{"text": "x", "signal": "N", "level": 0, "kind": "clean"}\n'
    (tmp_path / "messages.jsonl").write_text(good + line + "\n", "utf-8")
    with pytest.raises(SafeguardingError, match=r"messages\.jsonl, line 2: "):
        load_examples(tmp_path)
