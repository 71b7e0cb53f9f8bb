"""The work of ``./waymark screen``: JSON lines in, verdicts out; parsing options is elsewhere."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from safeguarding.assessment import Assessment, Course, Signal
from safeguarding.errors import SafeguardingError
from safeguarding.screen import Screener

FOLDER = Path(__file__).resolve().parent.parent / "data" / "safeguarding"


class BadLine(ValueError):
    """A line of input that is not as contract.md says; the message never holds its text."""


def run(stdin: BinaryIO, stdout: TextIO, stderr: TextIO = sys.stderr, folder: Path = FOLDER) -> int:
    """Screens every line of ``stdin`` in order; returns the exit code, 0 or 2.

    The first bad line ends the run with one sentence on ``stderr``, naming the line only.
    """
    try:
        screener = Screener.load(folder)
    except SafeguardingError as error:
        print(error, file=stderr)
        return 2
    for number, raw in enumerate(stdin, start=1):
        if not raw.strip():
            continue
        try:
            verdict = _verdict(screener, _parsed(raw))
        except BadLine as error:
            print(f"Line {number}: {error}.", file=stderr)
            return 2
        print(json.dumps(verdict), file=stdout, flush=True)
    return 0


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadLine("it is not UTF-8") from None
    except (ValueError, RecursionError):
        raise BadLine("it is not JSON") from None
    if not isinstance(value, dict) or "id" not in value:
        raise BadLine('an object with "id" was expected')
    if ("text" in value) == ("turns" in value):
        raise BadLine('exactly one of "text" and "turns" was expected')
    turns = value.get("turns", [value.get("text")])
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) for t in turns):
        raise BadLine('"text" must be a string, "turns" a list of strings that is not empty')
    return value


def _verdict(screener: Screener, value: dict[str, Any]) -> dict[str, Any]:
    turns: list[str] = value["turns"] if "turns" in value else [value["text"]]
    began = time.perf_counter()
    assessments: list[Assessment] = []
    course = Course()
    for place, text in enumerate(turns):
        assessment = screener.screen(text, course, turns[:place])
        course = assessment.course
        assessments.append(assessment)
    took = (time.perf_counter() - began) * 1000
    verdict: dict[str, Any] = {
        "id": value["id"],
        "level": course.level,
        "signals": [_signal(signal) for signal in _strongest(assessments)],
        "ms": round(took, 2),
    }
    if "turns" in value:
        verdict["levels"] = [assessment.course.level for assessment in assessments]
    if not all(assessment.read for assessment in assessments):
        verdict["read"] = False
    return verdict


def _strongest(assessments: list[Assessment]) -> list[Signal]:
    best: dict[str, Signal] = {}
    for assessment in assessments:
        for signal in assessment.signals:
            known = best.get(signal.id)
            if known is None or (signal.level, signal.score) > (known.level, known.score):
                best[signal.id] = signal
    return sorted(best.values(), key=lambda signal: (-signal.level, signal.id))


def _signal(signal: Signal) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": signal.id, "score": signal.score, "evidence": signal.evidence}
    return {**shown, "like": list(signal.like)} if signal.like else shown
