"""Searches every place for every look of every secret, inside compressed streams too."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from ahocorasick_rs import BytesAhoCorasick, Implementation

from tests.privacy import packed, places
from tests.privacy.disguises import Look, Reading, looks_of_text, read_as
from tests.privacy.places import GONE, Place

WINDOW: Final = 4 << 20
DEEPEST: Final = 2
"""How deep streams in streams are unpacked: a tar.gz of gz files is two deep."""

Secrets = Mapping[str, Iterable[Look]]
"""By the name of each secret, never the secret itself, its looks."""


@dataclass(frozen=True, order=True)
class Find:
    """A secret by its name, the look it had, and where it stood."""

    secret: str
    look: str
    kind: str
    name: str


@dataclass
class Report:
    """What was searched, by kind of place, and what was found; `not_searched` should be empty."""

    places: Counter[str] = field(default_factory=Counter)
    read: int = 0
    unpacked: int = 0
    finds: set[Find] = field(default_factory=set)
    not_searched: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Report") -> "Report":
        self.places += other.places
        self.read += other.read
        self.unpacked += other.unpacked
        self.finds |= other.finds
        self.not_searched += other.not_searched
        return self

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.places.items()))
        return (
            f"searched {sum(self.places.values())} places ({kinds}), {self.read:,} bytes and"
            f" {self.unpacked:,} unpacked; found {len(self.finds)}"
        )


def find(folders: Iterable[Path], words: Iterable[str]) -> list[Find]:
    """Where one of a few words stands in these folders, in any look; no file may be left out."""
    secrets = {f"word {number}": list(looks_of_text(word)) for number, word in enumerate(words, 1)}
    report = Scanner(secrets).search(
        place for folder in folders for place in places.files("file", folder)
    )
    assert report.not_searched == []
    return sorted(report.finds)


def _automaton(sought: list[tuple[str, Look]]) -> BytesAhoCorasick:
    return BytesAhoCorasick([look.found for _, look in sought], implementation=Implementation.DFA)


class Scanner:
    """Looks for all secrets at once."""

    def __init__(self, secrets: Secrets) -> None:
        by_reading: dict[Reading, list[tuple[str, Look]]] = {}
        for name, looks in secrets.items():
            for look in looks:
                by_reading.setdefault(look.reading, []).append((name, look))
        self._readings = {
            reading: (found, _automaton(found)) for reading, found in by_reading.items()
        }
        longest = max(len(look.found) for listed in by_reading.values() for _, look in listed)
        self._overlap = max(2 * longest, packed.LONGEST_MAGIC)  # line ends may stand in between

    def search(self, places: Iterable[Place]) -> Report:
        """Reads each place to its end. One that cannot be read is in `not_searched`."""
        report = Report()
        for place in places:
            try:
                with place.open() as file:
                    report.read += self._search(place, file, report, deep=0)
            except GONE:
                continue
            except (OSError, packed.TooMuchPacked) as error:
                report.not_searched.append(f"{place.kind} {place.name}: {error}")
                continue
            report.places[place.kind] += 1
        return report

    def _search(self, place: Place, file: BinaryIO, report: Report, *, deep: int) -> int:
        """Searches a file from its beginning, window by window; returns how many bytes it has."""

        def read(at: int, length: int) -> bytes:
            file.seek(at)
            return file.read(length)

        at, tail = 0, b""
        while fresh := read(at, WINDOW):
            window = tail + fresh
            self._look(place, window, report)
            for start in packed.streams(window) if deep < DEEPEST else ():
                if start + packed.LONGEST_MAGIC > len(tail):  # else seen in the last window
                    inside = packed.unpack(read, at - len(tail) + start)
                    report.unpacked += len(inside)
                    self._search(place, BytesIO(inside), report, deep=deep + 1)
            at += len(fresh)
            tail = window[-self._overlap :]
        return at

    def _look(self, place: Place, window: bytes, report: Report) -> None:
        for reading, (sought, automaton) in self._readings.items():
            data = read_as(reading, window)
            for number, _, _ in automaton.find_matches_as_indexes(data, overlapping=True):
                name, look = sought[number]
                report.finds.add(Find(name, look.name, place.kind, place.name))
