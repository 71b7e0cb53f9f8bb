"""What a worker may open of a chat: the excerpt, or what was sealed to the team or to them."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from helpline.conversation import staffing
from helpline.conversation.errors import IdUsed, NotAllowed, NotYours, UnknownConversation
from helpline.conversation.events import Message, Noticed, Opened
from helpline.conversation.incoming import Incoming
from helpline.conversation.sealing import open_event
from helpline.conversation.sessions import Session
from helpline.store import conversations, queue
from helpline.store.conversations import ConversationRow
from helpline.store.queue import QueueEntry
from helpline.vault import (
    KeyRing,
    Place,
    SealBroken,
    WrapBroken,
    open_for_team,
    open_sealed,
)

log = logging.getLogger("waymark")

GRAVE = 3
LOOKED_AT = 20
"""The message that raised a chat is sought among so many, the young person's last."""


def check_helper(session: Session) -> None:
    """Raises NotAllowed for who is no helper, or was given no access yet."""
    if session.role not in staffing.HELPERS:
        raise NotAllowed
    if not session.team:
        raise NotAllowed("A supervisor must give you access first.")


def identity_of(conversation: str) -> bytes:
    """The 16 bytes of a conversation's id in hex; raises UnknownConversation."""
    try:
        identity = bytes.fromhex(conversation)
    except ValueError as error:
        raise UnknownConversation from error
    return identity


def held(
    connection: Connection, session: Session, identity: bytes
) -> tuple[ConversationRow, QueueEntry]:
    """The chat and its entry, if this worker took it; raises UnknownConversation or NotYours."""
    check_helper(session)
    row = conversations.by_id(connection, identity)
    entry = queue.entry_of(connection, identity)
    if row is None or entry is None or row.hidden_hour is not None:
        raise UnknownConversation
    if entry.staff != session.staff:
        raise NotYours
    return row, entry


def said_before(
    connection: Connection, session: Session, identity: bytes, incoming: Incoming
) -> int | None:
    """The number under which this message was kept before; raises IdUsed for other words."""
    row, _ = held(connection, session, identity)
    kept = conversations.by_client_id(connection, identity, incoming.id.bytes)
    if kept is None:
        return None
    message = open_event(ring_of(connection, session, row), kept)
    if not isinstance(message, Message) or message.text != incoming.text:
        raise IdUsed
    return kept.number


def _holders(session: Session) -> dict[str, bytes]:
    """The names under which keys are wrapped for this person, and the key that opens each."""
    holders = {f"team:{epoch}": private for epoch, private in session.team.items()}
    return holders | {f"staff:{session.staff}": session.private}


def ring_of(connection: Connection, session: Session, row: ConversationRow) -> KeyRing:
    """Opens every key epoch that was sealed to the team or, after the end, to this person.

    One that was moved here does not open: it is left out, with an alert in the log.
    """
    ring = KeyRing({})
    for holder, private in _holders(session).items():
        for epoch, key in conversations.wraps(connection, row.id, holder).items():
            try:
                ring.keys[epoch] = open_for_team(private, key, row.id, epoch)
            except WrapBroken:
                log.error("alert: the key of a chat does not open")
    return ring


def excerpt_ring(
    connection: Connection, session: Session, conversation: bytes, *, team_only: bool = False
) -> dict[int, bytes]:
    """Opens the keys of the excerpts that this person may read, by number; with `team_only`, those
    that everybody with the same team keys may.
    """
    holders, ring = _holders(session), dict[int, bytes]()
    if team_only:
        holders.pop(f"staff:{session.staff}")
    for (number, holder), wrapped in conversations.excerpt_keys(connection, conversation).items():
        if holder in holders:
            try:
                ring[number] = open_for_team(holders[holder], wrapped, conversation, number)
            except WrapBroken:
                log.error("alert: the key of an excerpt does not open")
    return ring


def open_excerpts(
    connection: Connection, session: Session, conversation: bytes, *, team_only: bool = False
) -> list[Message]:
    """Opens what level 4 danger sealed for the team; the trigger carries what was noticed.

    One that was changed or moved does not open: it is left out and logged, and hides no other.
    """
    shown: dict[int, Message] = {}
    keys = excerpt_ring(connection, session, conversation, team_only=team_only)
    for row in conversations.excerpts(connection, conversation):
        if row.number not in keys:
            continue
        try:
            body = open_sealed(
                keys[row.number], Place(conversation, row.number, "excerpt", 0), row.sealed
            )
        except SealBroken:
            log.error("alert: an excerpt does not open")
            continue
        data = json.loads(body)
        for number, text, at in data["messages"]:
            message = Message(number, "young_person", text, datetime.fromtimestamp(at, UTC))
            if number == row.number:
                noticed = tuple(Noticed(*notice) for notice in data["noticed"])
                message = replace(
                    message,
                    level=data["level"],
                    noticed=noticed,
                    read=data.get("read", True),
                    language=data.get("language", "en"),
                )
            if number == row.number or number not in shown:
                shown[number] = message
    return [shown[number] for number in sorted(shown)]


def unread_language(
    connection: Connection, session: Session, row: ConversationRow, shown: list[Message]
) -> str | None:
    """The language of the newest message at level 3 or 4, if it could not be read; None if it was.

    Sought in `shown`, the excerpts, and after a yes in the chat: a worker who knows the language
    can take it. What does not open is left out and logged, and hides no other chat.
    """
    ring, told = ring_of(connection, session, row), list(shown)
    if ring.keys:
        theirs = conversations.last_from(connection, row.id, "young_person", LOOKED_AT)
        opened = (open_event(ring, sealed) for sealed in theirs)
        told += [message for message in opened if isinstance(message, Message)]
    grave = [message for message in told if message.level >= GRAVE]
    newest = max(grave, key=lambda message: message.number, default=None)
    return None if newest is None or newest.read else newest.language


def events_open_to(
    connection: Connection, session: Session, row: ConversationRow, ring: KeyRing
) -> list[Opened]:
    """What this person may read of a chat, in order: the excerpts, and all that `ring` opens."""
    opened: dict[int, Opened] = {
        message.number: message for message in open_excerpts(connection, session, row.id)
    }
    if ring.keys:
        for sealed in conversations.events_after(connection, row.id, 0):
            if event := open_event(ring, sealed):
                opened[event.number] = event
    return [opened[number] for number in sorted(opened)]
