"""What a turn carries: Rasa's events as small JSON, and where the past is cut.

Sealing and storing it is left to the service. design.md, decision 3, says what must stay: slots and
active loop as they stood at the cut, ``action_listen``, then the last turns. Of an event only what
Rasa's policies read stays too: no text, no time, no reply, no ranking of intents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

State = list[dict[str, Any]]

FEWEST_TURNS = 3  # tried: with one or two a story breaks (design.md, decision 3)

# Fields of Rasa's events that no policy of ours reads.
_UNREAD = frozenset(
    {"timestamp", "metadata", "policy", "confidence", "input_channel", "message_id"}
)
_ENTITY = ("entity", "value", "role", "group")


class BadState(Exception):
    """The state is not one that this bot sent; the message says nothing of its content."""


def read(state: object) -> list[Event]:
    """Turn a state into Rasa's events; raises BadState if it is not a list of known events."""
    if not isinstance(state, list):
        raise BadState("state must be a list")
    events = []
    for item in state:
        try:
            event = _class(item["event"])._from_parameters(item)
        except Exception:
            raise BadState("state holds something that is not an event") from None
        if event is None:
            raise BadState("state holds something that is not an event")
        events.append(event)
    return events


def write(events: Iterable[Event]) -> State:
    """Turn Rasa's events into the small JSON that travels; replies are left out."""
    return [_small(event) for event in events if not isinstance(event, BotUttered)]


def trim(events: Sequence[Event], memory: int, domain: Domain) -> list[Event]:
    """Keep the last turns, after what their beginning rests on.

    ``memory`` is the memoisation policy's ``max_history``, which Rasa counts in actions. The turns
    kept hold more actions than that, so the policy sees what it would see in the whole, and are
    three at least. Where nothing need be cut the events are returned as they are.
    """
    cut = _cut(events, memory)
    if cut == 0:
        return list(events)
    past = DialogueStateTracker.from_events("past", list(events[:cut]), domain.slots, domain=domain)
    kept: list[Event] = [
        SlotSet(name, slot.value)
        for name, slot in past.slots.items()
        if slot.value != slot.initial_value
    ]
    if past.active_loop is not None:
        kept.append(ActiveLoop(past.active_loop.name))
        if past.active_loop.is_interrupted:
            kept.append(LoopInterrupted(True))
    kept.append(ActionExecuted(ACTION_LISTEN_NAME))
    return kept + list(events[cut:])


def _cut(events: Sequence[Event], memory: int) -> int:
    """Return where the first kept turn begins: just after the ``action_listen`` before it."""
    turns = actions = 0
    for place in range(len(events) - 1, -1, -1):
        event = events[place]
        if isinstance(event, UserUttered):
            turns += 1
        elif isinstance(event, ActionExecuted):
            enough = turns >= FEWEST_TURNS and actions > memory
            if enough and event.action_name == ACTION_LISTEN_NAME:
                return place + 1 if _said_before(events[:place]) else 0
            actions += 1
    return 0


@lru_cache(maxsize=64)
def _class(name: str) -> type[Event]:
    """Find the class of an event; Rasa walks through all classes each time, 0.1 ms an event."""
    return Event.resolve_by_type(name)


def _said_before(events: Iterable[Event]) -> bool:
    return any(isinstance(event, UserUttered) for event in events)


def _small(event: Event) -> dict[str, Any]:
    fields = {
        name: value
        for name, value in event.as_dict().items()
        if name not in _UNREAD and (value is not None or name in {"value", "name"})
    }
    if isinstance(event, UserUttered):
        entities = [{key: each[key] for key in _ENTITY if key in each} for each in event.entities]
        intent = {"name": event.intent_name}
        return {"event": "user", "parse_data": {"intent": intent, "entities": entities}}
    return fields
