"""Reads texts with the trained assistant, JSON lines in and out (contract.md); says nothing back.

Run as ``python -m bot.understand [--model FILE]``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import models, quiet, topics
from bot.lean import serve_only

if TYPE_CHECKING:
    from bot.assistant import Assistant

ROOT = Path(__file__).resolve().parents[1]


class BadLine(Exception):
    """A line that is not ``{"id", "text"}``; the message gives its number only."""


def read(lines: Iterable[str]) -> Iterator[tuple[Any, str]]:
    """Yield (id, text) of each line that is not blank; raises BadLine."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            asked = json.loads(line)
            name, text = asked["id"], asked["text"]
        except (ValueError, KeyError, TypeError):
            raise BadLine(f'Line {number} is not {{"id", "text"}}.') from None
        if not isinstance(text, str):
            raise BadLine(f"Line {number}: text is not a string.")
        yield name, text


async def answer(assistant: Assistant, known: dict[str, str], name: Any, text: str) -> str:
    """Return one line of JSON: id, intent, topic, confidence (0 to 1), milliseconds."""
    start = time.perf_counter()
    intent = (await assistant.understand(text))["intent"]
    took = (time.perf_counter() - start) * 1000
    found = {
        "id": name,
        "intent": intent["name"],
        "topic": topics.topic_of(known, intent["name"]),
        "confidence": round(float(intent["confidence"]), 4),
        "ms": round(took, 2),
    }
    return json.dumps(found, ensure_ascii=False)


async def _answer_all(assistant: Assistant, known: dict[str, str]) -> None:
    for name, text in read(sys.stdin):
        print(await answer(assistant, known, name, text), flush=True)


def main() -> int:
    """Answer standard input; on bad input one sentence, and the exit code is 2."""
    parser = argparse.ArgumentParser(prog="bot.understand", description=__doc__)
    parser.add_argument("--model", type=Path, metavar="FILE", help="default: of the present data")
    arguments = parser.parse_args()
    quiet.keep_logs_free_of_words(logging.ERROR)
    os.environ.update(RASA_TELEMETRY_ENABLED="false", SQLALCHEMY_SILENCE_UBER_WARNING="1")
    try:
        model = models.check(arguments.model or ROOT / "models" / models.name_for(ROOT))
        serve_only()
        from bot.assistant import Assistant  # noqa: PLC0415

        asyncio.run(_answer_all(Assistant.load(model), topics.load(ROOT / "data" / "nlu")))
    except (models.ModelRefused, BadLine) as refused:
        print(refused, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
