"""Puts the rounds side by side: figures, ratios, aims; prints the table, writes results.json."""

import json
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.breakdown import Share
from bench.figures import Aim, Comparison, median_of_rounds
from bench.rounds import CLIENTS, Round


def compare(stock: Sequence[Round], waymark: Sequence[Round]) -> list[Comparison]:
    """The five figures of issue 2 with their aims; each is the median of the rounds."""

    def milliseconds(rounds: Sequence[Round], share: float) -> float:
        return 1000 * median_of_rounds([each.replies for each in rounds], share)

    def middle(values: Sequence[float]) -> float:
        return statistics.median(values)

    return [
        Comparison(
            "POST to reply, median",
            "ms",
            milliseconds(stock, 0.5),
            milliseconds(waymark, 0.5),
            Aim.AT_MOST,
            0.25,
        ),
        Comparison(
            "POST to reply, 95th percentile",
            "ms",
            milliseconds(stock, 0.95),
            milliseconds(waymark, 0.95),
            Aim.AT_MOST,
            0.25,
        ),
        Comparison(
            f"replies per second, {CLIENTS} clients",
            "1/s",
            middle([each.rate for each in stock]),
            middle([each.rate for each in waymark]),
            Aim.AT_LEAST,
            3,
        ),
        Comparison(
            "start to first answer",
            "s",
            middle([each.start for each in stock]),
            middle([each.start for each in waymark]),
            Aim.AT_MOST,
            0.25,
        ),
        Comparison(
            "memory of all processes (PSS)",
            "MiB",
            middle([each.whole_memory / 2**20 for each in stock]),
            middle([each.whole_memory / 2**20 for each in waymark]),
            Aim.AT_MOST,
            0.8,
        ),
    ]


def table(comparisons: Sequence[Comparison]) -> str:
    """The figures side by side for the terminal."""
    lines = [f"{'':32}{'stock':>10}{'Waymark':>10}{'ratio':>9}   aim"]
    for line in comparisons:
        met = "met" if line.met else "NOT MET"
        lines.append(
            f"{line.figure + ', ' + line.unit:<32.32}{line.stock:>10.1f}{line.waymark:>10.1f}"
            f"{line.ratio:>9.3f}   {line.aim} {line.bound:g}: {met}"
        )
    return "\n".join(lines)


def breakdown_table(shares: Sequence[Share]) -> str:
    """Where the time goes, for the terminal; empty if nothing was taken apart."""
    if not shares:
        return ""
    lines = ["", "Where a Waymark turn spends its time (medians, a run of its own)"]
    lines += [f"  {each.step:<36}{each.milliseconds:>8.2f} ms   {each.how}" for each in shares]
    return "\n".join(lines)


def unanswered(name: str, rounds: Sequence[Round]) -> str:
    """A sentence on the messages of one side that got no reply; empty if all got one."""
    single = sum(each.unanswered for each in rounds)
    many = sum(each.unanswered_by_many for each in rounds)
    if not single and not many:
        return ""
    return f"{name} left {single} messages of one client and {many} of {CLIENTS} unanswered."


def as_json(
    machine: dict[str, str | int | float],
    comparisons: Sequence[Comparison],
    shares: Sequence[Share],
    stock: Sequence[Round],
    waymark: Sequence[Round],
) -> dict[str, Any]:
    """Everything measured, for results.json."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "figures": [
            {
                "figure": line.figure,
                "unit": line.unit,
                "stock": round(line.stock, 3),
                "waymark": round(line.waymark, 3),
                "ratio": round(line.ratio, 4),
                "aim": f"{line.aim} {line.bound:g}",
                "met": line.met,
            }
            for line in comparisons
        ],
        "where_the_time_goes": [
            {"step": share.step, "ms": round(share.milliseconds, 3), "how": share.how}
            for share in shares
        ],
        "rounds": {
            "stock": [each.as_json() for each in stock],
            "waymark": [each.as_json() for each in waymark],
        },
    }


def add(results: dict[str, Any], path: Path) -> None:
    """Puts results into the JSON file, whole or not at all; what others measured stays."""
    try:
        kept = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        kept = {}
    partial = path.with_suffix(".part")
    text = json.dumps(kept | results, indent=1, ensure_ascii=False)
    partial.write_text(text + "\n", "utf-8")
    partial.replace(path)
