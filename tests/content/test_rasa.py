"""Rasa's own check of the data passes too; ours does not rely on it alone."""

import os
import subprocess

from tests.conftest import BOT_PYTHON, ROOT


def test_rasa_finds_no_fault_in_the_data() -> None:
    # When Rasa validates the data, as strictly as it can
    folders = ("nlu", "stories", "rules", "responses")
    done = subprocess.run(
        [
            *(BOT_PYTHON, "-m", "rasa", "data", "validate", "--fail-on-warnings"),
            *("--domain", "domain.yml"),
            *("--data", *(f"data/{folder}" for folder in folders)),
        ],
        cwd=ROOT,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    # Then it finds no conflict, no unknown name and no example under two intents
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
