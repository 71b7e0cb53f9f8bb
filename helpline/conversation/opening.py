"""What a worker may open of a chat: the excerpt, or what was sealed to the team or to them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from helpline.conversation import staffing
from helpline.conversation.errors import IdUsed, NotAllowed, NotYours, UnknownConversation
from helpline.conversation.events import Message, Noticed
from helpline.conversation.incoming import Incoming
from helpline.conversation.sealing import open_event
from helpline.conversation.sessions import Session
from helpline.store import conversations, queue
from helpline.store.conversations import ConversationRow, ExcerptRow
from helpline.store.queue import QueueEntry
from helpline.vault import KeyRing, Place, WrapBroken, open_for_team, open_sealed


def check_helper(session: Session) -> None:
    if session.role not in staffing.HELPERS:
        raise NotAllowed
    if not session.team:
        raise NotAllowed("A supervisor must give you access first.")


def identity_of(conversation: str) -> bytes:
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


def ring_of(connection: Connection, session: Session, row: ConversationRow) -> KeyRing:
    """Opens every key epoch that was sealed to the team or, after the end, to this person."""
    ring = KeyRing({})
    holders = {f"team:{epoch}": private for epoch, private in session.team.items()}
    for holder, private in (holders | {f"staff:{session.staff}": session.private}).items():
        for epoch, key in (conversations.wraps(connection, row.id, holder)).items():
            ring.keys[epoch] = open_for_team(private, key, row.id, epoch)
    return ring


def open_excerpts(session: Session, excerpts: list[ExcerptRow]) -> list[Message]:
    """Opens what level 4 danger sealed for the team; the trigger carries what was noticed."""
    shown: dict[int, Message] = {}
    for row in excerpts:
        private = session.team.get(row.team_epoch)
        if private is None:
            continue
        try:
            key = open_for_team(private, row.wrapped, row.conversation, row.number)
        except WrapBroken:
            continue
        place = Place(row.conversation, row.number, "excerpt", row.team_epoch)
        data = json.loads(open_sealed(key, place, row.sealed))
        for number, text, at in data["messages"]:
            message = Message(number, "young_person", text, datetime.fromtimestamp(at, UTC))
            if number == row.number:
                noticed = tuple(Noticed(*notice) for notice in data["noticed"])
                message = replace(message, level=data["level"], noticed=noticed)
            if number == row.number or number not in shown:
                shown[number] = message
    return [shown[number] for number in sorted(shown)]
