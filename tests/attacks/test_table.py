"""Each row of attacks.md has a test, and the table says which."""

from pathlib import Path

import pytest

from tests.attacks.table import BEGINS, README, ROWS, find_tests, rows_in, table
from tests.conftest import ROOT


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_a_test(row: int) -> None:
    assert find_tests().get(row)


def test_the_table_says_which() -> None:
    assert README.read_text("utf-8").partition(BEGINS)[2] == table(find_tests())


def test_the_rows_are_those_of_the_list_of_attacks() -> None:
    assert list(ROWS) == list(range(1, 21))
    reference = ROOT.parent / "shared" / "attacks.md"
    if reference.exists():
        numbers = [line.split("|")[1].strip() for line in reference.read_text().splitlines()[6:]]
        assert [int(each) for each in numbers if each.isdigit()] == list(ROWS)


def test_a_row_without_a_test_is_noticed(tmp_path: Path) -> None:
    # Given tests of three rows
    (tmp_path / "test_some.py").write_text(
        "def test_02_x(): ...\nasync def test_10_and_11_y(): ...\ndef test_plain(): ...\n"
    )
    # Then those rows are found, and no other
    assert set(find_tests(tmp_path)) == {2, 10, 11}
    assert rows_in("test_1_x") == rows_in("test_of_10_things") == []
    assert "| 3 | " in table({})
