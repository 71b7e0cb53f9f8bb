"""The brief a worker reads in ten seconds: what is known of a chat, each with where it was said.

It is made from what this worker may open and nothing else: before a yes, the excerpt alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from helpline.conversation import first_words, looking, notes, tools
from helpline.conversation.events import Message, Opened
from helpline.conversation.first_words import Safe
from helpline.conversation.heart import Heart
from helpline.conversation.opening import events_open_to, identity_of, ring_of
from helpline.conversation.sessions import Session
from helpline.conversation.whereabouts import places_in

MOST_SIGNALS: Final = 6
MOST_PLACES: Final = 6
LATEST: Final = 3
YOUNG: Final = "young_person"


@dataclass(frozen=True)
class Said:
    """Words, with the number and the time of the message they stand in."""

    text: str
    number: int
    at: datetime


@dataclass(frozen=True)
class Sign:
    """A signal that the screen noticed, at its highest level, with the words that raised it."""

    id: str
    level: int
    said: Said


@dataclass(frozen=True)
class Brief:
    """All of it; `None` and empty where nothing is known or nothing may be opened yet.

    `safe` is their answer to "OK to talk now?", `safe_at` when they gave it. `promised` is what the
    service told them, `assistant` what the assistant said last, `topics` the ids it answered.
    `nation` and `age` are as they said them to the assistant.
    """

    safe: Safe
    safe_at: datetime | None
    level: int
    signs: tuple[Sign, ...]
    places: tuple[Said, ...]
    cards: tuple[Said, ...]
    promised: tuple[Said, ...]
    assistant: tuple[Said, ...]
    topics: tuple[str, ...]
    last_active: datetime | None
    language: str
    code_word: str | None
    nation: str | None
    age: str | None
    left_quickly: bool
    connected: bool
    opened: bool


async def of(heart: Heart, session: Session, conversation: str) -> Brief:
    """The brief of a chat that this person holds or looks at; raises NotYours."""
    identity = identity_of(conversation)

    def find(connection: Connection) -> Brief:
        row, entry = looking.readable(connection, session, identity, heart.now())
        ring = ring_of(connection, session, row)
        events = events_open_to(connection, session, row, ring)
        theirs = [e for e in _messages(events) if e.sender == YOUNG]
        safe, answered = first_words.answer(events)
        told = tools.told_in(row, ring)
        newest = theirs[-1] if theirs else None
        return Brief(
            safe=safe,
            safe_at=answered.at if answered else None,
            level=entry.level,
            signs=_signs(theirs),
            places=_places(theirs),
            cards=tuple(Said(e.card, e.number, e.at) for e in _messages(events) if e.card),
            promised=_latest(events, "service"),
            assistant=_latest(events, "assistant"),
            topics=_topics(events),
            last_active=newest.at if newest else None,
            language=next((e.language for e in reversed(theirs) if e.language != "en"), "en"),
            code_word=notes.code_word(connection, session, identity),
            nation=told.nation,
            age=told.age,
            left_quickly=row.left_quickly,
            connected=heart.broadcast.followed(identity),
            opened=bool(ring.keys),
        )

    return await heart.database.read(find)


def _messages(events: Iterable[Opened]) -> list[Message]:
    return [event for event in events if isinstance(event, Message)]


def _signs(theirs: Sequence[Message]) -> tuple[Sign, ...]:
    """Each signal once, at its highest level, the newest of equals; gravest first."""
    best: dict[str, Sign] = {}
    for message in theirs:
        for noticed in message.noticed:
            known = best.get(noticed.id)
            if known is None or noticed.level >= known.level:
                said = Said(noticed.evidence, message.number, message.at)
                best[noticed.id] = Sign(noticed.id, noticed.level, said)
    ordered = sorted(best.values(), key=lambda sign: (-sign.level, -sign.said.number))
    return tuple(ordered[:MOST_SIGNALS])


def _places(theirs: Sequence[Message]) -> tuple[Said, ...]:
    """The places they named, newest first, each where it was named last."""
    found: dict[str, Said] = {}
    for message in reversed(theirs):
        if message.payload is None:
            for place in places_in(message.text):
                found.setdefault(place.casefold(), Said(place, message.number, message.at))
    return tuple(found.values())[:MOST_PLACES]


def _latest(events: Iterable[Opened], sender: str) -> tuple[Said, ...]:
    said = [Said(e.text, e.number, e.at) for e in _messages(events) if e.sender == sender]
    return tuple(said[-LATEST:])


def _topics(events: Iterable[Opened]) -> tuple[str, ...]:
    touched = (e.topic for e in _messages(events))
    return tuple(dict.fromkeys(topic for topic in touched if topic and topic.startswith("T")))
