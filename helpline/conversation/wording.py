"""What the service says by itself outside danger, from data/service/wording.yml."""

from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import yaml

PLACES = {
    "handoff_queued": frozenset({"position", "wait"}),
    "handoff_waiting": frozenset({"position", "wait"}),
    "handoff_waiting_nobody": frozenset({"open_now"}),
    "handoff_wait": frozenset({"estimate"}),
    "handoff_nobody": frozenset({"open_now", "kept"}),
    "handoff_closed": frozenset({"opens", "open_now", "kept"}),
    "alert_title": frozenset({"service"}),
    "alert": frozenset({"since", "desk"}),
    "alert_many": frozenset({"count", "since", "desk"}),
}
"""What the service fills in, by the text it stands in."""
NEEDED = {name: PLACES[name] for name in ("handoff_wait", "handoff_closed", "alert", "alert_many")}


class WordingBroken(Exception):
    """The wording file lacks a text or has one too many; the message names it."""


@dataclass(frozen=True)
class Wording:
    """One text for each thing the service says; a missing one stops the start."""

    greeting: tuple[str, ...]
    assistant_down: str
    handoff_queued: str
    handoff_asking: str
    handoff_waiting: str
    handoff_waiting_nobody: str
    handoff_wait: str
    handoff_nobody: str
    handoff_closed: str
    handoff_joining: str
    handoff_with_worker: str
    not_now: str
    not_now_level_4: str
    not_now_with_worker: str
    helper_away: str
    helper_slow: str
    helper_back: str
    helper_left: str
    helper_silent: str
    alert_title: str
    alert: str
    alert_many: str
    first_words: str
    just_numbers: str
    asked_later: str
    passed_on: str
    taken_over: str
    handed_back: str
    whole_read: str
    does_not_open: str
    talk_button: str
    ok_button: str
    later_button: str
    numbers_button: str

    @classmethod
    def load(cls, path: Path) -> "Wording":
        """Reads the file; raises WordingBroken naming the file and what is wrong."""
        try:
            data = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
            buttons = data.pop("buttons")
            greeting = tuple(data.pop("greeting"))
            titles = {f"{name}_button": title for name, title in buttons.items()}
            wording = cls(greeting=greeting, **titles, **data)
            for name, text in data.items():
                _check(name, text)
            return wording
        except (OSError, yaml.YAMLError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise WordingBroken(f"{path}: {type(error).__name__}: {error}") from error


def _check(name: str, text: str) -> None:
    """Raises ValueError where a text has a place that nothing fills, or lacks what it is for."""
    places = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    for place in sorted(places - PLACES.get(name, frozenset())):
        raise ValueError(f"nothing fills {{{place}}} in {name}")
    for place in sorted(NEEDED.get(name, frozenset()) - places):
        raise ValueError(f"{name} lacks {{{place}}}")
