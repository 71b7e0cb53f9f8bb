"""The table of attacks: each row of attacks.md with the tests that try it.

`python -m tests.attacks.table` writes it into README.md; a test compares the two.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).resolve().parents[1]
README: Final = Path(__file__).with_name("README.md")
NAMED: Final = re.compile(r"test((?:_\d\d(?=_))(?:_and_\d\d(?=_))*)_")
BEGINS: Final = "<!-- the table: made by python -m tests.attacks.table -->\n"

ROWS: Final = {
    1: "Markup, links and script in a message, a name, a button, a bot response",
    2: "A stream or a POST from a foreign origin with staff cookies",
    3: "A POST of staff without the anti-forgery token",
    4: "A staff session that was planted, or used after it is over",
    5: "A one-time password, a message id or a code used again",
    6: "Another conversation's token, number or button",
    7: "Ciphertext moved between rows or conversations",
    8: "Big bodies, a flood of messages, of streams, of half-open connections",
    9: "Bidirectional, zero-width, NUL, lone surrogates, combining floods, emoji sequences",
    10: "`/restart`, an intent with a slot, entity markup",
    11: "SQL, template and format syntax in every field",
    12: "CR, LF and ANSI escapes, to forge a line of a log",
    13: "Ten thousand guesses at return codes",
    14: "Login guesses, unknown names",
    15: "The bot's and the action server's ports, Rasa's own interface",
    16: "A model archive that is not ours; a pickle anywhere",
    17: "Forged `X-Forwarded-For`, `Forwarded`, `Host`, `Referer`",
    18: "Back button and page cache after quick exit or end",
    19: "A restored backup",
    20: "Disk full, database locked, clock set back, key file missing",
}
"""What is tried, by its number in attacks.md."""


def find_tests(folder: Path = TESTS) -> dict[int, list[str]]:
    """The tests under `folder` that name a row, as `file::test`, by row."""
    found: dict[int, list[str]] = {}
    for file in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for row in rows_in(node.name):
                    name = f"{file.relative_to(folder).as_posix()}::{node.name}"
                    found.setdefault(row, []).append(name)
    return found


def rows_in(test: str) -> list[int]:
    """The rows that a test is named after: 10 and 11 of `test_10_and_11_syntax_is_text`."""
    named = NAMED.match(test)
    return [int(number) for number in re.findall(r"\d\d", named[1])] if named else []


def table(tests: dict[int, list[str]]) -> str:
    """The table in Markdown, a line for each row."""
    lines = ["| # | tried | tests, in `tests/` |", "|---|---|---|"]
    for row, tried in ROWS.items():
        files: dict[str, list[str]] = {}
        for test in tests.get(row, []):
            file, _, name = test.partition("::")
            files.setdefault(file, []).append(f"`::{name}`")
        told = "; ".join(f"`{file}` {', '.join(names)}" for file, names in files.items())
        lines.append(f"| {row} | {tried} | {told} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes the table into README.md."""
    above, _, _ = README.read_text("utf-8").partition(BEGINS)
    README.write_text(above + BEGINS + table(find_tests()), "utf-8")


if __name__ == "__main__":
    main()
