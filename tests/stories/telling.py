"""Reads the stories of this folder and tells what their replies look like when delivered."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from content.project import Project

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
DANGER = "the emergency card"


@dataclass(frozen=True)
class Step:
    """What a young person types (`user`) or taps, and the replies that follow it.

    ``danger``: the emergency card must come.
    """

    user: str | None
    tap: str | None
    actions: tuple[str, ...]
    danger: bool


@dataclass(frozen=True)
class Story:
    """One conversation from its start; ``may_be_danger``: the card may come in place of replies."""

    name: str
    steps: tuple[Step, ...]
    may_be_danger: bool


def load(name: str = "*") -> list[Story]:
    """The stories of the files of that name."""
    return [
        Story(each["story"], tuple(_steps(each["steps"])), bool(each.get("may_be_danger")))
        for path in sorted(HERE.glob(f"{name}.yml"))
        for each in yaml.safe_load(path.read_text("utf-8"))["stories"]
    ]


def _steps(written: list[dict[str, Any]]) -> list[Step]:
    steps: list[Step] = []
    for each in written:
        if "action" in each or "card" in each:
            last = steps.pop()
            actions = (*last.actions, *([each["action"]] if "action" in each else []))
            steps.append(Step(last.user, last.tap, actions, last.danger or "card" in each))
        else:
            steps.append(Step(each.get("user"), each.get("tap"), (), False))
    return steps


def matches(project: Project, action: str, text: str) -> bool:
    """Whether a delivered text is one of the response's variations, slots of forms aside."""
    today = datetime.now(UTC).date()
    wanted = (project.facts.fill(each.text, today) for each in project.variations(action))
    return any(_same(each, text) for each in wanted)


def _same(wanted: str, text: str) -> bool:
    """Compares word by word; a ``{slot}`` stands for any words."""
    parts = []
    rest = wanted
    while "{" in rest:
        before, _, rest = rest.partition("{")
        parts.append(before)
        rest = rest.partition("}")[2]
    parts.append(rest)
    said = " ".join(text.split())
    if len(parts) == 1:
        return said == wanted
    place = 0
    for part in (part.strip() for part in parts):
        place = said.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True
