"""The 37 signals of signals.yml as values; how they are found is left to patterns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safeguarding.errors import SafeguardingError
from safeguarding.written import load_table

CARDS = frozenset({"hurt", "medical", "suicide", "missing"})
_NEEDED = {"id", "level", "name", "source", "desk"}
_ALLOWED = _NEEDED | {"card", "raised_by", "may_be_joke"}


@dataclass(frozen=True)
class SignalKind:
    """One signal: its level before context, what the desk shows, its emergency card if it is or
    can become level 4, the markers that raise it, and whether young people joke in such words."""

    id: str
    level: int
    name: str
    source: str
    desk: str
    card: str
    raised_by: tuple[str, ...]
    may_be_joke: bool


def load_signals(file: Path) -> dict[str, SignalKind]:
    """The signals by id, in the order of the file. Raises ``SafeguardingError`` with its line."""
    kinds: dict[str, SignalKind] = {}
    for line, row in load_table(file):
        problem = _problem(row, kinds)
        if problem:
            raise SafeguardingError.at(file, line, problem)
        kinds[row["id"]] = SignalKind(
            id=row["id"],
            level=int(row["level"]),
            name=row["name"],
            source=row["source"],
            desk=row["desk"],
            card=row.get("card", "hurt"),
            raised_by=tuple(row.get("raised_by", "").split()),
            may_be_joke=row.get("may_be_joke") == "yes",
        )
    return kinds


def _problem(row: dict[str, str], kinds: dict[str, SignalKind]) -> str | None:
    missing = sorted(_NEEDED - row.keys())
    unknown = sorted(row.keys() - _ALLOWED)
    if missing or unknown:
        return f"{missing[0]} is missing" if missing else f"{unknown[0]} is not a field of a signal"
    if row["level"] not in {"1", "2", "3", "4"}:
        return f"a level is 1 to 4, not {row['level']}"
    if row["id"] in kinds:
        return f"the signal {row['id']} is there twice"
    if row["level"] == "4" and "card" not in row:
        return f"{row['id']} is level 4 and names no card"
    if row.get("card", "hurt") not in CARDS:
        return f"there is no card {row['card']}"
    return None
