"""The assistant's topics at the desk: what it says to each, and what a helper may send of that.

The words come from ``data/responses`` through the rules, as Rasa chooses them; ``data/desk`` names
the topics and says what only the assistant can truly say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, Self

from content.answers import answer, pick
from content.located import ContentError
from content.project import AGES, NATIONS, Project, Reply
from helpline.facts import Facts, FactsError
from helpline.tools.matching import Index
from helpline.tools.reading import ToolsBroken, read

NOT_SAID: Final = "not_said"
"""The nation or the age where it is not known: what holds for everybody is said."""


@dataclass(frozen=True)
class Topic:
    """One topic: ``id`` T01 to T74, ``name`` as a helper finds it, ``group`` where it stands.

    ``also`` are further words to find it by. ``differs`` names what its answer depends on:
    ``nation``, ``age``.
    """

    id: str
    name: str
    group: str
    intent: str
    also: str
    differs: tuple[str, ...]


@dataclass(frozen=True)
class Bubble:
    """One bubble of an answer as it is said today; ``sendable`` if it is true from a helper."""

    said: str
    sendable: bool


@dataclass(frozen=True)
class Answer:
    """What the assistant says to a topic, for one nation and age."""

    topic: Topic
    bubbles: tuple[Bubble, ...]

    @property
    def to_send(self) -> tuple[str, ...]:
        """The bubbles that a helper may send, in order; none where all of it is the assistant's."""
        return tuple(bubble.said for bubble in self.bubbles if bubble.sendable)


class Topics:
    """Every topic with its answers, and a search through names, answers and what is asked."""

    def __init__(
        self,
        topics: Iterable[Topic],
        replies: Mapping[tuple[str, str, str], tuple[Reply, ...]],
        examples: Mapping[str, str],
        assistant_only: re.Pattern[str],
        facts: Facts,
    ) -> None:
        """``replies`` by intent, nation and age; ``examples`` are what is asked, by intent."""
        self._topics = {topic.id: topic for topic in topics}
        self._replies, self._only, self._facts = replies, assistant_only, facts
        self._index = Index((each, self._texts(each, examples)) for each in self._topics.values())

    @classmethod
    def load(cls, data: Path, facts: Facts) -> Self:
        """Reads ``data/desk/topics.yml``, and the rules, replies and examples beside it.

        Raises ToolsBroken: a topic without an answer, a pattern that is none, a broken file.
        """
        document, project = read(data / "desk" / "topics.yml"), Project(data.parent, date.min)
        try:
            patterns = "|".join(f"(?:{each})" for each in document["assistant_only"])
            only = re.compile(patterns, re.I)
            named = [
                (str(name), str(title), str(group["name"]))
                for group in document["groups"]
                for name, title in group["topics"].items()
            ]
            instead = {
                str(name): " ".join(str(row["text"]).split())
                for name, row in (document.get("instead") or {}).items()
            }
            intents = {intent.topic: intent for intent in project.intents}
            topics, replies = [], dict[tuple[str, str, str], tuple[Reply, ...]]()
            for name, title, group in named:
                intent = intents[name].name
                answers = _answers(project, intent, instead)
                differs = tuple(
                    slot
                    for slot in ("nation", "age")
                    if any(slot in reply.slots for said in answers.values() for reply in said)
                )
                also = str(document.get("also", {}).get(name, ""))
                topics.append(Topic(name, title, group, intent, also, differs))
                replies |= {(intent, *known): said for known, said in answers.items()}
            examples = {
                intent.name: " ".join(example.text for example in intent.examples)
                for intent in project.intents
            }
        except (KeyError, TypeError, AttributeError, re.error, ContentError) as error:
            raise ToolsBroken(f"topics.yml: {type(error).__name__}: {error}") from None
        found = cls(topics, replies, examples, only, facts)
        found._fill_all()
        return found

    @property
    def titles(self) -> dict[str, str]:
        """What each topic is called, by its id."""
        return {name: topic.name for name, topic in self._topics.items()}

    def find(self, typed: str, nation: str, age: str, today: date) -> list[Answer]:
        """The answers whose topic matches what was typed, best first; all for nothing typed."""
        return [self._answer(each, nation, age, today) for each in self._index.find(typed)]

    def answer(self, topic: str, nation: str, age: str, today: date) -> Answer | None:
        """The answer to one topic, None where there is no such topic.

        ``nation`` is one of NATIONS, ``age`` one of AGES; anything else counts as not known.
        """
        found = self._topics.get(topic)
        return self._answer(found, nation, age, today) if found else None

    def _answer(self, topic: Topic, nation: str, age: str, today: date) -> Answer:
        known = (
            nation if nation in NATIONS else NOT_SAID,
            age if age in AGES else NOT_SAID,
        )
        return Answer(
            topic,
            tuple(
                Bubble(self._facts.fill(reply.text, today), self._only.search(reply.text) is None)
                for reply in self._replies[(topic.intent, *known)]
            ),
        )

    def _fill_all(self) -> None:
        for replies in self._replies.values():
            for reply in replies:
                try:
                    self._facts.fill(reply.text, date.min)
                except FactsError as error:
                    raise ToolsBroken(f"{reply.where}: {error}") from None

    def _texts(self, topic: Topic, examples: Mapping[str, str]) -> dict[str, float]:
        said = " ".join(reply.text for reply in self._replies[(topic.intent, NOT_SAID, NOT_SAID)])
        return {
            topic.also: 1.0,
            examples.get(topic.intent, ""): 0.3,
            said: 0.5,
            f"{topic.group} {topic.id}": 0.7,
            topic.name: 1.0,
        }


def _answers(
    project: Project, intent: str, instead: Mapping[str, str]
) -> dict[tuple[str, str], tuple[Reply, ...]]:
    """What is said to an intent for each nation and age, ``not_said`` among both."""
    found = {}
    for nation in (*NATIONS, NOT_SAID):
        for age in (*AGES, NOT_SAID):
            rule = answer(project, None, intent, {"nation": nation, "age": age})
            if rule is None:
                raise ToolsBroken(f"topics.yml: no rule answers {intent}.")
            names = [name for name in rule.actions if project.variations(name)]
            said = (pick(project, name, nation, age) for name in names)
            found[(nation, age)] = tuple(_from_helper(reply, instead) for reply in said)
    return found


def _from_helper(reply: Reply, instead: Mapping[str, str]) -> Reply:
    """The reply, or what a helper sends in place of the variation for no nation or age."""
    text = instead.get(reply.name) if not reply.slots else None
    return replace(reply, text=text) if text else reply
