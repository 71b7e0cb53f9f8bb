"""What a thief has: a copy of the state folder, read with the product's own code; no secret of a
person."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Loot:
    """Every file of the folder, and every row of every database in it."""

    folder: Path
    rows: dict[str, list[Row]] = field(repr=False)
    files: dict[str, bytes] = field(repr=False)

    @classmethod
    def of(cls, folder: Path) -> "Loot":
        files = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        rows: dict[str, list[Row]] = {}
        for name, content in files.items():
            if content.startswith(b"SQLite format 3\0"):
                rows |= _rows_of(folder / name)
        return cls(folder, rows, files)

    def blobs(self) -> Iterator[bytes]:
        """Every binary value of every row."""
        for listed in self.rows.values():
            for row in listed:
                yield from (value for value in row.values() if isinstance(value, bytes))

    def clear(self) -> dict[str, set[object]]:
        """What stands in each column of each table: "table.column", and its values."""
        seen: dict[str, set[object]] = {}
        for table, listed in self.rows.items():
            for row in listed:
                for column, value in row.items():
                    seen.setdefault(f"{table}.{column}", set()).add(value)
        return seen


def _rows_of(database: Path) -> dict[str, list[Row]]:
    connection = sqlite3.connect(database)
    try:
        connection.row_factory = sqlite3.Row
        named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')]  # noqa: S608
            for (name,) in named
        }
    finally:
        connection.close()
