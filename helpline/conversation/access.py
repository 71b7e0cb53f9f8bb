"""What opens a conversation for the young person: the keys behind the token, in memory only."""

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


@dataclass(eq=False)
class Access:
    """An open conversation: its id, and the token's key that opens every key epoch of it.

    `name` is the hash by which the server recognises the token. `begun` are the key epochs that a
    transaction with it began: it may have been undone, and another key may stand in the store for
    the same epoch. So the store is asked for these each time.
    """

    conversation: bytes
    name: bytes = field(repr=False)
    under: bytes = field(repr=False)
    ring: KeyRing
    begun: set[int] = field(default_factory=set)

    def take_in(self, wrapped: dict[int, bytes]) -> None:
        """Opens key epochs that were added since; raises WrapBroken for another token's."""
        for epoch, key in wrapped.items():
            if epoch not in self.ring.keys or epoch in self.begun:
                self.ring.keys[epoch] = unwrap(self.under, key, self.conversation, epoch)

    def keep_up(self, connection: Connection, row: ConversationRow) -> None:
        """Opens the newest key epoch if it was added since."""
        if row.key_epoch not in self.ring.keys or row.key_epoch in self.begun:
            self.take_in(conversations.wraps(connection, self.conversation, "token"))

    def let_go_after(self, key_epoch: int) -> None:
        """Forgets keys of later epochs: the transactions that began them were undone. Only for who
        has the conversation locked.
        """
        for epoch in [each for each in self.ring.keys if each > key_epoch]:
            del self.ring.keys[epoch]


def open_access(connection: Connection, token: str) -> Access:
    """Returns the conversation of a token; raises UnknownToken for every token it is not of."""
    try:
        found = conversations.by_token(connection, token_hash(token))
        if found is None:
            raise UnknownToken
        row, wrapped = found
        access = Access(row.id, token_hash(token), token_key(token), KeyRing({}))
        access.take_in(wrapped)
    except WrapBroken as error:
        raise UnknownToken from error
    return access


def refresh(connection: Connection, access: Access) -> ConversationRow:
    """Returns the conversation as it is now, locked; raises UnknownToken once it is revoked."""
    row = conversations.by_id(connection, access.conversation, lock=True)
    if row is None or row.token_hash != access.name:
        raise UnknownToken
    access.let_go_after(row.key_epoch)
    if row.new_epoch_due:
        new_key_epoch(connection, access, row)
        conversations.change(connection, row.id, new_epoch_due=False)
        row = replace(row, key_epoch=row.key_epoch + 1, new_epoch_due=False)
    access.keep_up(connection, row)
    return row


def new_key_epoch(connection: Connection, access: Access, row: ConversationRow) -> None:
    """Starts a key epoch that only the token opens, and the return code where there is one: after
    a no, a hand-back or a return.
    """
    epoch, key = row.key_epoch + 1, new_key()
    access.begun.add(epoch)
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
