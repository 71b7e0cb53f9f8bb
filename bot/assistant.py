"""One turn of the assistant: state and message in, replies and state out; HTTP is for others."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.processor import MessageProcessor
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot import state as states
from bot import topics
from bot.carried import CarriedTrackerStore
from bot.follow_up import FollowUp
from bot.leaving import Leaving
from bot.runner import Processor
from bot.tracker import Tracker

ROOT = Path(__file__).resolve().parents[1]
LEVEL_SLOT = "danger_level"
ACTION_SECONDS = 2.5  # the service gives the whole turn 4 s
_PAYLOAD = re.compile(r"/(?P<intent>[a-z][a-z0-9_]*)(?P<entities>\{.*\})?", re.DOTALL)
_NEVER_BY_BUTTON = frozenset({"restart", "session_start", "back"})


class UnusableModel(Exception):
    """The model cannot serve turns; the message is one sentence."""


class UnknownPayload(Exception):
    """A button's payload names no intent of the assistant."""


@dataclass(frozen=True)
class Turn:
    """What goes in. Exactly one of ``text`` and ``payload`` is set; ``level`` is 0 to 4."""

    state: states.State = field(repr=False)
    text: str | None = field(repr=False)
    payload: str | None = field(repr=False)
    level: int


@dataclass(frozen=True)
class Outcome:
    """What comes out; ``confidence`` is 0 to 1, ``replies`` hold ``text`` and ``buttons``.

    ``topic`` is the topic's id, ``chitchat`` or ``none`` (bot/topics.py).
    """

    replies: list[dict[str, Any]] = field(repr=False)
    state: states.State = field(repr=False)
    form_active: bool
    intent: str | None
    topic: str
    confidence: float

    def as_json(self) -> dict[str, Any]:
        """Return the answer of the turn protocol."""
        return {
            "replies": self.replies,
            "state": self.state,
            "form_active": self.form_active,
            "intent": self.intent,
            "topic": self.topic,
            "confidence": self.confidence,
        }


