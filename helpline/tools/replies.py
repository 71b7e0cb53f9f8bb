"""The replies that helpers share, from ``data/desk/replies.yml``; a helper changes and sends them.

Whether they are well written is for ``./waymark content check``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

from helpline.facts import Facts, FactsError
from helpline.tools.matching import Index
from helpline.tools.reading import ToolsBroken, read

ENGLISH = "en"


@dataclass(frozen=True)
class CannedReply:
    """One reply; ``text`` names facts, as ``[S21 phone]``, which are filled in when it is shown."""

    id: str
    title: str
    text: str
    tags: tuple[str, ...]
    language: str = ENGLISH


@dataclass(frozen=True)
class Shown:
    """A reply as it would be said today."""

    reply: CannedReply
    said: str


class Replies:
    """All replies in the order of the file, and a search through them."""

    def __init__(self, replies: Sequence[CannedReply], facts: Facts) -> None:
        self._facts = facts
        self._index = Index((reply, _texts(reply)) for reply in replies)

    @classmethod
    def load(cls, path: Path, facts: Facts) -> Self:
        """Reads the file; raises ToolsBroken naming the reply that is not complete.

        A fact that is missing or not verified stops the start as well.
        """
        rows = read(path).get("replies")
        if not isinstance(rows, list):
            raise ToolsBroken(f"{path.name} has no list of replies.")
        replies = [_reply(path.name, place, row) for place, row in enumerate(rows, 1)]
        ids = [reply.id for reply in replies]
        for twice in {name for name in ids if ids.count(name) > 1}:
            raise ToolsBroken(f"{path.name}: {twice} stands twice.")
        for reply in replies:
            try:
                facts.fill(reply.text, date.min)
            except FactsError as error:
                raise ToolsBroken(f"{path.name}: {reply.id}: {error}") from None
        return cls(replies, facts)

    def find(self, typed: str, today: date) -> list[Shown]:
        """The replies that match what was typed, best first; all of them for nothing typed."""
        return [
            Shown(reply, self._facts.fill(reply.text, today)) for reply in self._index.find(typed)
        ]


def _reply(file: str, place: int, row: Any) -> CannedReply:
    try:
        text = " ".join(str(row["text"]).split())
        tags = tuple(str(tag) for tag in row.get("tags") or ())
        reply = CannedReply(
            str(row["id"]), str(row["title"]), text, tags, str(row.get("language", ENGLISH))
        )
    except (KeyError, TypeError, AttributeError):
        raise ToolsBroken(f"{file}: reply {place} is not complete.") from None
    if not (reply.id and reply.title and reply.text):
        raise ToolsBroken(f"{file}: reply {place} is not complete.")
    return reply


def _texts(reply: CannedReply) -> dict[str, float]:
    return {reply.text: 0.5, " ".join(reply.tags): 0.8, reply.title: 1.0}
