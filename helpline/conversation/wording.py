"""What the service says by itself outside danger, from data/service/wording.yml."""

from dataclasses import dataclass
from pathlib import Path

import yaml


class WordingBroken(Exception):
    """The wording file lacks a text or has one too many; the message names it."""


@dataclass(frozen=True)
class Wording:
    """One text for each thing the service says; a missing one stops the start."""

    greeting: tuple[str, ...]
    assistant_down: str
    handoff_queued: str
    handoff_waiting: str
    handoff_waiting_nobody: str
    handoff_nobody: str
    handoff_joining: str
    handoff_with_worker: str
    not_now: str
    not_now_level_4: str
    not_now_with_worker: str
    helper_left: str
    talk_button: str

    @classmethod
    def load(cls, path: Path) -> "Wording":
        """Reads the file; raises WordingBroken naming the file and what is wrong."""
        try:
            data = yaml.safe_load(path.read_text("utf-8"))
            buttons = data.pop("buttons")
            greeting = tuple(data.pop("greeting"))
            return cls(greeting=greeting, talk_button=buttons["talk"], **data)
        except (OSError, yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
            raise WordingBroken(f"{path}: {type(error).__name__}: {error}") from error
