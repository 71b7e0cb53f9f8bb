"""The directory of services: by nation and need, and nothing unchecked may be passed on."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from helpline.facts import Facts
from helpline.tools import Directory, Tools, ToolsBroken
from tests.tools.conftest import TODAY


def test_every_service_stands_under_some_need(tools: Tools, facts: Facts) -> None:
    # Given the services of all needs together
    found = {
        service.id
        for need in tools.directory.needs
        for service in tools.directory.find("", need.id, TODAY)
    }
    # Then none is missing that is a service of its own
    rows = {
        fact.id
        for fact in facts.by_id.values()
        if fact.section == "services" and not fact.fields.get("about")
    }
    assert found == rows == {each.id for each in tools.directory.find("", "", TODAY)}


def test_only_a_verified_service_for_the_young_person_may_be_passed_on(
    tools: Tools, facts: Facts
) -> None:
    for service in tools.directory.find("", "", TODAY):
        row = facts.by_id[service.id]
        insertable = row.status == "verified" and row.fields.get("for") != "staff"
        if service.said is None:
            assert not insertable or not (service.phone or service.text or service.web)
        else:
            assert insertable
            assert service.said == row.part("said", TODAY)
    # And there are some of each kind, so that this was looked at
    statuses = {service.status for service in tools.directory.find("", "", TODAY)}
    assert statuses >= {"verified", "unchecked", "old"}
    assert any(service.staff for service in tools.directory.find("", "", TODAY))


def test_what_may_be_passed_on_stands_first(tools: Tools) -> None:
    for need in tools.directory.needs:
        named = [each.said is not None for each in tools.directory.find("england", need.id, TODAY)]
        assert named == sorted(named, reverse=True)


def test_services_are_those_of_the_nation(tools: Tools) -> None:
    wales = {each.name for each in tools.directory.find("wales", "rights", TODAY)}
    scotland = {each.name for each in tools.directory.find("scotland", "rights", TODAY)}
    assert "Meic" in wales
    assert "Meic" not in scotland
    # And where the nation is not known, all of them
    assert wales | scotland <= {each.name for each in tools.directory.find("?", "rights", TODAY)}


def test_hours_are_marked_as_checked_for_90_days_only(facts: Facts) -> None:
    # Given a service whose hours were checked today
    childline = facts.by_id["S21"]
    hours = {"value": "24 hours, every day", "checked_on": str(TODAY)}
    checked = type(childline)("S21", childline.section, {**childline.fields, "hours": hours})
    directory = Directory((), Facts({"S21": checked}))

    def shown(day: date) -> tuple[bool, bool]:
        [service] = directory.find("", "", day)
        return service.hours_checked, "24 hours" in (service.said or "")

    # Then they are said for 90 days, and shown as unchecked and not said after that
    assert shown(TODAY + timedelta(days=90)) == (True, True)
    assert shown(TODAY + timedelta(days=91)) == (False, False)


def test_what_else_is_known_of_a_service_stands_with_it_and_is_marked(tools: Tools) -> None:
    [safecall] = [each for each in tools.directory.find("", "", TODAY) if each.id == "S10"]
    by_id = {claim.id: claim for claim in safecall.claims}
    assert (by_id["S18"].status, by_id["S18"].staff) == ("verified", False)
    assert by_id["S14"].status == "conflict"
    assert by_id["S12"].staff


@pytest.mark.parametrize("text", ["needs: [{id: a}]", "needs: [a]", "wants: []", "needs: {"])
def test_a_broken_file_stops_the_start_and_is_named(
    facts: Facts, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "needs.yml"
    file.write_text(text)
    with pytest.raises(ToolsBroken, match=r"needs\.yml"):
        Directory.load(file, facts)
