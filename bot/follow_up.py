"""What a message means after the one before: a nation on its own, or the same question again.

"Where do you live?" is asked in the middle of an answer. Whether "Scotland" is then tapped or
typed, it is heard as the same question asked again, now with the nation known; so a topic needs no
rules of its own for that. Not answering is an answer too: nobody is asked twice. And a topic that
is asked again, with nothing new known, is not answered with the same words; in the middle of our
own questions, more about the same topic is neither yes nor no.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

GIVES = {"inform_nation": "nation", "inform_age": "age"}
NOT_SAID = "not_said"
_WHERE, _HOW_OLD = "utter_where_or_not", "utter_how_old"
_ASKS = {_WHERE: "nation", _HOW_OLD: "age"}
_LISTENS = "action_listen"
_BARE = "bare_age"
_SLOTS = frozenset({"nation", "age", "who"})
SAME_AGAIN, NOT_SURE, UNCLEAR = "same_again", "not_sure", "unclear_answer"
FALLBACK = "nlu_fallback"
ASKED_AGAIN = "asked_again"
_QUESTION = "_question"


class FollowUp:
    """Knows which topics differ by nation or age: those that ask."""

    def __init__(self, domain: Domain, topics: Set[str]) -> None:
        """``topics``: the intents that stand for a topic of topics.md.

        Those with words of their own for the second time (``utter_…_again``) have rules for it.
        """
        own = {name for name in topics if f"utter_{name}_again" in domain.responses}
        self._topics = frozenset(topics) - own
        self._by_slot: dict[str, set[str]] = {"nation": set(), "age": set()}
        for name, variations in domain.responses.items():
            topic = re.sub(r"(_where|_step)$", "", name.removeprefix("utter_"))
            if topic not in domain.intents:
                continue
            if name.endswith("_where"):
                self._by_slot["nation"].add(topic)
            if any(_differs(variation, "age") for variation in variations):
                self._by_slot["age"].add(topic)

    def heard_as(self, tracker: DialogueStateTracker, heard: dict[str, Any]) -> dict[str, Any]:
        """Return what was heard as what it means here; ``heard`` is Rasa's parse data."""
        intent, asked = heard["intent"]["name"], _asked(tracker)
        last = _last_said(tracker) or ""
        if intent == FALLBACK and last.endswith(_QUESTION) and not tracker.get_slot(ASKED_AGAIN):
            return _with_intent(heard, UNCLEAR)
        if asked in self._by_slot.get(GIVES.get(intent, ""), ()):
            return _with_intent(heard, asked)
        if intent != asked or intent not in self._topics or last in _ASKS or _tells(heard):
            return heard
        return _with_intent(heard, NOT_SURE if last.endswith(_QUESTION) else SAME_AGAIN)

    def unanswered(self, tracker: DialogueStateTracker, intent: str | None) -> list[Event]:
        """Return what is now known of a question that this message passes over."""
        known: list[Event] = [SlotSet(ASKED_AGAIN, None)] if tracker.get_slot(ASKED_AGAIN) else []
        slot = _ASKS.get(_last_said(tracker) or "")
        if slot is None or GIVES.get(intent or "") == slot or tracker.get_slot(slot):
            return known
        return [*known, SlotSet(slot, NOT_SAID)]

    @staticmethod
    def goes_on_from(past: list[Event], said: dict[str, Any]) -> list[Event] | None:
        """Return the state after a message that is asked for once more: as if it had not come.

        So a yes or no that follows answers the question it was asked. None for any other message.
        """
        return [*past, SlotSet(ASKED_AGAIN, True)] if said["intent"]["name"] == UNCLEAR else None


def _with_intent(heard: dict[str, Any], intent: str) -> dict[str, Any]:
    """Another intent, as sure as before. A bare number is an age where an age was asked for."""
    entities = [
        {**each, "entity": "age"} if each["entity"] == _BARE else each for each in heard["entities"]
    ]
    return {**heard, "intent": {**heard["intent"], "name": intent}, "entities": entities}


def _tells(heard: dict[str, Any]) -> bool:
    return any(each["entity"] in _SLOTS for each in heard["entities"])


def _differs(variation: dict[str, Any], slot: str) -> bool:
    return any(each["name"] == slot for each in variation.get("condition") or ())


def _asked(tracker: DialogueStateTracker) -> str | None:
    """The intent of the message before."""
    said = (event for event in reversed(tracker.events) if isinstance(event, UserUttered))
    return next((event.intent_name for event in said), None)


def _last_said(tracker: DialogueStateTracker) -> str | None:
    said = (e.action_name for e in reversed(tracker.events) if isinstance(e, ActionExecuted))
    return next((name for name in said if name != _LISTENS), None)
