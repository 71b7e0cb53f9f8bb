"""Which topic of topics.md an intent stands for, from the metadata in ``data/nlu``."""

from __future__ import annotations

from pathlib import Path

import yaml

NOTHING = "none"  # what was not understood, or is none of ours
SMALL_TALK = "chitchat"  # an intent that names no topic
_NOT_UNDERSTOOD = frozenset({None, "nlu_fallback", "out_of_scope"})


def load(folder: Path) -> dict[str, str]:
    """Return intent → topic from the ``metadata: {topic: T65}`` of the intents in ``folder``."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.yml")):
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        for block in document.get("nlu", ()):
            if "intent" in block:
                topic = (block.get("metadata") or {}).get("topic")
                found[block["intent"]] = topic or found.get(block["intent"], SMALL_TALK)
    return found


def topic_of(known: dict[str, str], intent: str | None) -> str:
    """Return the topic's id, ``chitchat`` or ``none``."""
    return NOTHING if intent in _NOT_UNDERSTOOD else known.get(str(intent), NOTHING)


def intents(known: dict[str, str]) -> set[str]:
    """Return the intents that stand for a topic."""
    return {intent for intent, topic in known.items() if topic not in {NOTHING, SMALL_TALK}}
