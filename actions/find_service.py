"""The action that names services for the young person's nation, from verified facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import services

FACTS = Path(__file__).resolve().parents[1] / "data" / "facts"
A_BUBBLE = 2  # services; at most two bubbles of 45 words (topics.md)
NEXT = (
    {"title": "Talk to a person", "payload": "/talk_to_a_person"},
    {"title": "Show me topics", "payload": "/show_topics"},
)


class ActionFindService(Action):  # type: ignore[misc]
    """``action_find_service``: two services to a bubble, the last bubble with the way on."""

    def __init__(self) -> None:
        self._services = services.load(FACTS)

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_find_service"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Answer by the slot ``nation``; it asks nothing, and changes no slot."""
        chosen = services.choose(self._services, tracker.get_slot("nation"))
        said = [f"[{each.id} said]" for each in chosen]  # filled in when it is delivered
        bubbles = ["\n".join(said[at : at + A_BUBBLE]) for at in range(0, len(said), A_BUBBLE)]
        for bubble in bubbles[:-1]:
            dispatcher.utter_message(text=bubble)
        if bubbles:
            dispatcher.utter_message(text=bubbles[-1], buttons=list(NEXT))
        return []
