"""The figures as Markdown tables, the same on the terminal and in the safeguarding card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from safeguarding.evaluation.intervals import Share
from safeguarding.evaluation.measures import (
    ALARM,
    Followed,
    Goal,
    Read,
    by,
    calibration,
    goals,
    kappa,
    turns_to_alarm,
)
from safeguarding.evaluation.outside import Outside
from safeguarding.evaluation.speed import Speed

Readers = Mapping[str, tuple[Sequence[Read], Sequence[Followed]]]
BOTH = "both"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def goals_table(readers: Readers) -> str:
    """What is asked for: both readers with the 95 % interval, and each reader alone."""
    figures = {name: goals(*found) for name, found in readers.items()}
    alone = [name for name in figures if name != BOTH]
    rows = []
    for number, goal in enumerate(figures[BOTH]):
        others = [_plain(figures[name][number]) for name in alone]
        wanted = f"{goal.aim} / {goal.floor}"
        rows.append([goal.name, wanted, goal.share, goal.verdict, *others])
    return table(["figure", "aim / floor", "both", "reached", *alone], rows)


def groups_table(reads: Sequence[Read], title: str) -> str:
    """Recall of levels 3 and 4 by signal or by kind of writing (``title``)."""
    dangers = [read for read in reads if read.example.level >= ALARM]

    def name(read: Read) -> str:
        return read.example.signal if title == "signal" else read.example.kind

    as_4 = [read for read in dangers if read.example.level == 4]
    four = {each: _as_4(read for read in as_4 if name(read) == each) for each in by(as_4, name)}
    rows = [[each, share, four.get(each, "-")] for each, share in by(dangers, name).items()]
    return table([title, "noticed as 3 or 4", "level 4 as 4"], rows)


def data_table(reads: Sequence[Read], followed: Sequence[Followed], sure: Sequence[float]) -> str:
    """What was measured on, agreement of the two readers, calibration, turns to the alarm."""
    harmless = [read for read in reads if read.harmless]
    alarms = Share.of(read.found.level >= ALARM for read in harmless)
    value, same = kappa(read.example for read in reads)
    late = ", ".join(f"{name} {count}" for name, count in turns_to_alarm(followed).items())
    right = [read.example.level >= ALARM for read in reads]
    rows: list[Sequence[object]] = [
        ["messages", f"{len(reads)}, of them {len(harmless)} harmless"],
        ["conversations", f"{len(followed)}"],
        ["second blind reader gave the same level", f"{same}, kappa {value:.3f}"],
        ["alarms per 1,000 harmless look-alikes", f"{alarms.value * 1000:.1f}"],
        ["expected calibration error of level 3 or 4", f"{calibration(sure, right):.3f}"],
        ["dangerous conversations noticed", late],
    ]
    return table(["", "value"], rows)


def plain_table(reads: Sequence[Read]) -> str:
    """Danger said outright in a few words, and as short a talk of ordinary life."""

    def reaching(levels: tuple[int, ...], least: int) -> Share:
        return Share.of(r.found.level >= least for r in reads if r.example.level in levels)

    rows = [
        ["level 4 noticed as 4", reaching((4,), 4)],
        ["level 4 noticed as 3 or 4", reaching((4,), ALARM)],
        ["level 3 noticed as 3 or 4", reaching((3,), ALARM)],
        ["harmless raised to 3 or 4", reaching((0, 1), ALARM)],
    ]
    return table(["plain words", "share"], rows)


def fresh_table(reads: Sequence[Read]) -> str:
    """What is asked for, on messages of two writers by which no threshold was chosen."""
    rows: list[Sequence[object]] = [
        [goal.name, f"{goal.aim} / {goal.floor}", goal.share, goal.verdict]
        for goal in goals(reads, ())
        if goal.share.all
    ]
    value, same = kappa(read.example for read in reads)
    rows.append(["second blind reader gave the same level", "-", same, f"kappa {value:.3f}"])
    return table(["fresh writers", "aim / floor", "both", "reached"], rows)


def outside_table(sets: Iterable[Outside]) -> str:
    """Alarms on the outside sets."""
    rows = []
    for each in sets:
        bound = "-" if each.at_most is None else f"level {each.bounded}: {each.at_most}"
        kept = "-" if each.at_most is None else ("kept" if each.within else "NOT KEPT")
        rows.append([each.name, each.alarms, each.at_4, each.unread, bound, kept])
    return table(["set", "raised to 3 or 4", "raised to 4", "not read", "at most", ""], rows)


def speed_table(speed: Speed) -> str:
    """Time and memory, with what is asked for."""
    rows = [
        ["median to 160 characters, ms", f"{speed.median:.1f}", "-"],
        ["95th percentile to 160 characters, ms", f"{speed.p95:.1f}", "10"],
        ["median after three such messages, ms", f"{speed.median_after:.1f}", "-"],
        ["95th percentile after three such messages, ms", f"{speed.p95_after:.1f}", "10"],
        ["slowest of 2,000 characters, ms", f"{speed.longest:.0f}", "250"],
        ["ready after, s", f"{speed.ready:.1f}", "3"],
        ["memory of a process that only screens, MiB", f"{speed.memory:.0f}", "300"],
    ]
    return table(["on one core", "measured", "at most"], rows)


def _plain(goal: Goal) -> str:
    return f"{goal.share.value:.3f}"


def _as_4(reads: Iterable[Read]) -> Share:
    return Share.of(read.found.level == 4 for read in reads)
