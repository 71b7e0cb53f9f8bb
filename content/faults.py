"""What is wrong and where, in words for somebody who does not program."""

from __future__ import annotations

from dataclasses import dataclass

from content.located import Where


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to put right."""

    where: Where
    says: str

    def __str__(self) -> str:
        return f"{self.where}: {self.says}"
