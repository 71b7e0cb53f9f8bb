"""The scan finds words that were planted in each kind of place and in each encoding."""

import gzip
import os
import time
from pathlib import Path

import psutil
import pytest

from tests.privacy import packed, places, plants
from tests.privacy.marks import Marks
from tests.privacy.plants import ENCODERS
from tests.privacy.scan import WINDOW, Scanner

KINDS = {
    "file": "state file",
    "write-ahead log": "state file",
    "core": "state file",
    "deleted file": "open file",
    "argument": "process arguments",
    "variable": "process environment",
}
NOT_IN_WORDS = ("utf-16", "gzip", "zlib", "zip", "tar", "bzip2", "xz")
"""What no argument and no variable can hold: it has zero bytes."""


def planted_in(marks: Marks, kind: str) -> dict[str, bytes]:
    """A word of its own for each encoding, encoded."""
    wordy = KINDS[kind].startswith("process")
    return {
        encoding: encode(marks.word(f"{kind}, {encoding}"))
        for encoding, encode in ENCODERS.items()
        if not (wordy and any(part in encoding for part in NOT_IN_WORDS))
    }


def test_every_kind_of_place_and_every_encoding_is_found(tmp_path: Path) -> None:
    # Given a word of its own in every kind of place and in every encoding
    marks, state = Marks(), tmp_path / "state"
    for encoding, planted in planted_in(marks, "file").items():
        plants.in_a_file(state / ".cache" / "a" / encoding, planted)
    log = plants.in_a_write_ahead_log(state / "x.db", planted_in(marks, "write-ahead log"))
    plants.in_a_core(state, planted_in(marks, "core"))
    with plants.in_a_process(
        arguments=planted_in(marks, "argument"),
        environment=planted_in(marks, "variable"),
        deleted=planted_in(marks, "deleted file"),
        folder=tmp_path,
    ) as process:
        # When all of it is searched
        report = Scanner(marks.looks).search(
            [*places.files("state file", state), *places.processes([psutil.Process(process.pid)])]
        )
    log.close()
    # Then every word is found, in the kind of place where it is
    found = {find.secret for find in report.finds if find.kind == KINDS[find.secret.split(",")[0]]}
    missed = sorted(set(marks.looks) - found)
    print(f"planted {len(marks.looks)}, found {len(found)}; {report}; missed {missed}")
    assert missed == []
    assert len(marks.looks) > 4 * len(ENCODERS)
    assert report.not_searched == []


def test_each_kind_of_secret_is_found_as_letters_and_as_bytes(tmp_path: Path) -> None:
    # Given secrets that the product makes itself
    marks = Marks()
    token = marks.token("token", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA")
    marks.hexadecimal("cookie", "00" * 4 + "a1b2c3d4" * 7)
    marks.code("code", "abacus blimp cactus dwarf ember flint")
    own, foreign = marks.own_address(), marks.foreign_address()
    for name, held in {
        "token": f"Bearer {token}".encode(),
        "token, raw": bytes.fromhex("abcdef1234567890" * 4),
        "cookie, raw": b"\0" * 4 + bytes.fromhex("a1b2c3d4" * 7),
        "code": b"letters=abacusblimpcactusdwarfemberflint",
        "code, form": b"code=Abacus+blimp+cactus+dwarf+ember+flint".replace(b"+", b"%20"),
        "own": f"from {own}:4711".encode(),
        "foreign": foreign.upper().encode(),
    }.items():
        (tmp_path / name).write_bytes(held)
    # Then each file holds one of them
    report = Scanner(marks.looks).search(places.files("state file", tmp_path))
    assert {Path(find.name).name for find in report.finds} == {p.name for p in tmp_path.iterdir()}


def test_a_word_across_two_readings_and_at_the_very_end_is_found(tmp_path: Path) -> None:
    marks = Marks()
    across, last = marks.word("across").encode(), marks.word("last").encode()
    packed_across = gzip.compress(marks.word("packed across").encode())
    with (tmp_path / "large").open("wb") as out:
        out.write(os.urandom(WINDOW - 7) + across)
        out.write(os.urandom(WINDOW - len(across) - 1 - 2 + 7 + 1 - 5) + packed_across)
        out.write(os.urandom(WINDOW) + last)
    report = Scanner(marks.looks).search(places.files("state file", tmp_path))
    assert {find.secret for find in report.finds} == set(marks.looks)
    assert report.read == (tmp_path / "large").stat().st_size


def test_what_stands_nowhere_is_not_found(tmp_path: Path) -> None:
    marks = Marks()
    marks.word("planted nowhere")
    marks.code("code", "abacus blimp cactus dwarf ember flint")
    (tmp_path / "noise").write_bytes(os.urandom(1 << 20) + b"zq zqzq abacus blimp dwarf")
    report = Scanner(marks.looks).search(places.files("state file", tmp_path))
    assert report.finds == set()
    assert report.places["state file"] == 1


def test_what_cannot_be_searched_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a file that gives an error, and a stream of more than is unpacked
    marks = Marks()
    marks.word("anything")
    monkeypatch.setattr(packed, "MOST_UNPACKED", 1000)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"\0" * 5000))
    memory = places.one_file("state file", Path("/proc/self/mem"))
    # Then each is named, and neither counts as searched
    report = Scanner(marks.looks).search([memory, *places.files("state file", tmp_path)])
    assert len(report.not_searched) == 2
    assert report.places["state file"] == 0


def test_a_file_that_was_set_back_in_time_is_new_all_the_same(tmp_path: Path) -> None:
    # Given a file that says it is of 1970
    began = time.time() - 1
    (tmp_path / "old").write_bytes(b"x")
    os.utime(tmp_path / "old", (0, 0))
    # Then it is among what changed since, for its inode did
    assert [place.name for place in places.files("x", tmp_path, since=began)]
    assert not list(places.files("x", tmp_path, since=time.time() + 3600))
