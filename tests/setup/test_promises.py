"""Each promise of docs/promises.md names files and tests that exist; every fact is among them."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from helpline.settings import ROOT

PAGE = ROOT / "docs" / "promises.md"
QUOTED = re.compile(r"`([^`]+)`")
FACT = re.compile(r"\bW\d\d\b")


def rows(text: str) -> list[list[str]]:
    """The cells of every row of every table of four columns, headings left out."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "promise" and set(row[0]) != {"-"}]


@cache
def named_in(file: Path) -> frozenset[str]:
    """The names of the test functions of a file; empty where there is no such file."""
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, functions) and node.name.startswith("test_")
    )


def missing(text: str) -> list[str]:
    """Each thing that a row lacks, or names and is not there."""
    found = []
    for row in rows(text):
        if len(row) != 4 or not all(row):
            found.append(f"not four cells: {row[0]}")
            continue
        promise, _, files, tests = row
        named, run = QUOTED.findall(files), QUOTED.findall(tests)
        if not named or not run:
            found.append(f"no file or no test: {promise}")
        found += [f"no file {file}" for file in named if not (ROOT / file).is_file()]
        for test in run:
            file, _, name = test.partition("::")
            if name not in named_in(ROOT / "tests" / file):
                found.append(f"no test {test}")
    return found


def told(text: str) -> dict[str, set[str]]:
    """The tests that stand beside each fact."""
    beside: dict[str, set[str]] = {}
    for row in rows(text):
        for fact in FACT.findall(row[0]):
            beside.setdefault(fact, set()).update(QUOTED.findall(row[3]))
    return beside


def test_every_file_and_every_test_of_the_table_exists():
    text = PAGE.read_text(encoding="utf-8")
    assert len(rows(text)) > 50
    assert missing(text) == []


def test_every_fact_stands_in_the_table_with_the_test_it_names():
    # Given what the assistant says of this service, and the test each of it names
    facts = yaml.safe_load((ROOT / "data" / "facts" / "waymark.yml").read_text(encoding="utf-8"))
    named = {each["id"]: each["test"] for each in facts["waymark"] if each.get("test")}
    assert {"W01", "W25"} <= named.keys()
    # Then each stands in the table, beside that very test; and the table knows no other fact
    beside = told(PAGE.read_text(encoding="utf-8"))
    for fact, test in named.items():
        assert test.removeprefix("tests/") in beside.get(fact, set()), fact
    assert beside.keys() == named.keys()


GOOD = "| p | m | `helpline/app.py` | `setup/test_promises.py::test_a_planted_fault_is_found` |"


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        (GOOD.replace("app.py", "gone.py"), "no file helpline/gone.py"),
        (GOOD.replace("is_found", "is_gone"), "no test setup/test_promises.py::"),
        (GOOD.replace("test_promises.py", "test_gone.py"), "no test setup/test_gone.py::"),
        (GOOD.replace("`", ""), "no file or no test: p"),
        ("| p | m | `helpline/app.py` |", "not four cells: p"),
        (GOOD.replace("| m |", "| |"), "not four cells: p"),
    ],
)
def test_a_planted_fault_is_found(planted, fault):
    assert missing(GOOD) == []
    (found,) = missing(f"{GOOD}\n{planted}")
    assert found.startswith(fault)
