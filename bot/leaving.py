"""Leaves a form at the word that is not an answer to it, so that no form needs rules for that.

Danger, another topic asked with confidence, or a question in the middle of a form is answered as if
there were no form, and is never stored as a slot. What a form was told is forgotten with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

SURE, SURE_OF_FEW_WORDS = 0.5, 0.8  # confidences above which another topic was asked
_FEW_WORDS, _MOST_WORDS = 3, 12
_HIGH_RISK = 3
_BUTTONS = frozenset({"inform_plan"})  # what only a form's own buttons send
_NEVER_ANSWERS = frozenset(
    {
        *("affirm", "deny", "not_sure", "talk_to_a_person", "never_mind", "goodbye"),
        *("show_topics", "complain"),
    }
)


class Leaving:
    """Decides, for every form alike, whether a message is an answer."""

    def __init__(self, domain: Domain) -> None:
        self._slots = {name: domain.required_slots_for_form(name) for name in domain.form_names}

    def events(
        self, tracker: DialogueStateTracker, heard: Mapping[str, Any], level: int, *, typed: bool
    ) -> list[Event]:
        """Return what leaves the form and forgets it; nothing where the message may answer it."""
        form = tracker.active_loop_name
        if form is not None and is_answer(heard, level, typed=typed):
            return []
        told = [slot for slots in self._slots.values() for slot in slots if tracker.get_slot(slot)]
        left: list[Event] = [SlotSet(slot, None) for slot in told]
        if form is not None:
            left += [ActiveLoop(None), SlotSet(REQUESTED_SLOT, None)]
        return left


def is_answer(heard: Mapping[str, Any], level: int, *, typed: bool) -> bool:
    """Whether a message may fill the slot that a form asks for; ``level`` is 0 to 4."""
    intent, sure = heard["intent"]["name"], float(heard["intent"]["confidence"])
    if level >= _HIGH_RISK or intent in _NEVER_ANSWERS:
        return False
    if not typed:
        return intent in _BUTTONS
    words = len(heard["text"].split())
    if "?" in heard["text"] or words > _MOST_WORDS:
        return False
    return sure < (SURE_OF_FEW_WORDS if words <= _FEW_WORDS else SURE)
