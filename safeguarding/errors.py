"""The one error of this package: a file of data/safeguarding that cannot be used."""

from __future__ import annotations

from pathlib import Path


class SafeguardingError(Exception):
    """A data file is wrong. The message is one sentence with the file and the line."""

    @classmethod
    def at(cls, file: Path, line: int | None, problem: str) -> SafeguardingError:
        """The error for a place in a file; ``line`` counts from 1."""
        place = f"{file}, line {line}" if line is not None else f"{file}"
        return cls(f"{place}: {problem}")
