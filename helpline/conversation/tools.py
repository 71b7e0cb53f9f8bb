"""What the desk's tools need of a chat: what the young person told the assistant, and sending.

The replies, topics and services themselves are `helpline.tools`'s.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection

from helpline.conversation import looking
from helpline.conversation.desk import DeskSide
from helpline.conversation.errors import Invalid
from helpline.conversation.incoming import Incoming
from helpline.conversation.opening import ring_of
from helpline.conversation.receiving import Receipt
from helpline.conversation.sealing import open_carried
from helpline.conversation.sessions import Session
from helpline.store.conversations import ConversationRow
from helpline.vault import KeyRing, SealBroken

log = logging.getLogger("waymark")


@dataclass(frozen=True)
class Told:
    """What the young person told the assistant of themselves; None where they did not say.

    `nation` and `age` are named as in `data/responses`: "wales", "under_16".
    """

    nation: str | None = None
    age: str | None = None


def told(connection: Connection, session: Session, identity: bytes, now: float) -> Told:
    """The nation and age band that the assistant was told, as far as this person may read it.

    Nothing before the young person's yes. Raises NotYours or UnknownConversation.
    """
    row, _ = looking.readable(connection, session, identity, now)
    return told_in(row, ring_of(connection, session, row))


def told_in(row: ConversationRow, ring: KeyRing) -> Told:
    """The same for who has opened the chat's keys already."""
    if row.carried is None or row.carried_key_epoch not in ring.keys:
        return Told()
    try:
        state = open_carried(ring, row).state
    except SealBroken:
        log.error("alert: a carried state does not open")
        return Told()
    return Told(_slot(state, "nation"), _slot(state, "age"))


async def send(
    desk: DeskSide, session: Session, conversation: str, said: Sequence[str], identity: UUID
) -> list[Receipt]:
    """Sends a checked answer as this worker's messages, one for each bubble, in order.

    The same `identity` again, as after a lost connection, keeps nothing twice. Raises Invalid for
    an answer with nothing to send, and what `DeskSide.say` raises.
    """
    if not said:
        raise Invalid("Only the assistant can say this. Use your own words.")
    return [
        await desk.say(session, conversation, Incoming(uuid5(identity, str(place)), text=text))
        for place, text in enumerate(said)
    ]


def _slot(state: Sequence[dict[str, Any]], name: str) -> str | None:
    """The last value that the assistant's slot had; "not_said" is what a button says for none."""
    values = [
        event.get("value")
        for event in state
        if event.get("event") == "slot" and event.get("name") == name
    ]
    value = values[-1] if values else None
    return value if isinstance(value, str) and value != "not_said" else None
