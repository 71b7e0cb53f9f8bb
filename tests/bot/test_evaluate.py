"""The figures of `bot.evaluate` are what they say; the assistant itself is measured elsewhere."""

import subprocess

from tests.bot.conftest import PYTHON, ROOT

# bot runs on its own Python, so its arithmetic is checked there
CHECKS = """
from bot.evaluate import Answer, Asked, figures, macro_f1, share, table

def answer(asked, said, ms=1.0):
    return Answer(Asked("x", asked, "short"), said, ms)

rows = [answer("T01", "T01"), answer("T01", "T02"), answer("T02", "T02"), answer("T02", "T02", 9.0)]
p, low, high = share([True, True, True, False])
assert p == 0.75 and 0.30 < low < 0.31 and 0.95 < high < 0.96, (p, low, high)
assert abs(macro_f1(rows) - (2 / 3 + 4 / 5) / 2) < 1e-9
others = [answer("none", "none"), answer("none", "chitchat"), answer("none", "T16")]
found = figures([*rows, *others])
assert found["topic accuracy"][0] == 0.75
assert abs(found["out of scope not answered as a topic"][0] - 2 / 3) < 1e-9
assert found["confused"] == [(("T01", "T02"), 1)]
assert "T02 for T01 (1)" in table({"Waymark": found})
"""


def test_accuracy_f1_and_refusals_are_counted_as_they_are_named() -> None:
    done = subprocess.run(
        [PYTHON, "-c", CHECKS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
