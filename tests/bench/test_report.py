"""results.json holds what several commands measured; none undoes what another wrote."""

import json
from pathlib import Path

import pytest

from bench import report


def test_what_one_measured_leaves_what_others_measured(tmp_path: Path) -> None:
    # Given figures of two commands
    file = tmp_path / "results.json"
    report.add({"figures": [1], "machine": "this one"}, file)
    report.add({"crowd": {"streams": 2000}}, file)
    # When the first measures again
    report.add({"figures": [2], "machine": "another"}, file)
    # Then its own are new, and the other's stand
    assert json.loads(file.read_text()) == {
        "figures": [2],
        "machine": "another",
        "crowd": {"streams": 2000},
    }


def test_a_file_that_is_not_json_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text("half a fi")
    with pytest.raises(ValueError, match="Expecting value"):
        report.add({"figures": []}, file)
    assert file.read_text() == "half a fi"
