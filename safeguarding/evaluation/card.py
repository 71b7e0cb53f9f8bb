"""Writes the safeguarding card: what the screen reads, what it cannot, and how well, measured."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from safeguarding.evaluation.report import table
from safeguarding.examples import FRESH, MESSAGES, PLAIN, SERVICE, load_examples, load_turns
from safeguarding.tuned import FOLDER as WEIGHTS
from safeguarding.tuned import MANIFEST_FILE

_SETS = (
    *(("examples", MESSAGES), ("development", MESSAGES), ("development", PLAIN)),
    *(("development", SERVICE), ("test", MESSAGES), ("test", PLAIN)),
    *(("test", names) for names in FRESH.values()),
)
_TEMPLATE = Path(__file__).with_name("card.md")


def write(sections: Mapping[str, str], data: Path) -> str:
    """The card's Markdown: the words of card.md, the sections as measured, the data as counted."""
    manifest = json.loads((WEIGHTS / MANIFEST_FILE).read_text("utf-8"))
    measured = "\n\n".join(f"### {title}\n\n{body}" for title, body in sections.items())
    thresholds = ", ".join(f"{each:.3f}" for each in manifest["thresholds"])
    words = _TEMPLATE.read_text("utf-8")
    turns = load_turns(data / "examples")
    return words.format(
        measured=measured,
        data=_data(data),
        thresholds=thresholds,
        digest=manifest["data"][:12],
        turns=len(turns),
        conversations=sum(not turn.before for turn in turns),
    )


def _data(folder: Path) -> str:
    rows = []
    for part, names in _SETS:
        examples = load_examples(folder / part, names)
        levels = Counter(example.level for example in examples)
        counted = [levels[level] for level in (4, 3, 2)] + [levels[1] + levels[0]]
        title = part if names == MESSAGES else f"{part}, {names.removesuffix('.jsonl')}"
        rows.append([title, len(examples), *counted])
    return table(["set", "messages", "level 4", "level 3", "level 2", "harmless"], rows)
