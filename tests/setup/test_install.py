"""What set-up leaves behind: compiled packages, locked files that name no registry."""

import json
import re
import subprocess
import sys

import pytest

from helpline.settings import ROOT
from tests.setup.running import plain_environment

LOCKED = ("bot", "service", "test", "model", "tools")


@pytest.mark.parametrize("name", ["bot", "service"])
def test_what_is_installed_is_compiled(name):
    # Given an environment; Then nearly all of its modules have bytecode (a few are not valid)
    site = next((ROOT / ".venvs" / name / "lib").glob("python3.*/site-packages"))
    modules = sum(1 for _ in site.rglob("*.py"))
    compiled = sum(1 for _ in site.rglob("*.pyc"))
    assert modules > 1000
    assert compiled > 0.98 * modules


@pytest.mark.parametrize("name", LOCKED)
def test_every_package_is_locked_by_hash_and_names_no_registry(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9][^ =]*==", text, flags=re.MULTILINE)
    assert packages
    assert text.count("==") >= len(packages)
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "://" not in text
    assert "--index" not in text


def test_page_scripts_are_locked_by_hash_and_name_no_registry():
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = [entry for path, entry in lock["packages"].items() if path]
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages)
    assert not [entry for entry in packages if "resolved" in entry]


def test_a_second_set_up_does_nothing():
    # Given that set-up ran, as it did for these tests; When it runs again
    again = subprocess.run(
        [sys.executable, ROOT / "requirements" / "install.py", "--tests"],
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    # Then there is no step left
    assert again.stdout == ""
