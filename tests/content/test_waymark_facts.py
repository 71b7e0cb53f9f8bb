"""What is said of Waymark itself is held by a test of the product that exists."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from content.project import Project
from tests.content.conftest import ROOT


def named_in(path: Path) -> set[str]:
    """The names of the tests of one file, as pytest would collect them."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = ast.parse(path.read_text("utf-8")).body
    return {node.name for node in found if isinstance(node, functions) and node.name[:5] == "test_"}


def problem(row: Mapping[str, Any], root: Path = ROOT) -> str | None:
    """Why no test holds this fact; None where one does."""
    named = row.get("test")
    if not isinstance(named, str) or not named:
        return f"{row['id']} names no test."
    file, _, name = named.partition("::")
    path = root / file
    if not file.startswith("tests/") or not path.name.startswith("test_") or not path.is_file():
        return f"{row['id']}: there is no file of tests {file}."
    return None if name in named_in(path) else f"{row['id']}: {file} has no {name or 'test'}."


def test_every_fact_of_waymark_is_held_by_a_test_that_exists(project: Project) -> None:
    # Given the facts about Waymark itself
    rows = [fact for name, fact in project.facts.by_id.items() if name[0] == "W"]
    assert len(rows) >= 25
    assert all(fact.section == "waymark" for fact in rows)
    # Then each is held by a test, and only what is held counts as verified
    assert [why for fact in rows if (why := problem(fact.fields))] == []
    assert {fact.status for fact in rows} == {"verified"}


@pytest.mark.parametrize(
    ("test", "why"),
    [
        (None, "names no test"),
        ("", "names no test"),
        ("tests/content/test_gone.py::test_x", "no file of tests"),
        ("content/check.py::faults", "no file of tests"),
        ("tests/content/conftest.py::plant", "no file of tests"),
        ("tests/content/test_waymark_facts.py", "has no test"),
        ("tests/content/test_waymark_facts.py::test_gone", "has no test_gone"),
        ("tests/content/test_waymark_facts.py::problem", "has no problem"),
    ],
)
def test_a_fact_that_nothing_holds_is_found(test: str | None, why: str) -> None:
    assert why in str(problem({"id": "W99", "test": test}))


def test_a_fact_that_is_held_is_not_found() -> None:
    named = f"tests/content/{Path(__file__).name}::test_a_fact_that_is_held_is_not_found"
    assert problem({"id": "W99", "test": named}) is None
