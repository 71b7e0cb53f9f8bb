"""Search as a hurried person types: parts of words, typos, any order; the best match first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.tools.matching import Index, words

ENTRIES = (
    "Childline",
    "Someone wants nudes",
    "The police can wait",
    "I'm still here",
    "Café at night",
)
INDEX = Index((entry, {entry: 1.0}) for entry in ENTRIES)


def test_nothing_typed_shows_everything_in_its_order() -> None:
    assert list(INDEX.find("")) == list(INDEX.find("  ?! ")) == list(ENTRIES)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("childline", "Childline"),
        ("CHILD", "Childline"),
        ("chidline", "Childline"),
        ("chidl", "Childline"),
        ("polcie", "The police can wait"),
        ("wait police", "The police can wait"),
        ("nuds", "Someone wants nudes"),
        ("im still", "I'm still here"),
        ("cafe", "Café at night"),
    ],
)
def test_it_is_found_by_part_of_a_word_with_typos_and_in_any_order(typed: str, found: str) -> None:
    assert INDEX.find(typed)[0] == found


@pytest.mark.parametrize("typed", ["xyzzy", "pol1ce1", "116", "zebra crossing"])
def test_what_nothing_is_like_finds_nothing(typed: str) -> None:
    assert INDEX.find(typed) == []


def test_a_short_word_and_a_number_are_not_taken_for_others() -> None:
    # Given entries that differ by one letter, or by one figure
    index = Index((name, {name: 1.0}) for name in ("mum", "sum", "16000", "16100"))
    # Then each finds itself alone
    assert [index.find(name) for name in ("mum", "16000")] == [["mum"], ["16000"]]


def test_the_better_match_stands_first() -> None:
    # Given the same word in a text and in a title, and one like it
    index = Index([("text", {"sleep": 0.5}), ("near", {"sleeve": 1.0}), ("title", {"sleep": 1.0})])
    assert index.find("sleep") == ["title", "text"]
    assert index.find("slepe") == ["title", "text"]


def test_a_word_that_somebody_else_misspelt_does_not_hide_what_is_meant() -> None:
    # Given an entry named rightly, and another whose examples hold the same mistake
    index = Index([("example", {"polcie": 0.3}), ("title", {"police": 1.0})])
    # Then both are found, and the right one first
    assert index.find("polcie") == ["title", "example"]


def test_an_entry_needs_most_of_what_was_typed_and_rare_words_count_more() -> None:
    # Given two entries that share a common word
    index = Index((name, {name: 1.0}) for name in ("is it private", "is it far", "is it late"))
    # Then the rare word decides
    assert index.find("is private") == ["is it private"]


@given(st.text(max_size=400))
def test_whatever_is_typed_is_answered_with_entries(typed: str) -> None:
    assert set(INDEX.find(typed)) <= set(ENTRIES)


@given(st.text(alphabet="abcdefghij ", min_size=1, max_size=40))
def test_an_entry_is_found_by_its_own_words(text: str) -> None:
    if words(text):
        assert Index([(text, {text: 1.0})]).find(text) == [text]
