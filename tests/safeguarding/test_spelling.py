"""Slips of the finger and dropped vowels are put right, one word for one."""

import pytest

from language.spelling import Spelling


@pytest.fixture
def spelling() -> Spelling:
    words = {"he": 90, "will": 60, "not": 80, "let": 40, "me": 95, "leave": 30, "outside": 20}
    words |= {"tablets": 12, "all": 50, "them": 44, "took": 20, "locked": 9, "form": 3}
    pairs = {("he", "will"): 9, ("will", "not"): 9, ("let", "me"): 9, ("me", "leave"): 9}
    return Spelling.of(words, pairs, {"looked", "teacher"})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("outsdie", "outside"),
        ("outide", "outside"),
        ("outsside", "outside"),
        ("ouyside", "outside"),
        ("tblts", "tablets"),
        ("looked", "looked"),
        ("teacher", "teacher"),
        ("xylofonia", "xylofonia"),
        ("7pm", "7pm"),
        ("помогите", "помогите"),
    ],
)
def test_one_slip_is_mended_and_known_words_stay(spelling, typed, meant):
    assert spelling.mend([typed]) == [meant]


def test_a_message_without_vowels_is_read(spelling):
    mended = spelling.mend(["h", "wll", "nt", "lt", "m", "lv"])
    assert " ".join(mended) == "he will not let me leave"


def test_what_stands_beside_a_word_decides_which_it_is():
    # Given two words with the same consonants, each at home beside another word
    counts = {"bed": 9, "bad": 9, "my": 9, "feel": 9, "in": 9, "i": 9}
    spelling = Spelling.of(counts, {("my", "bed"): 5, ("feel", "bad"): 5, ("in", "my"): 5})

    # Then the words around settle it
    assert spelling.mend(["n", "my", "bd"]) == ["in", "my", "bed"]
    assert spelling.mend(["fl", "bd", "n", "my", "bd"]) == ["feel", "bad", "in", "my", "bed"]


def test_one_short_word_without_vowels_is_left_alone(spelling):
    assert spelling.mend(["lt", "me", "leave"]) == ["lt", "me", "leave"]


def test_as_many_words_come_out_as_went_in(spelling):
    words = ["", "a" * 500, "?", ".", "tk", "zz9"]
    assert len(spelling.mend(words)) == len(words)


def test_what_is_saved_is_what_is_loaded(spelling, tmp_path):
    # Given a saved spelling, when it is loaded with a further known word, then that stays too
    rare = Spelling.of({"nicked": 9, "necked": 1}, known={"necked"})
    rare.save(tmp_path / "rare.json")
    assert Spelling.load(tmp_path / "rare.json").mend(["necked"]) == ["necked"]
    spelling.save(tmp_path / "words.json")
    loaded = Spelling.load(tmp_path / "words.json", {"outsdie"})
    assert loaded.mend(["outsdie", "tblts", "looked"]) == ["outsdie", "tablets", "looked"]
