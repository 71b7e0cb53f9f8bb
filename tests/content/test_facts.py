"""The facts keep to the fact sheet, and are filled in as a reply is delivered."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from content.due import report
from content.project import NATIONS, Project
from helpline.facts import Fact, Facts, FactsError
from tests.content.conftest import ROOT

SHEET = ROOT.parent / "shared" / "content" / "facts.md"
STATUSES = {"verified", "unchecked", "conflict", "old"}
NAMED_ONLY = {"S35", "S46", "S63", "S66", "S67"}  # the sheet verifies no way to reach them
TODAY = date(2026, 6, 1)

ROW: dict[str, Any] = {
    "id": "S21", "name": "Childline", "what": "Talk.", "phone": "0800 1111", "text": None,
    "web": None, "nations": list(NATIONS), "ages": {"from": None, "to": 18}, "source": "a test",
    "status": "verified", "hours": {"value": "24 hours, every day", "checked_on": None},
}  # fmt: skip


def facts(**changed: Any) -> Facts:
    return Facts({"S21": Fact("S21", "services", ROW | changed)})


def test_a_number_is_filled_in_by_the_id_of_its_fact() -> None:
    assert facts().fill("Call [S21 phone]. It's free.", TODAY) == "Call 0800 1111. It's free."


@pytest.mark.parametrize(
    ("checked", "shown"),
    [
        ("2026-06-01", True),
        ("2026-03-03", True),
        ("2026-03-02", False),
        ("2026-06-02", False),
        (None, False),
    ],
)
def test_hours_are_shown_for_90_days_after_their_check_and_a_number_always(
    checked: str | None, shown: bool
) -> None:
    # Given hours that were checked on a day, or never
    known = facts(hours={"value": "24 hours, every day", "checked_on": checked})
    # When a reply names them
    said = known.fill("Call [S21 phone]. [S21 hours] It's free.", TODAY)
    # Then the number is there, and the hours only while the check is fresh
    hours = " Open 24 hours, every day." if shown else ""
    assert said == f"Call 0800 1111.{hours} It's free."


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[S99 phone]", "S99 is not in data/facts"),
        ("[S21 text]", "S21 has no text"),
        ("[S21 colour]", "S21 has no colour"),
    ],
)
def test_what_cannot_be_filled_is_never_delivered(text: str, problem: str) -> None:
    with pytest.raises(FactsError, match=problem):
        facts().fill(text, TODAY)


@pytest.mark.parametrize("status", sorted(STATUSES - {"verified"}))
def test_what_is_not_verified_is_never_delivered(status: str) -> None:
    with pytest.raises(FactsError, match=f"S21 is {status}"):
        facts(status=status).fill("[S21 phone]", TODAY)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for text in ("services: [", "services: [{id: S01}]", "services: 5", "[1]"):
        (tmp_path / "services.yml").write_text(text)
        with pytest.raises(FactsError, match=r"services\.yml"):
            Facts.load(tmp_path)


def test_an_id_that_stands_twice_is_named(tmp_path: Path) -> None:
    row = "{id: L01, status: verified, nations: [wales], ages: {from: null, to: null}, source: x}"
    (tmp_path / "law.yml").write_text(f"law:\n  - {row}\n  - {row}\n")
    with pytest.raises(FactsError, match=r"law.yml: L01 stands twice"):
        Facts.load(tmp_path)


def test_every_fact_has_the_fields_the_assistant_and_the_editors_need(project: Project) -> None:
    common = {"id", "nations", "ages", "source", "date", "status", "owner"}
    for name, fact in project.facts.by_id.items():
        fields = {"name", "what", "phone", "text", "hours"} if name[0] == "S" else {
            "claim", "checked_on",
        }  # fmt: skip
        assert common | fields <= set(fact.fields), name
        assert fact.status in STATUSES, name
        assert fact.nations, name
        assert fact.nations <= set(NATIONS), name
        assert set(fact.fields["ages"]) == {"from", "to"}, name


def test_nobody_has_checked_a_page_yet(project: Project) -> None:
    # A day in checked_on is a named person's word; none has been given
    for fact in project.facts.by_id.values():
        assert not fact.checked or fact.fields["owner"], fact.id


def test_a_service_that_is_shown_has_a_way_to_reach_it(project: Project) -> None:
    for name, fact in project.facts.by_id.items():
        row = fact.fields
        if name[0] == "S" and name not in NAMED_ONLY and row["about"] is None:
            reachable = row["phone"] or row["text"] or row["web"]
            assert reachable or fact.status != "verified", name


def test_the_report_lists_what_is_due_to_be_checked_and_unused(project: Project) -> None:
    headings = [due.heading.split(":")[0] for due in report(project)]
    assert list(dict.fromkeys(headings)) == [
        "Due", "To be checked before it can be served", "Unused",
    ]  # fmt: skip


def sheet_status(path: Path) -> dict[str, str]:
    """Status of each row of the fact sheet by id."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if re.fullmatch(r"[SLCKN]\d\d", cells[0]):
            status = cells[-1]
            if cells[1].startswith("CONFLICT"):
                found[cells[0]] = "conflict"
            elif status.startswith("from general knowledge"):
                found[cells[0]] = "unchecked"
            elif "verified" in status:
                found[cells[0]] = "verified"
    return found


def disagreements(facts: dict[str, str], sheet: dict[str, str]) -> list[str]:
    """Ids whose status is better than the sheet's; a letter at the end is part of a mixed row."""
    return [
        name
        for name, status in facts.items()
        if name[0] != "W" and status == "verified"
        if sheet.get(name.rstrip("abcdefg")) != "verified"
    ]


@pytest.mark.skipif(not SHEET.exists(), reason="the fact sheet lies outside the repository")
def test_no_fact_claims_more_than_the_fact_sheet_and_none_is_left_out(project: Project) -> None:
    sheet = sheet_status(SHEET)
    known = {name: fact.status for name, fact in project.facts.by_id.items()}
    assert disagreements(known, sheet) == []
    assert sheet.keys() <= known.keys()


def test_a_fact_that_claims_more_than_the_sheet_is_found() -> None:
    planted = {"L11": "verified", "L08": "verified"}
    assert disagreements(planted, {"L11": "unchecked", "L08": "verified"}) == ["L11"]
