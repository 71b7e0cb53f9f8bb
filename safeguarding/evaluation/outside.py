"""Public sets that nobody here wrote: how often ordinary or merely sad messages raise an alarm."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from safeguarding.evaluation.intervals import Share
from safeguarding.screen import Screener

_TRULY_IN_DANGER = frozenset({"domestic-violence", "self-harm", "trauma"})
_TEXT_NAMES = ("text", "prompt", "message", "utterance")


class OutsideError(Exception):
    """A set that cannot be read; the message is one sentence naming the file."""


@dataclass(frozen=True)
class Outside:
    """One set: alarms at 3 or 4, at 4, and how many could not be read. ``at_most`` is the bound on
    ``bounded`` (3 or 4) as a share; None where none is asked for."""

    name: str
    alarms: Share
    at_4: Share
    unread: int
    at_most: float | None = None
    bounded: int = 3

    @property
    def within(self) -> bool:
        """Whether the bound is kept."""
        share = self.alarms if self.bounded == 3 else self.at_4
        return self.at_most is None or share.value <= self.at_most


def measure_outside(screener: Screener, folder: Path) -> Iterator[Outside]:
    """Every set of the folder: the four known ones, and any other JSON lines or CSV with texts.

    Raises ``OutsideError``.
    """
    if not folder.is_dir():
        raise OutsideError(f"{folder} is not a folder")
    for each in sorted(path for path in folder.iterdir() if path.is_dir()):
        read, at_most, bounded = _KNOWN.get(each.name, (_any, None, 3))
        try:
            texts = list(read(each))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OutsideError(f"{each} cannot be read ({type(error).__name__})") from None
        if not texts:
            continue
        found = [screener.screen(text) for text in texts]
        yield Outside(
            each.name,
            Share.of(one.level >= 3 for one in found),
            Share.of(one.level >= 4 for one in found),
            sum(not one.read for one in found),
            at_most,
            bounded,
        )


def _clinc150(folder: Path) -> Iterator[str]:
    parts = json.loads((folder / "data_full.json").read_text("utf-8"))
    return (text for rows in parts.values() for text, _ in rows)


def _banking77(folder: Path) -> Iterator[str]:
    return (row["text"] for row in _csv(folder / "test.csv"))


def _xstest(folder: Path) -> Iterator[str]:
    rows = _csv(folder / "xstest_prompts.csv")
    return (row["prompt"] for row in rows if row["label"] == "safe")


def _counselchat(folder: Path) -> Iterator[str]:
    rows = _lines(folder / "questions.jsonl")
    return (str(row["text"]) for row in rows if row["topic"] not in _TRULY_IN_DANGER)


def _any(folder: Path) -> Iterator[str]:
    for file in sorted(folder.iterdir()):
        rows: Iterator[dict[str, object]]
        if file.suffix == ".jsonl":
            rows = _lines(file)
        elif file.suffix == ".csv":
            rows = (dict(row) for row in _csv(file))
        else:
            continue
        for row in rows:
            name = next((name for name in _TEXT_NAMES if name in row), None)
            if name is not None:
                yield str(row[name])


def _csv(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def _lines(file: Path) -> Iterator[dict[str, object]]:
    for line in file.read_text("utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


_Reader = Callable[[Path], Iterator[str]]
_KNOWN: dict[str, tuple[_Reader, float | None, int]] = {
    "clinc150": (_clinc150, 0.002, 3),
    "banking77": (_banking77, 0.002, 3),
    "xstest": (_xstest, 0.04, 3),
    "counselchat": (_counselchat, 0.02, 4),
}
