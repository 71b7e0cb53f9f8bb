"""The content team's commands: what they print; judging is left to the checks."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from content.check import faults
from content.due import report
from content.located import ContentError
from content.project import Project

ROOT = Path(__file__).resolve().parents[1]


def check(root: Path = ROOT) -> int:
    """Prints each fault as ``file:line: what``, then how many; 1 where there are any."""
    try:
        found = faults(root, today())
    except ContentError as error:
        print(error)
        return 1
    for fault in found:
        print(fault)
    if not found:
        print("The content is clean.")
        return 0
    by_file = Counter(fault.where.file for fault in found)
    print(f"{len(found)} to put right in {len(by_file)} files.")
    return 1


def facts(root: Path = ROOT) -> int:
    """Prints what is due, unused, missing or to be checked; 1 where a fact is missing."""
    try:
        found = list(report(Project(root, today())))
    except ContentError as error:
        print(error)
        return 1
    heading = None
    for due in found:
        if due.heading != heading:
            heading = due.heading
            print(f"\n{heading} ({sum(each.heading == heading for each in found)})")
        print(f"  {due.id}  {due.why}")
    return int(any(due.heading.startswith("Missing") for due in found))


def today() -> date:
    """The day in the United Kingdom."""
    return datetime.now(ZoneInfo("Europe/London")).date()
