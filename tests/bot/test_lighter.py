"""What a serving bot leaves out of Rasa's work changes nothing that it says or understands."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venvs" / "bot" / "bin" / "python"
SECRET = "a secret only for these tests"


def test_the_lighter_parts_answer_as_rasas_own(
    model: Path, actions: Any, stories: dict[str, list[Any]], examples: list[str]
) -> None:
    # Given all stories and a text of each intent, in one conversation with the small talk between
    told = [("payload", step.payload) for steps in stories.values() for step in steps]
    told += [("text", text) for text in examples]
    told += [
        ("text", text) for text in ("xqz wvb", "?", "/restart", "i live in wales", "ok " * 300)
    ]
    # When they are told to the bot, and to one made of Rasa's own parts
    done = subprocess.run(
        [PYTHON, Path(__file__).with_name("compare.py"), model, actions.url + "/webhook", SECRET],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=False,
    )
    # Then every reply, state and parse is the same, and so is every view of the past
    assert done.returncode == 0, done.stderr[-2000:]
    compared = json.loads(done.stdout)
    assert compared["turns"] == len(told)
    assert compared["pasts"] > 1000
