"""The content as it stands, and a copy of it in which faults can be planted."""

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from content.check import faults
from content.project import Project

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 29)

Plant = Callable[[str, str, str], list[str]]


@pytest.fixture(scope="session")
def project() -> Project:
    return Project(ROOT, TODAY)


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Replaces the first `old` in a file of a copy; returns what the check says then."""
    for folder in ("rules", "responses", "facts", "desk"):
        shutil.copytree(ROOT / "data" / folder, tmp_path / "data" / folder)
    (tmp_path / "data" / "nlu").mkdir()
    for path in (ROOT / "data" / "nlu").glob("*.yml"):  # few examples: the check reads on at once
        few = re.sub(
            r"((?:^      - .*\n){3})(?:^      - .*\n)+", r"\1", path.read_text("utf-8"), flags=re.M
        )
        (tmp_path / "data" / "nlu" / path.name).write_text(few, "utf-8")
    shutil.copy(ROOT / "data" / "tone.yml", tmp_path / "data")
    shutil.copytree(ROOT / "tests" / "stories", tmp_path / "tests" / "stories")
    shutil.copy(ROOT / "domain.yml", tmp_path)

    def planted(file: str, old: str, new: str) -> list[str]:
        path = tmp_path / file
        before = path.read_text("utf-8")
        assert old in before, "nothing to plant in"
        path.write_text(before.replace(old, new, 1), "utf-8")
        return [str(fault) for fault in faults(tmp_path, TODAY)]

    return planted
