"""Reads the services of ``data/facts`` and chooses whom to name; others say how to reach them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

NATIONS = ("england", "wales", "scotland", "northern_ireland")
MOST_NAMED = 4  # more than four are not read
MOST_OF_NATION = 2  # of them, for one nation only
_KINDS = ("young_people", "rights", "abuse", "crisis", "crime")


class BadFacts(Exception):
    """A facts file cannot be read; the message names the file and the row."""


@dataclass(frozen=True)
class Service:
    """One verified service; ``nations`` is a subset of NATIONS."""

    id: str
    name: str
    kind: str
    nations: frozenset[str]
    reachable: bool

    @property
    def everywhere(self) -> bool:
        """Whether all four nations can use it."""
        return self.nations == frozenset(NATIONS)


def load(folder: Path) -> tuple[Service, ...]:
    """Return the verified services under ``folder``, in the order written.

    Rows that are unchecked or in conflict are never returned. A row that is ``about`` another is a
    further claim on that service, not a service. Raises BadFacts for a file that cannot be read.
    """
    found = []
    for path in sorted(folder.glob("*.yml")):
        try:
            document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        except (OSError, ValueError, yaml.YAMLError):
            raise BadFacts(f"{path} is not readable YAML.") from None
        rows = document.get("services", ()) if isinstance(document, dict) else ()
        for place, row in enumerate(rows, start=1):
            try:
                service = _service(row)
            except (KeyError, TypeError, ValueError, AttributeError):
                raise BadFacts(f"{path}: service {place} is not complete.") from None
            if service is not None:
                found.append(service)
    return tuple(found)


def choose(services: Sequence[Service], nation: str | None) -> tuple[Service, ...]:
    """Return up to four services: one that takes everybody, then those for that nation only.

    ``nation`` is one of NATIONS; anything else, like ``not_said`` or None, means that it is not
    known, and only services for everywhere are returned.
    """
    usable = [each for each in services if each.kind in _KINDS and each.reachable]
    own = [each for each in usable if not each.everywhere and nation in each.nations]
    common = sorted(
        (each for each in usable if each.everywhere), key=lambda each: each.kind != "young_people"
    )
    return tuple([*common[:1], *own[:MOST_OF_NATION], *common[1:]][:MOST_NAMED])


def _service(row: Mapping[str, Any]) -> Service | None:
    if row["status"] != "verified" or row.get("about") or row.get("for") == "staff":
        return None
    return Service(
        id=row["id"],
        name=row["name"],
        kind=row.get("kind", ""),
        nations=frozenset(row["nations"]),
        reachable=bool(row.get("phone") or row.get("text") or row.get("web")),
    )
