"""Only the files of the danger model that set-up listed are loaded."""

import shutil
from pathlib import Path

import pytest

from safeguarding import SafeguardingError, Screener, built
from safeguarding.screen import MODEL


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(MODEL, tmp_path / "danger")


def change_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_what_set_up_built_is_accepted(copy):
    assert built.check(copy) == copy


@pytest.mark.parametrize("name", built.FILES)
def test_one_other_byte_is_refused(copy, name):
    # Given a file of the model in which one byte is another, still as long as before
    change_a_byte(copy / name)
    # Then the model is refused
    with pytest.raises(SafeguardingError, match="is not the danger model that was built here"):
        built.check(copy)


def test_a_service_does_not_start_on_a_changed_model(copy, folder):
    change_a_byte(copy / built.FILES[0])
    with pytest.raises(SafeguardingError, match="is not the danger model that was built here"):
        Screener.load(folder, copy)


@pytest.mark.parametrize("name", [*built.FILES, built.LIST_FILE])
def test_a_missing_file_is_refused(copy, name):
    (copy / name).unlink()
    with pytest.raises(SafeguardingError, match="run make setup"):
        built.check(copy)


def test_a_file_that_the_list_does_not_name_is_refused(copy):
    lines = (copy / built.LIST_FILE).read_text().splitlines(keepends=True)
    short = [line for line in lines if not line.rstrip().endswith(built.FILES[0])]
    assert len(short) == len(lines) - 1
    (copy / built.LIST_FILE).write_text("".join(short))
    with pytest.raises(SafeguardingError, match="run make setup"):
        built.check(copy)
