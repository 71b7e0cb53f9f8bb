"""What helpers use at the desk is checked as what the assistant says is, and a fault is found."""

# ruff: noqa: E501 -- a table

import re
import shutil
from pathlib import Path

import pytest

from content.desk import check, replies
from content.due import report
from content.located import ContentError
from content.project import Project
from tests.content.conftest import ROOT, TODAY, Plant

R, T, N = "data/desk/replies.yml", "data/desk/topics.yml", "data/desk/needs.yml"
HERE = "      Sorry that you had to wait. I'm here now."


@pytest.fixture
def plant_here(tmp_path: Path) -> Plant:
    """As `plant`, with the checks of the desk alone: they need no examples and no rules."""
    for folder in ("desk", "facts", "responses"):
        shutil.copytree(ROOT / "data" / folder, tmp_path / "data" / folder)
    shutil.copy(ROOT / "data" / "tone.yml", tmp_path / "data")

    def planted(file: str, old: str, new: str) -> list[str]:
        path = tmp_path / file
        before = path.read_text("utf-8")
        assert old in before, "nothing to plant in"
        path.write_text(before.replace(old, new, 1), "utf-8")
        return [str(fault) for fault in check(Project(tmp_path, TODAY))]

    return planted


def test_the_check_of_all_content_reads_the_desks_files_too(plant: Plant) -> None:
    found = plant(R, HERE, "      Sorry. Call 0800 1111 now.")
    assert any(fault.startswith(R) and "name the fact instead" in fault for fault in found)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        # how a reply is written
        (R, HERE, "      Sorry. Call 0800 1111 now.", "name the fact instead"),
        (R, HERE, "      Sorry. Call [S21 fax] now.", "S21 has no fax"),
        (R, HERE, "      Sorry. Call [S99 phone] now.", "S99 is not in data/facts"),
        (R, HERE, "      Sorry, {name}. I'm here now.", 'nothing fills "{name}'),
        (R, HERE, "      Sorry. Call [s21 phone] now.", "nothing fills"),
        (R, HERE, "      " + "I am here for you. " * 10, "words; at most 45"),
        (R, HERE, "      Sorry that you had to wait for me for so long and that nobody came to this chat before I did.", "a sentence of"),
        (R, HERE, "      Apologies; availability is deteriorating considerably.", "reading grade"),
        (R, HERE, "      Are you well? Who are you? I'm here.", "more than one question"),
        (R, HERE, "      I promise to keep it secret.", 'do not write "promise"'),
        (R, HERE, "      I know how you feel.", 'do not write "I know how"'),
        (R, HERE, "      You put yourself at risk.", 'do not write "at risk"'),
        (R, HERE, "      Well done!", 'do not write "!"'),
        # what it rests on
        (R, "facts: [L01]", "facts: [L99]", "L99 is not in data/facts"),
        (R, "facts: [L01]", "facts: [L11]", "L11 is unchecked"),
        (R, "facts: [L01]", "facts: [L08]", "L08 holds in England only"),
        (R, "facts: [L01]", "facts: [S67]", "S67 is for staff only"),
        (R, "    facts: [S38]\n", "", "S38 is used in the text but missing from facts"),
        # what it is found by
        (R, "id: not-a-crime", "id: Not a crime", "its id is not small letters"),
        (R, "id: not-a-crime", "id: goodbye", "this id stands twice"),
        (R, "title: Running away is not a crime", "title: Goodbye", 'the title "Goodbye" stands twice'),
        (R, "title: Running away is not a crime", "title: ''", "its title is empty"),
        (R, "title: Running away is not a crime", f"title: {'w' * 46}", "longer than 45"),
        (R, "    tags: [holding, wait]\n", "", "it has no tags"),
        (R, "    tags: [holding, wait]\n", "    tags: [holding]\n    tagz: [wait]\n", "tagz is not known here"),
        (R, "    tags: [holding, wait]\n", "    tags: [holding]\n    language: Welsh\n", "its language is not a code"),
        # topics
        (T, "      T27: Are they using me? Is this normal?\n", "", "T27 is named 0 times"),
        (T, "      T27: ", "      T28: ", "T27 is named 0 times"),
        (T, "      T27: Are", "      T99: Are", "T99 is no topic"),
        (T, "T27: Are they using me? Is this normal?", "T27:", "T27 has no name"),
        (T, r"'\bhelpers?\b'", "'(helpers'", "is no pattern"),
        (T, r"'\bhelpers?\b'", "'unheard of'", "is in no reply of the assistant any more"),
        (T, "  T72: money mule", "  T77: money mule", "T77 is no topic"),
        (T, "      Yes, I'm a real person.", "      I'm a computer.", "only the assistant can say this"),
        (T, "      Yes, I'm a real person.", "      Yes, I'm a real person. I promise.", 'do not write "promise"'),
        (T, "    facts: [L55]", "    facts: [L99]", "L99 is not in data/facts"),
        (T, "  utter_ask_about_the_news:", "  utter_gifts_and_debt:", "nothing that only the assistant can say is replaced"),
        # needs
        (N, "kinds: [drugs]", "kinds: [drogs]", "no service is of the kind drogs"),
        (N, "kinds: [drugs]", "kinds: [lgbt]", "services of the kind drugs stand under no need"),
        (N, "services: [S80]", "services: [S999]", "there is no service S999"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(
    plant_here: Plant, file: str, old: str, new: str, said: str
) -> None:
    # Given the desk's content with one fault in it
    found = plant_here(file, old, new)
    # Then the check says so in plain words, and where
    naming = [fault for fault in found if said in fault]
    assert naming, found
    assert re.match(r"data/desk/[a-z]+\.yml:\d+: ", naming[0])


def test_a_reply_in_another_language_is_not_graded_as_english(plant_here: Plant) -> None:
    # Given a reply in Welsh that would be no good English
    welsh = "      Mae'n ddrwg gen i eich bod wedi gorfod aros. Rwyf yma nawr.\n    language: cy"
    # Then nothing is said of how it is written
    assert plant_here(R, HERE, welsh) == []


def test_what_a_reply_in_another_language_rests_on_is_checked_all_the_same(
    plant_here: Plant,
) -> None:
    found = plant_here(R, HERE, "      Ffoniwch [S71 phone].\n    facts: [S71]\n    language: cy")
    assert any("S71 is unchecked" in fault for fault in found), found


def test_a_file_of_another_shape_is_named(plant_here: Plant) -> None:
    with pytest.raises(ContentError, match=r"data/desk/replies.yml:1: it has no list of replies"):
        plant_here(R, "replies:\n", "answers:\n")


def test_there_is_a_reply_for_every_part_of_a_chat(project: Project) -> None:
    # Given the tags of all shared replies
    tags = {tag for row, _ in replies(project) for tag in row["tags"]}
    # Then there are some to open, to check, to listen, to hold on, to inform, and to end with
    wanted = ["opening", "safety", "reflecting", "holding", "rights"]
    assert tags >= {*wanted, "sharing", "services", "silence", "ending"}
    assert len(replies(project)) >= 40


def test_a_fact_that_only_a_helpers_reply_names_is_not_called_unused(project: Project) -> None:
    named = {fact for _, reply in replies(project) for fact in reply.facts}
    unused = {due.id for due in report(project) if due.heading.startswith("Unused")}
    assert named
    assert not named & unused
