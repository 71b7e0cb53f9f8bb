"""Sealing what outlives a chat: each record under a key of its own, wrapped to the team."""

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection

from helpline.conversation.errors import DoesNotOpen
from helpline.conversation.sessions import Session
from helpline.store import staff
from helpline.vault import (
    Holder,
    Place,
    SealBroken,
    WrapBroken,
    new_key,
    open_for_team,
    open_sealed,
    seal,
    seal_for_team,
)

log = logging.getLogger("waymark")

Kind = Literal["record", "breaking", "view"]
"""A record, a broken confidentiality, or a second person's view of one."""


def _bound(kind: Kind, identity: int) -> bytes:
    """The 16 bytes that stand where a chat's id stands for what belongs to a chat."""
    return hashlib.sha256(f"waymark {kind} {identity}".encode()).digest()[:16]


def key_for_team(connection: Connection, kind: Kind, identity: int) -> tuple[bytes, Holder, bytes]:
    """A new key for one record, whom it is wrapped for, and the wrapped key to keep.

    Call it only for somebody who has the team key: then there is one.
    """
    team = staff.newest_team_key(connection)
    assert team is not None, "whoever writes a record was given a team key"
    epoch, public = team
    key = new_key()
    return key, f"team:{epoch}", seal_for_team(public, key, _bound(kind, identity), epoch)


def open_key(
    session: Session, kind: Kind, identity: int, wrapped: Mapping[Holder, bytes]
) -> bytes | None:
    """The record's key, if this person has one of the team keys it is wrapped for; else None.

    Raises DoesNotOpen for a key that was wrapped for another record.
    """
    for epoch, private in session.team.items():
        if (own := wrapped.get(f"team:{epoch}")) is not None:
            try:
                return open_for_team(private, own, _bound(kind, identity), epoch)
            except WrapBroken as error:
                log.error("alert: the key of a %s does not open", kind)
                raise DoesNotOpen from error
    return None


def seal_body(key: bytes, kind: Kind, identity: int, body: Mapping[str, Any]) -> bytes:
    """Seals a body to the record it belongs to."""
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return seal(key, Place(_bound(kind, identity), 0, kind, 0), text)


def open_body(key: bytes, kind: Kind, identity: int, sealed: bytes) -> dict[str, Any]:
    """Opens `seal_body`; raises DoesNotOpen for another record's or changed bytes."""
    try:
        opened = open_sealed(key, Place(_bound(kind, identity), 0, kind, 0), sealed)
    except SealBroken as error:
        log.error("alert: a %s does not open", kind)
        raise DoesNotOpen from error
    body: dict[str, Any] = json.loads(opened)
    return body
