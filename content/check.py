"""``./waymark content check``: everything that is wrong with the content, file and line first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from content import bubbles, claims, desk, topics, turns
from content.faults import Fault
from content.project import Project

CHECKS: tuple[Callable[[Project], Iterator[Fault]], ...] = (
    topics.check,
    bubbles.check,
    claims.check,
    turns.check,
    desk.check,
)


def faults(root: Path, today: date) -> list[Fault]:
    """Returns every fault in the order of the files; raises ContentError for an unreadable one."""
    project = Project(root, today)
    return sorted({fault for check in CHECKS for fault in check(project)})
