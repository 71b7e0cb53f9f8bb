"""Which models are served, and what stops the start."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venvs" / "bot" / "bin" / "python"


def refusal(model: Path, **environment: str) -> str:
    """Start a bot that should not start; returns what it says."""
    kept = {name: value for name, value in os.environ.items() if name != "WAYMARK_SECRET"}
    done = subprocess.run(
        [PYTHON, "-m", "bot.server", "--port", "1", "--model", model, "--actions-url", "http://x"],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_a_model_that_was_not_trained_here_is_refused(model: Path, tmp_path: Path) -> None:
    # Given a model beside which no list names it
    stranger = Path(shutil.copy(model, tmp_path))
    # Then it is refused, since loading one runs the classes it names
    assert "was not trained here" in refusal(stranger, WAYMARK_SECRET="x" * 20)
    # And so is one that was changed after it was listed
    shutil.copy(model.parent / "trained.sha256", tmp_path)
    with stranger.open("ab") as file:
        file.write(b"\0")
    assert "was not trained here" in refusal(stranger, WAYMARK_SECRET="x" * 20)


def test_a_missing_model_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    assert "is missing" in refusal(tmp_path / "none.tar.gz", WAYMARK_SECRET="x" * 20)


def test_a_missing_or_short_secret_stops_the_start(model: Path) -> None:
    assert "WAYMARK_SECRET" in refusal(model)
    assert "WAYMARK_SECRET" in refusal(model, WAYMARK_SECRET="short")


def test_the_same_data_is_not_trained_twice(model: Path) -> None:
    before = model.stat().st_mtime_ns
    done = subprocess.run(
        [PYTHON, "-m", "bot.train"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == str(model)
    assert model.stat().st_mtime_ns == before


@pytest.mark.parametrize("changed", ["data/responses/chitchat.yml", "models/embedding/model.onnx"])
def test_changed_data_or_another_embedding_has_another_model(tmp_path: Path, changed: str) -> None:
    # Given a copy of the project's inputs
    for name in ("config.yml", "domain.yml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("data", "bot", "language", "models/embedding", "models/danger"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    before = _name(tmp_path)
    assert before == _name(ROOT)
    # When one byte is added to a reply's file, or to the embedding
    with (tmp_path / changed).open("ab") as file:
        file.write(b"#")
    # Then the model of before is not taken for it
    assert _name(tmp_path) != before


def test_no_pickle_is_in_the_model(model: Path, tmp_path: Path) -> None:
    # Given the model's files
    shutil.unpack_archive(model, tmp_path, filter="data")
    names = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    # Then none of them can run code when it is read
    assert names <= {".json", ".npz", ".yml"}, names


def _name(root: Path) -> Any:
    done = subprocess.run(
        [PYTHON, "-c", "import sys; from pathlib import Path; from bot import models;"
         "print(models.name_for(Path(sys.argv[1])))", root],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    return done.stdout
