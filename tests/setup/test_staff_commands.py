"""Staff and the audit log on the command line: listed, let go, recovered, verified."""

import re
import sqlite3
from pathlib import Path

from tests.setup.test_staff import add, waymark


def home_of(*people: tuple[str, str], home: Path) -> str:
    """A state folder with these people; returns the recovery key that was printed."""
    printed = "".join(add(home, name, role).stdout for name, role in people)
    found = re.search(r"Recovery key of the team, shown only now: ([0-9a-f]{64})", printed)
    return found[1] if found else ""


def test_the_list_says_who_has_access_and_who_has_left(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path))
    home_of(("ann", "supervisor"), ("ben", "worker"), ("cat", "auditor"), home=tmp_path)
    left = waymark("staff", "leave", "--name", "ben", *home)
    assert left.returncode == 0
    assert left.stdout == "ben has left; 0 of their chats went back to the queue.\n"
    lines = waymark("staff", "list", *home).stdout.splitlines()
    day = r"\d{4}-\d\d-\d\d"
    assert re.fullmatch(
        rf"ann, supervisor, seen as ann, since {day}, 3 chats at once, has access", lines[0]
    )
    assert re.fullmatch(rf"ben, worker, seen as ben, since {day}, left {day}", lines[1])
    assert re.fullmatch(rf"cat, auditor, seen as cat, since {day}", lines[2])
    # And nobody leaves twice, or without having been there
    for name in ("ben", "nobody"):
        again = waymark("staff", "leave", "--name", name, *home)
        assert again.returncode == 2
        assert again.stderr == "Nobody of that name is on the staff.\n"


def test_the_printed_recovery_key_gives_a_new_supervisor_the_team_key(tmp_path: Path) -> None:
    # Given a helpline whose only supervisor has left
    home = ("--home", str(tmp_path))
    key = home_of(("ann", "supervisor"), ("dee", "supervisor"), home=tmp_path)
    left = waymark("staff", "leave", "--name", "ann", *home)
    assert "The team key is a new one." in left.stdout
    assert "waits for access" in waymark("staff", "list", *home).stdout
    # When another key is brought, then the right one
    words = ("staff", "recover", "--name", "dee", *home)
    wrong = waymark(*words, stdin="00" * 31 + "01\n")
    right = waymark(*words, stdin=f"{key}\n")
    # Then the first is refused in a sentence, and the second opens every team key
    assert wrong.returncode == 2
    assert wrong.stderr == "This is not the recovery key of this helpline.\n"
    assert right.returncode == 0, right.stderr
    assert right.stdout == "dee has the team key again, every one of 2 so far.\n"
    assert key not in right.stdout + right.stderr
    assert "has access" in waymark("staff", "list", *home).stdout


def test_a_weak_password_adds_nobody(tmp_path: Path) -> None:
    words = ("staff", "add", "--name", "Margaret", "--role", "worker", "--password-stdin")
    done = waymark(*words, "--home", str(tmp_path), stdin="margaret-is-on-duty-now\n")
    assert done.returncode == 2
    assert done.stderr == "The password must not contain your name or alias.\n"
    assert waymark("staff", "list", "--home", str(tmp_path)).stdout == ""


def test_verify_says_how_many_entries_hold_or_which_does_not(tmp_path: Path) -> None:
    # Given a log of three entries
    home = ("--home", str(tmp_path))
    home_of(("ann", "supervisor"), ("ben", "worker"), home=tmp_path)
    waymark("staff", "leave", "--name", "ben", *home)
    good = waymark("audit", "verify", *home)
    assert good.returncode == 0
    found = re.fullmatch(
        r"3 entries hold\.\nThe last is entry 3, chain ([0-9a-f]{64})\n", good.stdout
    )
    assert found
    assert waymark("audit", "verify", "--chain", found[1], *home).returncode == 0
    # When its end is cut off, only the chain noted earlier tells
    _tamper(tmp_path, "DELETE FROM audit_entry WHERE number = 3")
    assert waymark("audit", "verify", *home).returncode == 0
    missing = waymark("audit", "verify", "--chain", found[1], *home)
    assert missing.returncode == 1
    assert "The entry of that chain is not there any more." in missing.stdout
    # When an entry is changed, its number is told
    _tamper(tmp_path, "UPDATE audit_entry SET about = 1 WHERE number = 2")
    bad = waymark("audit", "verify", *home)
    assert bad.returncode == 1
    assert bad.stdout == "Entry 2 does not hold.\n"
    assert waymark("audit", "verify", "--chain", "zz", *home).returncode == 2


def _tamper(home: Path, statement: str) -> None:
    with sqlite3.connect(home / "waymark.db") as connection:
        connection.execute(statement)
    connection.close()
