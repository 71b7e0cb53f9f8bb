"""``make evaluate``: measures the screen on the project's own sets and on outside ones."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from safeguarding.cli import FOLDER
from safeguarding.errors import SafeguardingError
from safeguarding.evaluation import card, report
from safeguarding.evaluation.measures import Read, follow_all, read_all
from safeguarding.evaluation.outside import OutsideError, measure_outside
from safeguarding.evaluation.readers import model_alone, rules_alone
from safeguarding.evaluation.speed import measure_speed
from safeguarding.examples import FRESH, PLAIN, load_dialogues, load_examples
from safeguarding.screen import Screener

_ROOT = Path(__file__).resolve().parents[2]
CARD = _ROOT / "docs" / "safeguarding-card.md"
MISSED = _ROOT / "models" / "evaluation"


def evaluate(split: str, data: Path | None) -> dict[str, str]:
    """The sections of the report by title, each a Markdown table."""
    _say("loading")
    screener = Screener.load(FOLDER)
    examples = load_examples(FOLDER / split)
    dialogues = load_dialogues(FOLDER / split)
    readers = {}
    ways = {report.BOTH: screener, "rules": rules_alone(screener), "model": model_alone(screener)}
    for name, way in ways.items():
        _say(f"{len(examples)} messages and {len(dialogues)} conversations: {name}")
        readers[name] = (read_all(way, examples), follow_all(way, dialogues))
    reads, followed = readers[report.BOTH]
    _list_missed(split, reads)
    sure = [_sure(screener, each) for each in reads]
    sections = {
        "Figures asked for": report.goals_table(readers),
        "By signal": report.groups_table(reads, "signal"),
        "By kind of writing": report.groups_table(reads, "kind of writing"),
        "What was measured on": report.data_table(reads, followed, sure),
        "Plain words": report.plain_table(read_all(screener, load_examples(FOLDER / split, PLAIN))),
    }
    for title, names in FRESH.items():
        if fresh := load_examples(FOLDER / split, names):
            sections[title] = report.fresh_table(read_all(screener, fresh))
    if data is not None:
        _say(f"outside sets in {data.name}")
        sections["Outside sets"] = report.outside_table(measure_outside(screener, data))
    _say("speed")
    texts = [example.text for example in examples]
    sections["Speed"] = report.speed_table(measure_speed(screener, texts))
    return sections


def _sure(screener: Screener, each: Read) -> float:
    views = screener.model.read(each.example.text, each.example.before)
    return max((view.reached[1] for view in views), default=0.0)


def _list_missed(split: str, reads: Sequence[Read]) -> None:
    """Every level 4 message that was not raised to 3 or 4, for those who may look at the split."""
    MISSED.mkdir(parents=True, exist_ok=True)
    with (MISSED / f"missed-{split}.jsonl").open("w", encoding="utf-8") as file:
        for each in reads:
            if each.example.level == 4 and each.found.level < 4:
                row = {
                    "level": each.found.level,
                    "signal": each.example.signal,
                    "kind": each.example.kind,
                    "text": each.example.text,
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _say(step: str) -> None:
    print(f"… {step}", file=sys.stderr, flush=True)


def main() -> int:
    """Measure and print; with outside sets, write the safeguarding card too."""
    parser = argparse.ArgumentParser(prog="make evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="outside sets")
    parser.add_argument("--split", choices=("test", "development"), default="test")
    chosen = parser.parse_args()
    try:
        sections = evaluate(chosen.split, chosen.data)
    except (SafeguardingError, OutsideError) as error:
        print(error, file=sys.stderr)
        return 2
    for title, body in sections.items():
        print(f"\n## {title}\n\n{body}")
    print(f"\nLevel 4 messages not noticed as 4: {MISSED.name}/missed-{chosen.split}.jsonl")
    if chosen.split == "test" and chosen.data is not None:
        CARD.write_text(card.write(sections, FOLDER), "utf-8")
        print(f"Written: docs/{CARD.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
