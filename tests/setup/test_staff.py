"""Staff and retention on the command line, in a state folder that is not there yet."""

import subprocess
from pathlib import Path

from tests.conftest import ROOT

PASSWORD = "a long enough password"


def waymark(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "waymark", *words], input=stdin, capture_output=True, text=True, check=False
    )


def add(home: Path, name: str, role: str) -> subprocess.CompletedProcess[str]:
    words = ["staff", "add", "--name", name, "--role", role, "--password-stdin"]
    return waymark(*words, "--home", str(home), stdin=PASSWORD + "\n")


def test_the_first_supervisor_is_shown_a_recovery_key_and_the_next_is_not(tmp_path: Path) -> None:
    home = tmp_path / "state"
    first, second = add(home, "ann", "supervisor"), add(home, "ben", "supervisor")
    assert (first.returncode, second.returncode) == (0, 0)
    assert "TOTP secret" in first.stdout
    assert "Recovery key" in first.stdout
    assert "TOTP secret" in second.stdout
    assert "Recovery key" not in second.stdout
    # And the folder is closed to other accounts
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_name_is_given_once(tmp_path: Path) -> None:
    add(tmp_path, "ann", "worker")
    again = add(tmp_path, "ann", "worker")
    assert again.returncode == 2
    assert again.stderr == "Somebody of that name is on the staff already.\n"


def test_purge_prints_counts_only(tmp_path: Path) -> None:
    done = waymark("purge", "--home", str(tmp_path / "state"))
    assert done.returncode == 0
    assert done.stdout == (
        "Removed 0 chats with the assistant alone, 0 handed-off chats, 0 deleted chats, 0 records, "
        "0 records of a broken confidentiality.\n"
    )
