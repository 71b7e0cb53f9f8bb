"""The services of ``data/facts`` by nation and need; only what is checked may be named.

Helpers see what is unchecked or for staff as well, marked, because they are asked about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Self

from helpline.facts import Fact, Facts, is_fresh
from helpline.tools.reading import ToolsBroken, read

SERVICES: Final = "services"
STAFF: Final = "staff"


@dataclass(frozen=True)
class Need:
    """What a helper looks for: the kinds of service that meet it, and services by id."""

    id: str
    name: str
    kinds: frozenset[str]
    services: frozenset[str]


@dataclass(frozen=True)
class Claim:
    """A further sentence about a service; ``status`` and ``staff`` as in Service."""

    id: str
    what: str
    status: str
    staff: bool


@dataclass(frozen=True)
class Service:
    """A service as the desk shows it.

    ``said`` is the sentence that may be put to a young person, None where it is not verified or is
    for staff. ``hours`` are those in the file, ``hours_checked`` whether they may be relied on.
    ``status`` is ``verified``, ``unchecked``, ``conflict`` or ``old``.
    """

    id: str
    name: str
    what: str
    phone: str | None
    text: str | None
    web: str | None
    hours: str | None
    hours_checked: bool
    nations: frozenset[str]
    ages: tuple[int | None, int | None]
    status: str
    staff: bool
    said: str | None
    claims: tuple[Claim, ...]


class Directory:
    """All services in the order of the file, which is that of preference."""

    def __init__(self, needs: Iterable[Need], facts: Facts) -> None:
        self.needs = tuple(needs)
        rows = [fact for fact in facts.by_id.values() if fact.section == SERVICES]
        self._services = [fact for fact in rows if not fact.fields.get("about")]
        self._about: dict[str, list[Fact]] = {}
        for fact in rows:
            if about := fact.fields.get("about"):
                self._about.setdefault(str(about), []).append(fact)

    @classmethod
    def load(cls, path: Path, facts: Facts) -> Self:
        """Reads ``data/desk/needs.yml``; raises ToolsBroken."""
        try:
            needs = [_need(row) for row in read(path)["needs"]]
        except (KeyError, TypeError, AttributeError) as error:
            raise ToolsBroken(f"{path.name}: {type(error).__name__}: {error}") from None
        return cls(needs, facts)

    def find(self, nation: str, need: str, today: date) -> list[Service]:
        """The services of a nation that meet a need; an unknown one of either leaves none out.

        What may be named comes first.
        """
        wanted = next((each for each in self.needs if each.id == need), None)
        known = {each for fact in self._services for each in fact.nations}
        found = [
            self._service(fact, today)
            for fact in self._services
            if (nation not in known or nation in fact.nations)
            and (wanted is None or _meets(fact.fields, wanted))
        ]
        return sorted(found, key=lambda service: service.said is None)

    def _service(self, fact: Fact, today: date) -> Service:
        fields = fact.fields
        hours = (fields.get("hours") or {}).get("value")
        staff = fields.get("for") == STAFF
        reachable = any(fields.get(part) for part in ("phone", "text", "web"))
        named = fact.status == "verified" and not staff and reachable
        ages = fields["ages"]
        return Service(
            id=fact.id,
            name=str(fields["name"]),
            what=str(fields["what"]).strip(),
            phone=_text(fields, "phone"),
            text=_text(fields, "text"),
            web=_text(fields, "web"),
            hours=str(hours) if hours else None,
            hours_checked=fact.checked is not None and is_fresh(fact.checked, today),
            nations=fact.nations,
            ages=(ages.get("from"), ages.get("to")),
            status=fact.status,
            staff=staff,
            said=fact.part("said", today) if named else None,
            claims=tuple(_claim(each) for each in self._about.get(fact.id, ())),
        )


def _need(row: Mapping[str, Any]) -> Need:
    services = frozenset(map(str, row.get("services") or ()))
    return Need(str(row["id"]), str(row["name"]), frozenset(map(str, row["kinds"])), services)


def _meets(fields: Mapping[str, Any], need: Need) -> bool:
    return fields["id"] in need.services or fields.get("kind") in need.kinds


def _text(fields: Mapping[str, Any], part: str) -> str | None:
    return str(fields[part]) if fields.get(part) else None


def _claim(fact: Fact) -> Claim:
    said = " ".join(str(fact.fields["what"]).split())
    phone = fact.fields.get("phone")
    what = f"{said} {phone}" if phone else said
    return Claim(fact.id, what, fact.status, fact.fields.get("for") == STAFF)
