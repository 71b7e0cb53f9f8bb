"""What the desk calls nations, ages and what is unchecked; what they are stands in the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from helpline.tools.directory import Service

NOT_KNOWN: Final = "not_said"
NATIONS: Final[Mapping[str, str]] = {
    NOT_KNOWN: "Not known",
    "england": "England",
    "wales": "Wales",
    "scotland": "Scotland",
    "northern_ireland": "Northern Ireland",
}
AGES: Final[Mapping[str, str]] = {
    NOT_KNOWN: "Not known",
    "under_16": "Under 16",
    "16_17": "16 or 17",
    "18_over": "18 or over",
}
UNCHECKED: Final[Mapping[str, str]] = {
    "unchecked": "Not checked",
    "conflict": "Not checked: two pages disagree",
    "old": "Not checked: only an old page says it",
}
"""Of a row that is not verified: why it is not passed on."""
STAFF_ONLY: Final = "For staff only"
NOT_REACHED: Final = "No checked number or address yet"
KINDS: Final[Mapping[str, str]] = {
    "note": "Note",
    "transfer": "Handed over",
    "code_word": "Code word",
}


def marks(status: str, staff: bool) -> list[str]:
    """Why a row is not for the young person; nothing for one that is."""
    why = [UNCHECKED[status]] if status in UNCHECKED else []
    return [*why, STAFF_ONLY] if staff else why


def why_not(service: Service) -> list[str]:
    """Why a service cannot be put to the young person; nothing for one that can."""
    if service.said is not None:
        return []
    return marks(service.status, service.staff) or [NOT_REACHED]


def where(nations: frozenset[str]) -> str:
    """The nations of a service in words: "All of the UK", "England and Wales"."""
    named = [name for nation, name in NATIONS.items() if nation in nations]
    if len(named) == len(NATIONS) - 1:
        return "All of the UK"
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def ages(bounds: tuple[int | None, int | None]) -> str:
    """Whom a service takes, by age: "13 and over", "Up to 18", "16 to 25", "Any age"."""
    lowest, highest = bounds
    if lowest is None and highest is None:
        return "Any age"
    if highest is None:
        return f"{lowest} and over"
    return f"Up to {highest}" if lowest is None else f"{lowest} to {highest}"
