"""Turns messages and what a conversation carries into sealed bytes, and back."""

import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from helpline.conversation.events import Broken, Button, Message, Noticed, Opened, State
from helpline.store.conversations import ConversationRow, EventRow
from helpline.vault import KeyRing, Place, SealBroken, open_sealed, seal
from safeguarding import Course

log = logging.getLogger("waymark")

CAME_BACK = "code"
"""The sender of the state with which a young person came back."""


def _place(row: EventRow) -> Place:
    return Place(row.conversation, row.number, row.sender or "", row.key_epoch or 0)


def message_body(message: Message) -> bytes:
    """Returns what is sealed of a message: all but its number and sender, with the exact time."""
    body: dict[str, Any] = {"text": message.text, "at": message.at.timestamp()}
    if message.buttons:
        body["buttons"] = [[b.id, b.title, b.payload] for b in message.buttons]
    for name in ("card", "level", "failed", "payload", "topic"):
        if value := getattr(message, name):
            body[name] = value
    if not message.read:
        body["unread"] = True
        body["language"] = message.language
    if message.course is not None:
        body["course"] = message.course.to_json()
    if message.noticed:
        body["noticed"] = [[n.id, n.level, n.evidence] for n in message.noticed]
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def read_body(number: int, sender: str, body: bytes) -> Message:
    """Returns the message that `message_body` wrote."""
    data = json.loads(body)
    return Message(
        number=number,
        sender=sender,  # type: ignore[arg-type]  # written by `seal_message` only
        text=data["text"],
        at=datetime.fromtimestamp(data["at"], UTC),
        buttons=tuple(Button(*button) for button in data.get("buttons", ())),
        card=data.get("card"),
        level=data.get("level", 0),
        noticed=tuple(Noticed(*noticed) for noticed in data.get("noticed", ())),
        read=not data.get("unread", False),
        failed=data.get("failed", False),
        payload=data.get("payload"),
        course=Course.from_json(data["course"]) if "course" in data else None,
        language=data.get("language", "en"),
        topic=data.get("topic"),
    )


def seal_message(
    ring: KeyRing,
    conversation: bytes,
    key_epoch: int,
    message: Message,
    client_id: bytes | None = None,
) -> EventRow:
    """Seals a message under the key of `key_epoch` to its conversation, number and sender."""
    place = Place(conversation, message.number, message.sender, key_epoch)
    return EventRow(
        conversation=conversation,
        number=message.number,
        kind="message",
        sender=message.sender,
        key_epoch=key_epoch,
        client_id=client_id,
        sealed=seal(ring.keys[key_epoch], place, message_body(message)),
    )


def open_event(ring: KeyRing, row: EventRow) -> Opened | None:
    """Opens an event; None for a message of a key epoch that this ring does not have.

    One that was moved, changed or cut is `Broken`, with an alert in the log: it hides no other.
    """
    if row.kind == "state":
        came_back = row.sender == CAME_BACK
        return State(row.number, row.owner, row.position, row.worker, came_back)  # type: ignore[arg-type]
    if row.key_epoch not in ring.keys or row.sealed is None or row.sender is None:
        return None
    try:
        body = open_sealed(ring.keys[row.key_epoch], _place(row), row.sealed)
    except SealBroken:
        log.error("alert: a message does not open")
        return Broken(row.number)
    return read_body(row.number, row.sender, body)


@dataclass(frozen=True)
class Carried:
    """What a conversation carries from turn to turn for the assistant, which keeps nothing."""

    state: list[dict[str, Any]] = field(default_factory=list, repr=False)
    form_active: bool = False


def seal_carried(
    ring: KeyRing, conversation: bytes, key_epoch: int, number: int, carried: Carried
) -> dict[str, Any]:
    """Returns the columns of a conversation that hold what it carries after message `number`."""
    body = json.dumps(
        {"state": carried.state, "form_active": carried.form_active},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode("utf-8", "replace")
    place = Place(conversation, number, "carried", key_epoch)
    return {
        "carried": seal(ring.keys[key_epoch], place, body),
        "carried_number": number,
        "carried_key_epoch": key_epoch,
    }


def open_carried(ring: KeyRing, row: ConversationRow) -> Carried:
    """Opens what a conversation carries; empty before the first message."""
    if row.carried is None:
        return Carried()
    place = Place(row.id, row.carried_number, "carried", row.carried_key_epoch)
    data = json.loads(open_sealed(ring.keys[row.carried_key_epoch], place, row.carried))
    return Carried(data["state"], data["form_active"])
