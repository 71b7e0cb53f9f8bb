"""Which services are named: verified ones only, those for the young person's nation first."""

from pathlib import Path

import pytest

from actions.services import NATIONS, BadFacts, choose, load

ROW = """
  - id: {id}
    name: "{name}"
    kind: young_people
    what: "Talk."
    phone: "{phone}"
    text: null
    web: null
    nations: {nations}
    ages: {{from: null, to: null}}
    source: "a test"
    status: {status}
    hours: {{value: "24 hours, every day", checked_on: {checked}}}
    about: null
"""


def facts(folder: Path, *rows: dict[str, str]) -> Path:
    usual = {
        "id": "S1",
        "name": "Line",
        "phone": "1",
        "nations": f"[{', '.join(NATIONS)}]",
        "status": "verified",
        "checked": "null",
    }
    text = "services:" + "".join(ROW.format(**{**usual, **row}) for row in rows)
    (folder / "services.yml").write_text(text)
    return folder


def test_only_verified_services_are_ever_named(tmp_path: Path) -> None:
    # Given one service of each status
    folder = facts(
        tmp_path,
        {"name": "Sure", "status": "verified"},
        {"name": "Unsure", "status": "unchecked"},
        {"name": "Disputed", "status": "conflict"},
    )
    # When they are read
    names = [each.name for each in load(folder)]
    # Then only the verified one is there
    assert names == ["Sure"]


def test_a_service_of_another_nation_is_never_named(tmp_path: Path) -> None:
    # Given lines for everywhere and for one nation each
    folder = facts(
        tmp_path, {"name": "All"}, *({"name": one, "nations": f"[{one}]"} for one in NATIONS)
    )
    services = load(folder)
    # Then each nation hears of what takes everybody, and of its own
    for nation in NATIONS:
        assert [each.name for each in choose(services, nation)] == ["All", nation]
    # And whoever does not say hears of what is everywhere only
    for unsaid in ("not_said", None, "atlantis"):
        assert [each.name for each in choose(services, unsaid)] == ["All"]


def test_at_most_four_are_named(tmp_path: Path) -> None:
    own = [{"name": f"Own {n}", "nations": "[wales]"} for n in range(5)]
    common = [{"name": f"All {n}"} for n in range(5)]
    chosen = choose(load(facts(tmp_path, *own, *common)), "wales")
    assert [each.name for each in chosen] == ["All 0", "Own 0", "Own 1", "All 1"]


def test_broken_facts_are_named_by_file_and_row(tmp_path: Path) -> None:
    facts(tmp_path, {}, {"nations": "5"})
    with pytest.raises(BadFacts, match=r"services.yml: service 2 is not complete"):
        load(tmp_path)
    (tmp_path / "services.yml").write_text("services: [")
    with pytest.raises(BadFacts, match="not readable YAML"):
        load(tmp_path)


def test_every_nation_has_somebody_to_call_in_the_real_facts() -> None:
    services = load(Path(__file__).resolve().parents[2] / "data" / "facts")
    for nation in (*NATIONS, "not_said", None):
        chosen = choose(services, nation)
        assert len(chosen) >= 3
