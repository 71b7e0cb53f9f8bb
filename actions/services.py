"""Reads the services of ``data/facts`` and chooses whom to name; the action says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

NATIONS = ("england", "wales", "scotland", "northern_ireland")
HOURS_HOLD = timedelta(days=90)  # opening hours checked longer ago are not shown
MOST_NAMED = 4  # more than four are not read
MOST_OF_NATION = 2  # of them, for one nation only
_KINDS = ("young_people", "rights", "abuse", "crisis", "crime")


class BadFacts(Exception):
    """A facts file cannot be read; the message names the file and the row."""


@dataclass(frozen=True)
class Service:
    """One verified service; ``nations`` is a subset of NATIONS, ``hours_checked`` a day."""

    id: str
    name: str
    kind: str
    what: str
    phone: str | None
    text: str | None
    web: str | None
    nations: frozenset[str]
    hours: str | None
    hours_checked: date | None

    @property
    def everywhere(self) -> bool:
        """Whether all four nations can use it."""
        return self.nations == frozenset(NATIONS)

    def said(self, today: date) -> str:
        """Return it as one short reply, with its hours if they were checked in the last 90 days."""
        parts = [f"{self.name}. {self.what}"]
        if self.phone and self.phone == self.text:
            parts.append(f"Call or text {self.phone}.")
        else:
            parts += [f"Call {self.phone}."] if self.phone else []
            parts += [_texting(self.text)] if self.text else []
        if not self.phone and not self.text and self.web:
            parts.append(f"Online: {self.web}")
        if self.hours and self.hours_checked and is_fresh(self.hours_checked, today):
            parts.append(f"Open {self.hours[0].lower()}{self.hours[1:]}.")
        return " ".join(parts)


def load(folder: Path) -> tuple[Service, ...]:
    """Return the verified services under ``folder``, in the order written.

    Rows that are unchecked or in conflict are never returned. A row that is ``about`` another is a
    further claim on that service, not a service. Raises BadFacts for a file that cannot be read.
    """
    found = []
    for path in sorted(folder.glob("*.yml")):
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
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
    usable = [each for each in services if each.kind in _KINDS and _can_be_reached(each)]
    own = [each for each in usable if not each.everywhere and nation in each.nations]
    common = sorted(
        (each for each in usable if each.everywhere), key=lambda each: each.kind != "young_people"
    )
    return tuple([*common[:1], *own[:MOST_OF_NATION], *common[1:]][:MOST_NAMED])


def is_fresh(checked: date, today: date) -> bool:
    """Say whether something checked on a day may still be relied on."""
    return timedelta(0) <= today - checked <= HOURS_HOLD


def _service(row: Mapping[str, Any]) -> Service | None:
    if row["status"] != "verified" or row.get("about"):
        return None
    hours = row.get("hours") or {}
    checked = hours.get("checked_on")
    return Service(
        id=row["id"],
        name=row["name"],
        kind=row.get("kind", ""),
        what=row["what"].strip(),
        phone=row.get("phone"),
        text=row.get("text"),
        web=row.get("web"),
        nations=frozenset(row["nations"]),
        hours=hours.get("value"),
        hours_checked=date.fromisoformat(str(checked)) if checked else None,
    )


def _can_be_reached(service: Service) -> bool:
    return bool(service.phone or service.text or service.web)


def _texting(text: str) -> str:
    """``SHOUT to 85258`` is what to text and where; a number alone is only where."""
    return f"Text {text}." if " to " in text else f"Text them on {text}."
