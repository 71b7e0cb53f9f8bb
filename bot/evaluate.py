"""Measures understanding on a labelled split, beside stock Rasa trained on the same examples.

Run as ``python -m bot.evaluate [--split FILE] [--no-stock]``; part of ``make evaluate``. Texts are
never printed: figures only.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import logging
import os
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from bot import quiet, topics

ROOT = Path(__file__).resolve().parents[1]
SPLIT = ROOT / "data" / "understanding" / "test.jsonl"
AIMS = {"topic accuracy": (0.92, 0.85), "out of scope not answered as a topic": (0.90, 0.85)}
_Z = 1.96  # 95 %
_MOST_CONFUSED = 12

Parse = Callable[[str], dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """A labelled message; ``topic`` is T01–T74 or ``none``."""

    text: str
    topic: str
    kind: str


@dataclass(frozen=True)
class Answer:
    """What was understood of a message, and in how many milliseconds."""

    asked: Asked
    topic: str
    ms: float

    @property
    def right(self) -> bool:
        """The very topic; for what is none of ours, no topic at all."""
        if self.asked.topic == topics.NOTHING:
            return self.topic in {topics.NOTHING, topics.SMALL_TALK}
        return self.topic == self.asked.topic


def read(path: Path) -> list[Asked]:
    """Return the labelled messages of a file."""
    rows = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())
    return [Asked(row["text"], row["topic"], row["kind"]) for row in rows]


def ask_all(parse: Parse, asked: Sequence[Asked], known: dict[str, str]) -> list[Answer]:
    """Return an answer to each message, timed one by one."""
    parse("hello")
    answers = []
    for each in asked:
        began = time.perf_counter()
        intent = parse(each.text)["intent"]["name"]
        took = (time.perf_counter() - began) * 1000
        answers.append(Answer(each, topics.topic_of(known, intent), took))
    return answers


def waymark() -> Parse:
    """The trained assistant; trained now if there is none for the present data."""
    from bot.assistant import Assistant  # noqa: PLC0415
    from bot.train import train  # noqa: PLC0415

    assistant = Assistant.load(train(ROOT, ROOT / "models"))
    loop = asyncio.new_event_loop()
    return lambda text: loop.run_until_complete(assistant.understand(text))


def stock(epochs: int | None = None) -> Parse:
    """Rasa as ``rasa init`` sets it up (DIET), trained on the same examples; kept in models/.

    ``epochs``: of DIET; Rasa's default of 100 takes hours on two cores.
    """
    import rasa.cli  # noqa: PLC0415
    from rasa.core.agent import Agent  # noqa: PLC0415
    from rasa.model_training import train_nlu  # noqa: PLC0415

    written = Path(rasa.cli.__file__).with_name("initial_project") / "config.yml"
    config = written.read_text("utf-8")
    if epochs is not None:  # the defaults stand in it as comments
        pipeline, policies = config.split("policies:")
        pipeline = re.sub(r"(?m)^#   ", "  ", pipeline)
        config = re.sub(r"epochs: \d+", f"epochs: {epochs}", pipeline) + "policies:" + policies
    examples = b"".join(file.read_bytes() for file in sorted((ROOT / "data" / "nlu").glob("*.yml")))
    made_from = hashlib.sha256(config.encode() + examples).hexdigest()[:16]
    name = f"stock-nlu-{made_from}.tar.gz"
    model = ROOT / "models" / "stock" / name
    if not model.is_file():
        print("Training stock Rasa's understanding (long, once) …", flush=True)
        with tempfile.TemporaryDirectory(prefix="waymark-stock-") as scratch:
            os.environ["RASA_CACHE_DIRECTORY"] = scratch
            chosen = Path(scratch, "config.yml")
            chosen.write_text(config, "utf-8")
            trained = train_nlu(
                str(chosen), str(ROOT / "data" / "nlu"), str(model.parent),
                fixed_model_name=name.removesuffix(".tar.gz"),
            )  # fmt: skip
            if trained is None:
                raise RuntimeError("stock Rasa could not be trained")
    agent = Agent.load(str(model))
    loop = asyncio.new_event_loop()
    return lambda text: loop.run_until_complete(agent.parse_message(text))


def figures(answers: Sequence[Answer]) -> dict[str, Any]:
    """Return the figures of one assistant by name."""
    ours = [each for each in answers if each.asked.topic != topics.NOTHING]
    others = [each for each in answers if each.asked.topic == topics.NOTHING]
    kinds: defaultdict[str, list[bool]] = defaultdict(list)
    for each in ours:
        kinds[each.asked.kind].append(each.right)
    return {
        "topic accuracy": share([each.right for each in ours]),
        "macro-F1": macro_f1(ours),
        "out of scope not answered as a topic": share([each.right for each in others]),
        "95th percentile, ms": float(np.percentile([each.ms for each in answers], 95)),
        "by kind of writing": {kind: share(right) for kind, right in sorted(kinds.items())},
        "confused": Counter(
            (each.asked.topic, each.topic) for each in ours if not each.right
        ).most_common(_MOST_CONFUSED),
    }


def share(right: Sequence[bool]) -> tuple[float, float, float]:
    """Return a share and its 95 % interval (Wilson 1927)."""
    n, p = len(right), sum(right) / max(len(right), 1)
    middle = p + _Z**2 / (2 * n)
    spread = _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    whole = 1 + _Z**2 / n
    return p, (middle - spread) / whole, (middle + spread) / whole


def macro_f1(answers: Sequence[Answer]) -> float:
    """Return the mean F1 over the topics asked about."""
    scores = []
    for topic in sorted({each.asked.topic for each in answers}):
        hit = sum(each.topic == topic == each.asked.topic for each in answers)
        said = sum(each.topic == topic for each in answers)
        asked = sum(each.asked.topic == topic for each in answers)
        scores.append(2 * hit / (said + asked))
    return float(np.mean(scores))


def table(found: dict[str, dict[str, Any]]) -> str:
    """Return the figures side by side, as Markdown."""
    names = list(found)
    lines = [f"| figure | aim / floor | {' | '.join(names)} |", "| --- " * (len(names) + 2) + "|"]
    for figure in ("topic accuracy", "macro-F1", "out of scope not answered as a topic",
                   "95th percentile, ms"):  # fmt: skip
        aim = " / ".join(map(str, AIMS.get(figure, ()))) or "-"
        cells = " | ".join(_cell(each[figure]) for each in found.values())
        lines.append(f"| {figure} | {aim} | {cells} |")
    for kind in found[names[0]]["by kind of writing"]:
        cells = " | ".join(_cell(each["by kind of writing"][kind]) for each in found.values())
        lines.append(f"| {kind} | - | {cells} |")
    for name, each in found.items():
        confused = ", ".join(f"{a} for {b} ({n})" for (b, a), n in each["confused"])
        lines += ["", f"Most often confused by {name}: {confused or 'none'}."]
    return "\n".join(lines)


def _cell(value: float | tuple[float, float, float]) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if value < 1 else f"{value:.1f}"
    p, low, high = value
    return f"{p:.3f} ({low:.3f}-{high:.3f})"


def main() -> int:
    """Print the table; 1 where a floor is not reached or stock Rasa is not beaten."""
    parser = argparse.ArgumentParser(prog="bot.evaluate", description=__doc__)
    parser.add_argument("--split", type=Path, default=SPLIT, metavar="FILE")
    parser.add_argument("--no-stock", action="store_true", help="only the assistant")
    parser.add_argument("--stock-epochs", type=int, help="of stock Rasa's DIET (default: 100)")
    chosen = parser.parse_args()
    quiet.keep_logs_free_of_words(logging.ERROR)
    os.environ.update(
        RASA_TELEMETRY_ENABLED="false",
        SQLALCHEMY_SILENCE_UBER_WARNING="1",
        TF_CPP_MIN_LOG_LEVEL="3",
    )
    asked, known = read(chosen.split), topics.load(ROOT / "data" / "nlu")
    found = {"Waymark": figures(ask_all(waymark(), asked, known))}
    if not chosen.no_stock:
        name = f"stock Rasa, {chosen.stock_epochs or 100} epochs"
        found[name] = figures(ask_all(stock(chosen.stock_epochs), asked, known))
    print(f"\n### Understanding: {len(asked)} messages of {chosen.split.name}\n")
    print(table(found))
    ours = found["Waymark"]
    reached = all(ours[name][0] >= floor for name, (_, floor) in AIMS.items())
    best = max(each["topic accuracy"][0] for each in found.values())
    return int(not reached or ours["topic accuracy"][0] < best)


if __name__ == "__main__":
    sys.exit(main())
