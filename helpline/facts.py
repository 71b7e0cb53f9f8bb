"""Facts by id, and filling them into what the assistant says; choosing services is the action's.

A reply names a fact, ``Call [S21 phone]. [S21 hours]``, so that a number stands in one place only.
Hours are filled in only while somebody checked them in the last 90 days; a number always is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Self

import yaml

from helpline.settings import Settings

HOURS_HOLD: Final = timedelta(days=90)
PARTS: Final = ("name", "phone", "text", "web", "hours", "said", "value")
NAMED: Final = re.compile(r"\[([A-Z]\d{2}[a-z]?) ([a-z]+)\]")
_HOURS: Final = re.compile(rf" ?{NAMED.pattern}")


class FactsError(Exception):
    """A fact is missing, not verified, or a file cannot be read; the message names it."""


@dataclass(frozen=True)
class Fact:
    """One row of ``data/facts``: a claim, or a service with ways to reach it.

    ``checked`` is the day on which a named person looked at the live page; of a service it is the
    day on which its hours were checked.
    """

    id: str
    section: str
    fields: Mapping[str, Any]

    @property
    def status(self) -> str:
        """``verified``, ``unchecked``, ``conflict`` or ``old``; only the first is served."""
        return str(self.fields["status"])

    @property
    def nations(self) -> frozenset[str]:
        """Where it holds: england, wales, scotland, northern_ireland."""
        return frozenset(self.fields["nations"])

    @property
    def checked(self) -> date | None:
        """The day of the last check, None where nobody has checked yet."""
        hours = self.fields.get("hours") or {}
        day = hours.get("checked_on") if hours.get("value") else self.fields.get("checked_on")
        return date.fromisoformat(str(day)) if day else None

    def part(self, name: str, today: date) -> str:
        """One part as it is said: a number, an address, the hours as a sentence or nothing.

        Raises FactsError for a part that the fact does not have.
        """
        if name == "hours":
            return self._hours(today)
        if name == "said":
            return self._said(today)
        value = self.fields.get(name)
        if name not in PARTS or not value:
            raise FactsError(f"{self.id} has no {name}.")
        return str(value)

    def _hours(self, today: date) -> str:
        value = (self.fields.get("hours") or {}).get("value")
        if not value or not self.checked or not is_fresh(self.checked, today):
            return ""
        return f"{value}." if ":" in value else f"Open {value}."

    def _said(self, today: date) -> str:
        """A service in one or two sentences: what it is, how to reach it, when it is open."""
        phone, text, web = (self.fields.get(part) for part in ("phone", "text", "web"))
        parts = [f"{self.fields['name']}. {str(self.fields['what']).strip()}"]
        if phone and phone == text:
            parts.append(f"Call or text {phone}.")
        else:
            parts += [f"Call {phone}."] if phone else []
            parts += [_texting(text)] if text else []
        if web and not phone and not text:
            parts.append(f"Online: {web}")
        hours = self._hours(today)
        return " ".join([*parts, hours] if hours else parts)


def _texting(text: str) -> str:
    """``SHOUT to 85258`` is what to text and where; a number alone is only where."""
    return f"Text {text}." if " to " in text else f"Text them on {text}."


@dataclass(frozen=True)
class Facts:
    """All facts by id."""

    by_id: Mapping[str, Fact]

    @classmethod
    def load(cls, folder: Path, values: Mapping[str, str] | None = None) -> Self:
        """Reads ``data/facts``; ``values`` are those of facts that settings decide, by id.

        Raises FactsError naming the file, or the id that stands twice.
        """
        found: dict[str, Fact] = {}
        for path in sorted(folder.glob("*.yml")):
            for section, row in _rows(path):
                value = (values or {}).get(str(row["id"]))
                fields = {**row, "value": value} if value else row
                fact = Fact(str(row["id"]), section, fields)
                if fact.id in found:
                    raise FactsError(f"{path.name}: {fact.id} stands twice.")
                found[fact.id] = fact
        return cls(found)

    def verified(self, name: str) -> Fact:
        """The fact of that id; raises FactsError where it is missing or not verified."""
        fact = self.by_id.get(name)
        if fact is None:
            raise FactsError(f"{name} is not in data/facts.")
        if fact.status != "verified":
            raise FactsError(f"{name} is {fact.status}.")
        return fact

    def fill(self, text: str, today: date) -> str:
        """Puts in what ``[S21 phone]`` and the like name; raises FactsError."""

        def put(named: re.Match[str]) -> str:
            said = self.verified(named[1]).part(named[2], today)
            return f" {said}" if said and named[0].startswith(" ") else said

        return _HOURS.sub(put, text)


def values_of(settings: Settings | None = None) -> dict[str, str]:
    """Fact id → value as it is said: W06 for chats with the assistant, W13 for those with a helper.

    Without settings, those of a fresh installation.
    """
    chosen = settings or Settings()
    return {
        "W06": _amount(chosen.assistant_chats_kept_hours, "hour"),
        "W13": _amount(chosen.handed_off_chats_kept_days, "day"),
    }


def _amount(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def is_fresh(checked: date, today: date) -> bool:
    """Whether something checked on a day may still be relied on."""
    return timedelta(0) <= today - checked <= HOURS_HOLD


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader) or {}
        for section, rows in document.items():
            for row in rows:
                fact = Fact(str(row["id"]), section, row)
                _ = fact.status, fact.nations, fact.checked, row["ages"], row["source"]
                yield section, row
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise FactsError(f"{path.name} cannot be read ({type(error).__name__}).") from None
