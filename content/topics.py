"""Every topic has what it needs: an intent, examples, a reply, a story test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from content.faults import Fault
from content.located import Where
from content.project import Intent, Project

TOPICS = tuple(f"T{number:02}" for number in range(1, 75))
FEWEST_EXAMPLES = 30
_NLU = Where("data/nlu", 1)
_STORIES = Where("tests/stories", 1)


def check(project: Project) -> Iterator[Fault]:
    """Yields topics that lack something, and examples that stand twice."""
    by_topic = {intent.topic: intent for intent in project.intents}
    answered = {reply.topic for reply in project.replies}
    for topic in TOPICS:
        intent = by_topic.get(topic)
        if intent is None:
            yield Fault(_NLU, f"{topic} has no intent.")
            continue
        if topic not in answered:
            yield Fault(intent.where, f"{topic} ({intent.name}) has no reply.")
        if intent.name not in project.told:
            yield Fault(_STORIES, f"{topic} ({intent.name}) has no story test.")
    known = set(project.domain["intents"])
    for intent in project.intents:
        yield from _intent(intent, known)
    yield from _doubles(project)


def _intent(intent: Intent, known: set[str]) -> Iterator[Fault]:
    if intent.topic not in {*TOPICS, "chitchat", "none"}:
        yield Fault(intent.where, f"{intent.name}: {intent.topic} is no topic.")
    if intent.name not in known:
        yield Fault(intent.where, f"{intent.name} is missing from the intents of domain.yml.")
    if len(intent.examples) < FEWEST_EXAMPLES:
        few = len(intent.examples)
        yield Fault(intent.where, f"{intent.name} has {few} examples; at least {FEWEST_EXAMPLES}.")


def _doubles(project: Project) -> Iterator[Fault]:
    said = Counter(same(e.text) for intent in project.intents for e in intent.examples)
    first: dict[str, Where] = {}
    for intent in project.intents:
        for example in intent.examples:
            key = same(example.text)
            if said[key] > 1 and key in first:
                yield Fault(example.where, f"this example stands already at {first[key]}.")
            first.setdefault(key, example.where)


def same(text: str) -> str:
    """What two examples have in common that differ only in case and punctuation."""
    return re.sub(r"[^a-z0-9 ]", "", text.lower()).strip() or text
