"""Every claim the assistant makes rests on a fact that somebody verified for that nation."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.content import project
from tests.content.project import Reply

SHEET = project.ROOT.parent / "shared" / "content" / "facts.md"
STATUSES = {"verified", "unchecked", "conflict"}
NAMES = {
    "england": "England", "wales": "Wales", "scotland": "Scotland",
    "northern_ireland": "Northern Ireland",
}  # fmt: skip
NUMBER = re.compile(r"\b(?:999|101|111|116 \d{3}|0\d[\d ]{6,}\d|\d{5})\b")


def claim_faults(reply: Reply, facts: dict[str, dict[str, Any]]) -> list[str]:
    """Facts of a reply that are missing, unverified, or of a nation it does not speak to."""
    found = []
    for name in reply.facts:
        fact = facts.get(name)
        if fact is None:
            found.append(f"{name} does not exist")
        elif fact["status"] != "verified":
            found.append(f"{name} is {fact['status']}")
        elif set(fact["nations"]) != set(project.NATIONS):
            named = {nation for nation in fact["nations"] if NAMES[nation] in reply.text}
            if reply.nation not in fact["nations"] and not named:
                found.append(f"{name} does not hold here")
    rested_on = " ".join(
        f"{facts[name].get('phone')} {facts[name].get('text')} {facts[name].get('what')} "
        f"{facts[name].get('claim')}"
        for name in reply.facts
        if name in facts
    )
    found += [
        f"number {number} rests on nothing"
        for number in NUMBER.findall(reply.text)
        if number not in rested_on
    ]
    return found


@pytest.mark.parametrize("reply", project.replies(), ids=lambda r: f"{r.name}-{r.nation}")
def test_every_claim_rests_on_a_verified_fact_of_its_nation(reply: Reply) -> None:
    assert claim_faults(reply, project.facts()) == []


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Reply("utter_x", "Yes.", (), None, "T22", ("L99",)), "L99 does not exist"),
        (Reply("utter_x", "Yes.", (), "wales", "T22", ("L11",)), "L11 is unchecked"),
        (Reply("utter_x", "Yes.", (), "wales", "T22", ("L08",)), "L08 does not hold here"),
        (Reply("utter_x", "Call 0800 123 456.", (), None, "T22", ("S10",)),
         "number 0800 123 456 rests on nothing"),
    ],
)  # fmt: skip
def test_a_planted_claim_is_found(reply: Reply, fault: str) -> None:
    assert claim_faults(reply, project.facts()) == [fault]


def test_every_topic_reply_names_its_facts() -> None:
    assert [one.name for one in project.replies() if one.topic and not one.facts] == []


def test_every_fact_has_the_fields_the_assistant_and_the_editors_need() -> None:
    common = {"id", "nations", "ages", "source", "status"}
    for name, fact in project.facts().items():
        fields = {"name", "what", "phone", "text", "owner", "hours"} if name[0] == "S" else {
            "claim", "checked_on",
        }  # fmt: skip
        assert common | fields <= set(fact), name
        assert fact["status"] in STATUSES, name
        assert fact["nations"], name
        assert set(fact["nations"]) <= set(project.NATIONS), name
        assert set(fact["ages"]) == {"from", "to"}, name


def test_no_id_is_used_twice() -> None:
    rows = [
        row["id"]
        for path in (project.DATA / "facts").glob("*.yml")
        for rows in project.load(path).values()
        for row in rows
    ]
    assert len(rows) == len(set(rows))


def test_a_service_that_is_shown_has_a_way_to_reach_it() -> None:
    for name, fact in project.facts().items():
        if name[0] == "S" and fact["status"] == "verified" and fact["about"] is None:
            assert fact["phone"] or fact["text"] or fact["web"], name


def sheet_status(path: Path) -> dict[str, str]:
    """Status of each row of the fact sheet by id."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if re.fullmatch(r"[SLCK]\d\d", cells[0]):
            status = cells[-1]
            if cells[1].startswith("CONFLICT") or "age check: CONFLICT" in cells[1].lower():
                found[cells[0]] = "conflict"
            elif status.startswith("from general knowledge"):
                found[cells[0]] = "unchecked"
            elif "verified" in status:
                found[cells[0]] = "verified"
    return found


def disagreements(facts: dict[str, dict[str, Any]], sheet: dict[str, str]) -> list[str]:
    """Ids whose status is better than the sheet's; a letter at the end is half of a mixed row."""
    return [
        name
        for name, fact in facts.items()
        if name[0] != "W"
        and fact["status"] == "verified"
        and sheet.get(name.rstrip("abcdef")) != "verified"
    ]


@pytest.mark.skipif(not SHEET.exists(), reason="the fact sheet lies outside the repository")
def test_no_fact_claims_more_than_the_fact_sheet() -> None:
    assert disagreements(project.facts(), sheet_status(SHEET)) == []


def test_a_fact_that_claims_more_than_the_sheet_is_found() -> None:
    planted = {"L11": {"status": "verified"}, "L08": {"status": "verified"}}
    assert disagreements(planted, {"L11": "unchecked", "L08": "verified"}) == ["L11"]
