"""Messages in other languages: told in that language, never counted as safe."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from language.normalise import read
from safeguarding import Assessment, Course, Policy, SafeguardingError
from safeguarding.languages import CODES, ENGLISH, Languages
from safeguarding.signals import load_signals

LIST = Path(__file__).with_name("languages.jsonl")
ROWS = [json.loads(line) for line in LIST.read_text("utf-8").splitlines()]
DANGERS = [row for row in ROWS if "signal" in row]
VERIFIED = {"999", "0800 1111", "116 000"}  # facts S01, S21, S10
NUMBERS = re.compile(r"\d{2,}(?: \d{3,})*")


@pytest.fixture(scope="session")
def levels(folder):
    return {name: kind.level for name, kind in load_signals(folder / "signals.yml").items()}


@pytest.fixture(scope="session")
def languages(folder, levels):
    return Languages.load(folder / "languages", levels)


def test_every_language_has_phrases_for_every_level_4_signal(languages, levels):
    # Given the phrases of all languages
    counted = Counter()
    for phrase in languages._book.phrases:
        counted[phrase.language, phrase.signal] += phrase.count

    # When counted, then each of the level 4 signals has at least eight in each of the ten
    dangers = [signal for signal, level in levels.items() if level == 4]
    assert len(dangers) == 13
    assert all(counted[code, signal] >= 8 for code in CODES for signal in dangers)


@pytest.mark.parametrize("code", CODES)
def test_the_list_holds_dangers_of_every_language(code):
    assert sum(row["language"] == code for row in DANGERS) >= 3


@pytest.mark.parametrize("row", DANGERS, ids=lambda row: f"{row['language']}-{row['text'][:30]}")
def test_danger_in_another_language_is_level_4_and_not_read(screener, row):
    # When danger is told in another language
    assessment = screener.screen(row["text"])

    # Then it is level 4 and not read, and what is quoted stands in the message as typed
    assert (assessment.level, assessment.read) == (4, False)
    found = next(signal for signal in assessment.signals if signal.id == row["signal"])
    assert found.level == 4
    assert found.evidence
    assert found.evidence in row["text"]


HARMLESS = [row for row in ROWS if "signal" not in row and row["language"] in CODES]


@pytest.mark.parametrize("row", HARMLESS, ids=lambda row: f"{row['language']}-{row['text'][:30]}")
def test_no_phrase_of_danger_is_found_in_a_harmless_message(languages, row):
    assert not languages.hear(read(row["text"])).signals


@pytest.mark.parametrize(
    "text",
    [
        "jaka dzisiaj jest pogoda",
        "aaj school mein cricket khela",
        "كيف حالك اليوم",
        "ich habe hunger und mein bruder auch",
    ],
)
def test_a_harmless_message_that_cannot_be_read_is_level_3(screener, text):
    assessment = screener.screen(text)
    assert (assessment.level, assessment.read) == (3, False)


def test_languages_are_told_apart(languages):
    # Given the list, when each message's language is told
    told = [(row["language"], languages.hear(read(row["text"])).language) for row in ROWS]

    # Then at least 95 of 100 are right, and 90 of 100 in each language
    by_language = Counter(meant for meant, _ in told)
    right = Counter(meant for meant, heard in told if heard == meant)
    print({code: f"{right[code]} of {by_language[code]}" for code in by_language})
    assert right.total() >= 0.95 * len(told)
    assert all(right[code] >= 0.9 * by_language[code] for code in by_language)


@pytest.mark.parametrize(
    "text",
    [
        "ali and maria said jose will batter me",
        "my nan agnieszka is coming from warsaw",
        "am no goin hame tae ma da",
        "tidy mun, mam is tamping with me",
        "wallahi bro i swear down",
        "my habibi left me on read",
        "how do i say je t'aime to my girlfriend",
        "gt a rlly bd hdche cnt slp",
        "got me suit for prom",
        "hе іs nоt mу fаthеr",
        "yo",
        "xx",
    ],
)
def test_english_with_names_slang_or_a_few_other_words_stays_read(languages, text):
    heard = languages.hear(read(text))
    assert (heard.language, heard.signals) == (ENGLISH, ())


def test_english_written_here_is_never_counted_as_unread(languages, folder):
    file = folder / "development" / "messages.jsonl"
    texts = [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()]
    assert [text for text in texts if not languages.hear(read(text)).read] == []


def test_an_unread_message_keeps_its_danger_in_english_words(screener):
    # Given English danger inside a message in another language
    assessment = screener.screen("mujhe samajh nahi aata kya karun he is hitting me right now")
    assert assessment.level == 4


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("level", [3, 4])
@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize("times", [1, 2])
def test_it_is_said_in_their_language_first(policy, code, level, here, times):
    # Given an unread message
    course = Course(level=level, answered=(0, times, times))
    assessment = Assessment(level, (), False, False, course, code)

    # When it is answered
    response = policy.respond(assessment, helper_here=here, opens="9am", form_active=False)

    # Then the card comes first at level 4, then their language, then English
    bubbles = list(response.bubbles)
    if level == 4:
        assert bubbles.pop(0).card == "hurt"
    theirs, english, *_ = bubbles
    said = policy.languages[code]
    assert theirs.text.startswith(said["not_read" if times == 1 else "not_read_again"])
    assert english.text.isascii()

    # And it names 999 and nothing that is not verified, is short, and quotes the real button
    assert "999" in theirs.text
    assert set(NUMBERS.findall(theirs.text)) - {"11"} <= VERIFIED
    assert len(theirs.text.split()) <= 45
    titles = {title for bubble in bubbles for title, _ in bubble.buttons}
    quoted = said["tap"].split("{button}")[0] in theirs.text
    assert quoted is bool(titles)
    if titles:
        assert ("Talk to a person" if level == 3 else "Talk") in theirs.text
        assert "{" not in theirs.text
    if times == 1 or not titles:
        assert "0800 1111" in theirs.text
        assert "116 000" in theirs.text


def test_a_language_without_wording_is_answered_in_english(policy):
    course = Course(answered=(0, 1, 1))
    assessment = Assessment(3, (), False, False, course, "other")
    (bubble,) = policy.respond(assessment, helper_here=True, opens=None, form_active=False).bubbles
    assert bubble.text == policy.words["not_read"]


@pytest.mark.parametrize(
    ("planted", "problem"),
    [
        ("- A4: (bije|kopie mnie\n", r"\) is missing"),
        ("- A4: .. mnie\n", "a gap stands"),
        ("- A4: bije ..\n", "a gap stands"),
        ("- A4: bije () mnie\n", "an empty choice"),
        ("- B1: nie chce zyc\n", "B1 is not a level 4 signal"),
        ("- Z9: bije mnie\n", "Z9 is not a level 4 signal"),
        ("- {A4: bije, A5: mnie}\n", "one name with its text"),
        ("- tap: jeszcze raz\n", "tap is there twice"),
        ("- A4: '???'\n", "cannot be compared"),
        ("\t- A4: x\n", "is not YAML"),
    ],
)
def test_a_mistake_in_a_language_stops_the_load_with_its_line(
    folder, levels, tmp_path, planted, problem
):
    # Given a language file with a mistake in its last line
    copy = tmp_path / "languages"
    shutil.copytree(folder / "languages", copy)
    text = (copy / "pl.yml").read_text("utf-8")
    (copy / "pl.yml").write_text(text + planted, "utf-8")

    # When it is loaded, then the error names file and line
    line = len(text.splitlines()) + 1
    with pytest.raises(SafeguardingError, match=rf"pl\.yml, line {line}: .*{problem}"):
        Languages.load(copy, levels)


def test_a_language_without_a_wording_stops_the_start(folder, tmp_path):
    # Given Welsh without its lines
    copy = tmp_path / "safeguarding"
    shutil.copytree(folder, copy)
    file = copy / "languages" / "cy.yml"
    file.write_text(file.read_text("utf-8").replace("- lines:", "- name:"), "utf-8")

    # When the policy is loaded, then the error says what is wrong
    with pytest.raises(SafeguardingError, match=r"cy\.yml"):
        Policy.load(copy)
