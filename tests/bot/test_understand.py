"""``python -m bot.understand``: JSON lines in, JSON lines out."""

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venvs" / "bot" / "bin" / "python"


def understand(model: Path, lines: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, "-m", "bot.understand", "--model", model],
        cwd=ROOT,
        input=lines,
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_line_is_read_in_order(model: Path) -> None:
    # Given a question, a greeting, and a text that looks like a command
    lines = [
        {"id": 1, "text": "what are my rights"},
        {"id": "b", "text": "hello"},
        {"id": 3, "text": "/ask_rights"},
    ]
    # When they are read
    done = understand(model, "\n".join(json.dumps(line) for line in lines))
    # Then each has its intent and topic, in order
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["id"] for each in found] == [1, "b", 3]
    assert [each["topic"] for each in found[:2]] == ["T65", "chitchat"]
    assert all(set(each) == {"id", "intent", "topic", "confidence", "ms"} for each in found)
    # And the last was read, not obeyed
    assert found[2]["confidence"] < 1


@pytest.mark.parametrize("line", ["secretword", '{"id": 1}', '{"id": 1, "text": 5}', "[]"])
def test_a_bad_line_is_named_by_its_number_only(model: Path, line: str) -> None:
    done = understand(model, '{"id": 1, "text": "hello"}\n' + line)
    assert done.returncode == 2
    assert done.stderr.startswith("Line 2")
    assert "secretword" not in done.stderr
