"""What a helper reaches for beside a chat, read from ``data/``: replies, topics, services.

Who may use it and what is sent is the conversation's; how it looks is the desk's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from helpline.facts import Facts
from helpline.tools.directory import Directory
from helpline.tools.reading import ToolsBroken
from helpline.tools.replies import Replies
from helpline.tools.topics import Topics

__all__ = ["Directory", "Replies", "Tools", "ToolsBroken", "Topics"]


@dataclass(frozen=True)
class Tools:
    """The three tools, read once."""

    replies: Replies
    topics: Topics
    directory: Directory

    @classmethod
    def load(cls, data: Path, facts: Facts) -> Self:
        """Reads ``data/desk`` and what it rests on; raises ToolsBroken, one sentence with file."""
        desk = data / "desk"
        return cls(
            Replies.load(desk / "replies.yml", facts),
            Topics.load(data, facts),
            Directory.load(desk / "needs.yml", facts),
        )