class Assistant:
    """A trained model that remembers nothing between turns."""

    def __init__(
        self, processor: MessageProcessor, store: CarriedTrackerStore, memory: int
    ) -> None:
        self._topics = topics.load(ROOT / "data" / "nlu")
        self._processor = processor
        self._follow_up = FollowUp(processor.domain, topics.intents(self._topics))
        self._leaving = Leaving(processor.domain)
        self._store = store
        self._memory = memory

    @classmethod
    def load(
        cls, model: Path, *, actions_url: str = "", secret: str = "", whole_state: bool = False
    ) -> Assistant:
        """Load a trained model.

        ``whole_state`` leaves the state untrimmed, for tests that compare the two. Raises
        UnusableModel when sessions may expire, as that would drop what a turn carries.
        """
        store = CarriedTrackerStore(Domain.empty())
        words = TemplatedNaturalLanguageGenerator({})
        headers = {"Authorization": f"Bearer {secret}"}
        processor = Processor(
            model_path=model,
            tracker_store=store,
            lock_store=InMemoryLockStore(),
            generator=words,
            action_endpoint=ActionEndpoint(
                actions_url, headers=headers, enable_selective_domain=True
            ),
        )
        domain = processor.domain
        store.domain, words.responses = domain, domain.responses
        if type(processor.tracker_store) is not CarriedTrackerStore:
            raise UnusableModel("The tracker store is not the carried one.")
        if domain.session_config.are_sessions_enabled():
            raise UnusableModel("domain.yml must say session_expiration_time: 0.")
        memory = 0 if whole_state else longest_memory(processor)
        return cls(processor, store, memory)

    @property
    def domain(self) -> Domain:
        """The trained assistant's domain."""
        return self._processor.domain

    async def understand(self, text: str) -> dict[str, Any]:
        """Read a text; whatever it begins with, it is text. Returns Rasa's parse data."""
        parsed = await self._processor.parse_message(UserMessage(_without_slash(text)))
        return {**parsed, "text": text}

    async def take(self, turn: Turn) -> Outcome:
        """Answer one message.

        Raises BadState or UnknownPayload for what the service should never send.
        """
        name = secrets.token_hex(8)
        past = states.read(turn.state)
        tracker = Tracker.from_events(name, past, self.domain.slots, domain=self.domain)
        replies = Replies()
        heard = await self._hear(turn)
        said = self._follow_up.heard_as(tracker, heard)
        message = UserMessage(said["text"], replies, name, input_channel="turn", parse_data=said)
        with self._store.carrying(tracker):
            await self._processor.fetch_tracker_and_update_session(name, replies)
            if any(slot.name == LEVEL_SLOT for slot in self.domain.slots):
                tracker.update(SlotSet(LEVEL_SLOT, float(turn.level)), self.domain)
            for event in self._before(tracker, turn, heard):
                tracker.update(event, self.domain)
            await self._processor.handle_message(message)
        events = self._follow_up.goes_on_from(past, said) or list(tracker.events)
        return self._outcome(tracker, events, replies, heard["intent"])

    async def _hear(self, turn: Turn) -> dict[str, Any]:
        """Return what was typed or tapped as Rasa's parse data."""
        if turn.text is not None:
            return await self.understand(turn.text)
        named = _PAYLOAD.fullmatch(turn.payload or "")
        intents = set(self.domain.intents) - _NEVER_BY_BUTTON
        if named is None or named["intent"] not in intents:
            raise UnknownPayload("no such button")
        given = json.loads(named["entities"] or "{}")
        return {
            "text": turn.payload,
            "intent": {"name": named["intent"], "confidence": 1.0},
            "entities": [{"entity": name, "value": value} for name, value in given.items()],
        }

    def _before(
        self, tracker: DialogueStateTracker, turn: Turn, heard: dict[str, Any]
    ) -> list[Event]:
        """Return what a message changes before it is answered."""
        left = self._leaving.events(tracker, heard, turn.level, typed=turn.text is not None)
        return [*self._follow_up.unanswered(tracker, heard["intent"]["name"]), *left]

    def _outcome(
        self,
        tracker: DialogueStateTracker,
        events: list[Event],
        replies: Replies,
        intent: dict[str, Any],
    ) -> Outcome:
        if self._memory:
            events = states.trim(events, self._memory, self.domain)
        return Outcome(
            replies=replies.as_json(),
            state=states.write(events),
            form_active=bool(tracker.active_loop_name),
            intent=intent.get("name"),
            topic=topics.topic_of(self._topics, intent.get("name")),
            confidence=round(float(intent.get("confidence") or 0.0), 4),
        )


class Replies(CollectingOutputChannel):  # type: ignore[misc]
    """Collects what the assistant says; unlike its parent it never splits a text in two."""

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Keep a text whole."""
        self.messages.append({"text": text.strip()})

    def as_json(self) -> list[dict[str, Any]]:
        """Return the replies that hold a text, with their buttons' titles and payloads."""
        return [
            {
                "text": each["text"],
                "buttons": [
                    {"title": button["title"], "payload": button["payload"]}
                    for button in each.get("buttons", ())
                ],
            }
            for each in self.messages
            if each.get("text")
        ]


class ActionEndpoint(EndpointConfig):  # type: ignore[misc]
    """The action server, asked with slots and intent only, for at most 2.5 s (Rasa: 300 s)."""

    async def request(self, method: str = "post", **kwargs: Any) -> Any:
        """Send an action call without the conversation's texts."""
        call = kwargs["json"]
        heard = call["tracker"]["latest_message"]
        few = {name: heard[name] for name in ("intent", "entities") if name in heard}
        call["tracker"] = {**call["tracker"], "events": [], "latest_message": few}
        kwargs["timeout"] = aiohttp.ClientTimeout(total=ACTION_SECONDS)
        return await super().request(method, **kwargs)


def longest_memory(processor: MessageProcessor) -> int:
    """Return the largest ``max_history`` of the model's memoisation policies, in actions.

    Raises UnusableModel where the memoisation policy has no bound.
    """
    nodes = processor.model_metadata.predict_schema.nodes.values()
    bounds = [node.config["max_history"] for node in nodes if "Memoization" in node.uses.__name__]
    if not bounds or not all(bounds):
        raise UnusableModel("config.yml must give the memoisation policy a max_history.")
    return int(max(bounds))


def _without_slash(text: str) -> str:
    return re.sub(r"^[\s/]+", "", text) or "?"
