"""What opens a conversation for the young person: the keys behind the token, in memory only."""

import logging
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from helpline.conversation.errors import UnknownToken
from helpline.store import conversations, returns
from helpline.store.conversations import ConversationRow
from helpline.vault import (
    KeyRing,
    WrapBroken,
    new_key,
    seal_for_team,
    token_hash,
    token_key,
    unwrap,
    wrap,
)

log = logging.getLogger("waymark")


@dataclass(eq=False)
class Access:
    """An open conversation: its id, and the token's key that opens every key epoch of it.

    `name` is the hash by which the server recognises the token. `unproven` are the key epochs that
    were read in a transaction that could still be undone: until they are seen on disk they are
    read again each time. A message sealed under a key that never came to disk opens nowhere.
    """

    conversation: bytes
    name: bytes = field(repr=False)
    under: bytes = field(repr=False)
    ring: KeyRing
    unproven: set[int] = field(default_factory=set)

    def take_in(self, wrapped: dict[int, bytes], *, committed: bool) -> None:
        """Opens key epochs that were added since, or may be others than were read; raises
        UnknownToken, with an alert in the log, where a key kept for this token is not its own.
        """
        for epoch, key in wrapped.items():
            if epoch in self.ring.keys and epoch not in self.unproven:
                continue
            try:
                self.ring.keys[epoch] = unwrap(self.under, key, self.conversation, epoch)
            except WrapBroken as error:
                log.error("alert: the key of a chat does not open with its token")
                raise UnknownToken from error
            if committed:
                self.unproven.discard(epoch)
            else:
                self.unproven.add(epoch)

    def keep_up(self, connection: Connection, row: ConversationRow, *, committed: bool) -> None:
        """Opens the newest key epoch if it was added since, or may not be the one on disk.

        `committed` is whether this transaction only reads: what it sees will not be undone.
        """
        if row.key_epoch not in self.ring.keys or self.unproven:
            wrapped = conversations.wraps(connection, self.conversation, "token")
            self.take_in(wrapped, committed=committed)


def open_access(connection: Connection, token: str) -> Access:
    """Returns the conversation of a token; raises UnknownToken for every token it is not of."""
    try:
        name, under = token_hash(token), token_key(token)
    except WrapBroken as error:
        raise UnknownToken from error
    found = conversations.by_token(connection, name)
    if found is None:
        raise UnknownToken
    row, wrapped = found
    access = Access(row.id, name, under, KeyRing({}))
    access.take_in(wrapped, committed=True)
    return access


def refresh(connection: Connection, access: Access) -> ConversationRow:
    """Returns the conversation as it is now, locked; raises UnknownToken once it is revoked."""
    row = conversations.by_id(connection, access.conversation, lock=True)
    if row is None or row.token_hash != access.name:
        raise UnknownToken
    for undone in [epoch for epoch in access.ring.keys if epoch > row.key_epoch]:
        del access.ring.keys[undone]
    if row.new_epoch_due:
        new_key_epoch(connection, access, row)
        conversations.change(connection, row.id, new_epoch_due=False)
        row = replace(row, key_epoch=row.key_epoch + 1, new_epoch_due=False)
    access.keep_up(connection, row, committed=False)
    return row


def new_key_epoch(connection: Connection, access: Access, row: ConversationRow) -> None:
    """Starts a key epoch that only the token opens, and the return code where there is one: after
    a no, a hand-back or a return.
    """
    epoch, key = row.key_epoch + 1, new_key()
    conversations.add_wrap(
        connection, row.id, epoch, "token", wrap(access.under, key, row.id, epoch)
    )
    conversations.change(connection, row.id, key_epoch=epoch)
    public = returns.public_of(connection, row.id)
    if public is not None:
        seal_to_code(connection, row.id, public, {epoch: key})


def seal_to_code(
    connection: Connection, conversation: bytes, public: bytes, keys: dict[int, bytes]
) -> None:
    """Seals key epochs to a return code, which nothing here can open without its six words."""
    for epoch, key in keys.items():
        sealed = seal_for_team(public, key, conversation, epoch)
        conversations.add_wrap(connection, conversation, epoch, returns.CODE, sealed)
