"""The content as a whole: intents, replies, rules, stories, words not to use, facts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from content.located import ContentError, Mapping, Where, load
from helpline.facts import Facts, FactsError, values_of

NATIONS = ("england", "wales", "scotland", "northern_ireland")
AGES = ("under_16", "16_17", "18_over")
BY_SERVICE = frozenset({"talk_to_a_person", "not_now"})  # buttons that the service itself answers
FALLBACK = "nlu_fallback"


@dataclass(frozen=True)
class Button:
    """What a button shows and sends; ``intent`` is None where what it sends cannot be read."""

    title: str
    intent: str | None
    entities: dict[str, str]
    where: Where


@dataclass(frozen=True)
class Reply:
    """One variation of one response; ``slots`` are what it waits for."""

    name: str
    text: str
    buttons: tuple[Button, ...]
    slots: dict[str, str]
    topic: str | None
    facts: tuple[str, ...]
    where: Where


@dataclass(frozen=True)
class Rule:
    """``steps`` are (kind, name) with kind ``intent``, ``action`` or ``active_loop``."""

    name: str
    slots: dict[str, str | None]
    steps: tuple[tuple[str, str | None], ...]
    where: Where

    @property
    def before(self) -> tuple[tuple[str, str | None], ...]:
        """What must have happened before the last message."""
        return self.steps[: self._last_intent]

    @property
    def after(self) -> str | None:
        """The reply that must have come last; None for a rule that holds at any time."""
        said = [name for kind, name in self.before if kind == "action"]
        return said[-1] if said else None

    @property
    def intent(self) -> str | None:
        """The message it answers; None where it goes on without one, as after a form."""
        return self.steps[self._last_intent][1] if self._has_intent else None

    @property
    def actions(self) -> tuple[str, ...]:
        """What is said or done then."""
        start = self._last_intent + 1 if self._has_intent else 0
        return tuple(name for kind, name in self.steps[start:] if kind == "action" and name)

    @property
    def _has_intent(self) -> bool:
        return any(kind == "intent" for kind, _ in self.steps)

    @property
    def _last_intent(self) -> int:
        places = [place for place, (kind, _) in enumerate(self.steps) if kind == "intent"]
        return places[-1] if places else 0


@dataclass(frozen=True)
class Example:
    """One thing a young person may say, without its entity marks."""

    text: str
    where: Where


@dataclass(frozen=True)
class Intent:
    """``topic`` is T01–T74, ``chitchat`` or ``none``."""

    name: str
    topic: str
    examples: tuple[Example, ...]
    where: Where


@dataclass(frozen=True)
class Avoided:
    """Words not to use: a pattern, and what to write in their place."""

    pattern: re.Pattern[str]
    instead: str


@dataclass(frozen=True)
class Project:
    """Everything under a root, read once. Properties raise ContentError."""

    root: Path
    today: date

    @cached_property
    def domain(self) -> Mapping:
        """domain.yml."""
        found: Mapping = load(self.root / "domain.yml", self.root)
        return found

    @cached_property
    def facts(self) -> Facts:
        """Every fact by id."""
        try:
            return Facts.load(self.root / "data" / "facts", values_of())
        except FactsError as error:
            raise ContentError(f"data/facts/{error}") from None

    @cached_property
    def replies(self) -> tuple[Reply, ...]:
        """Every variation of every response."""
        return tuple(
            _reply(name, variation, place)
            for document, place in self._documents("data/responses")
            for name, variations in document.get("responses", {}).items()
            for variation in variations
        )

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule."""
        return tuple(
            _rule(each, place)
            for document, place in self._documents("data/rules")
            for each in document.get("rules", ())
        )

    @cached_property
    def intents(self) -> tuple[Intent, ...]:
        """Every intent that has examples."""
        return tuple(
            _intent(each, place)
            for document, place in self._documents("data/nlu")
            for each in document.get("nlu", ())
            if "intent" in each
        )

    @cached_property
    def told(self) -> frozenset[str]:
        """The intents that a story test of tests/stories goes through."""
        return frozenset(
            step["intent"]
            for document, _ in self._documents("tests/stories")
            for story in document.get("stories", ())
            for step in story["steps"]
            if "intent" in step
        )

    @cached_property
    def avoided(self) -> tuple[Avoided, ...]:
        """data/tone.yml."""
        rows = load(self.root / "data" / "tone.yml", self.root)["avoid"]
        return tuple(Avoided(re.compile(row["words"], re.I), row["instead"]) for row in rows)

    def said(self, reply: Reply) -> str:
        """The reply as it would be delivered today; raises FactsError."""
        return self.facts.fill(reply.text, self.today)

    def variations(self, name: str) -> list[Reply]:
        """The variations of one response."""
        return self._by_name.get(name, [])

    @cached_property
    def _by_name(self) -> dict[str, list[Reply]]:
        found: dict[str, list[Reply]] = {}
        for reply in self.replies:
            found.setdefault(reply.name, []).append(reply)
        return found

    def _documents(self, folder: str) -> Iterator[tuple[Mapping, str]]:
        for path in sorted((self.root / folder).glob("*.yml")):
            document = load(path, self.root)
            if not isinstance(document, Mapping):
                raise ContentError(f"{path.relative_to(self.root)}:1: this is not a mapping.")
            yield document, str(path.relative_to(self.root))


def _reply(name: str, variation: Mapping, file: str) -> Reply:
    metadata: dict[str, Any] = variation.get("metadata") or {}
    return Reply(
        name=name,
        text=" ".join(str(variation.get("text", "")).split()),
        buttons=tuple(_button(each, file) for each in variation.get("buttons") or ()),
        slots={each["name"]: each["value"] for each in variation.get("condition") or ()},
        topic=metadata.get("topic"),
        facts=tuple(metadata.get("facts") or ()),
        where=Where(file, variation.lines.get("text", variation.line)),
    )


def _button(button: Mapping, file: str) -> Button:
    named = re.fullmatch(r"/([a-z0-9_]+)(\{.*\})?", str(button.get("payload")))
    where = Where(file, button.line)
    title = str(button.get("title"))
    try:
        return Button(title, named[1], json.loads(named[2] or "{}"), where)  # type: ignore[index]
    except (TypeError, ValueError):
        return Button(title, None, {}, where)


def _rule(rule: Mapping, file: str) -> Rule:
    kinds = ("intent", "action", "active_loop")
    steps = tuple((kind, step[kind]) for step in rule["steps"] for kind in kinds if kind in step)
    slots = {
        name: value
        for condition in rule.get("condition") or ()
        for each in condition.get("slot_was_set") or ()
        for name, value in each.items()
    }
    return Rule(rule["rule"], slots, steps, Where(file, rule.line))


def _intent(entry: Mapping, file: str) -> Intent:
    first = entry.lines["examples"] + 1
    examples = tuple(
        Example(_plain(line), Where(file, number))
        for number, line in enumerate(str(entry["examples"]).splitlines(), first)
        if line.strip()
    )
    topic = str((entry.get("metadata") or {}).get("topic", "chitchat"))
    return Intent(entry["intent"], topic, examples, Where(file, entry.line))


def _plain(line: str) -> str:
    """``- i live in [wales](nation)`` as a young person would type it."""
    return re.sub(r"\[([^\]]*)\][({][^)}]*[)}]", r"\1", line.strip().removeprefix("- ").strip())
