"""A chat that two people hold as evidence: closed to everybody else once it is gone for others."""

from sqlalchemy import Connection

from helpline.store import conversations, legal_holds, queue, returns


def set_aside(connection: Connection, conversation: bytes, *, hour: int) -> None:
    """Hides a held chat, and forgets every key of it but those of the two who hold it.

    `hour` (since 1970, UTC) is when it was deleted or expired. The young person's token and code
    open it no more: for everybody else it is erased.
    """
    row = conversations.by_id(connection, conversation)
    hold = legal_holds.of(connection, conversation)
    if row is None or hold is None or not hold.holders:
        return
    returns.drop(connection, conversation)
    legal_holds.keep_keys_for(connection, conversation, hold.holders)
    queue.change(connection, conversation, closed=True, position=None)
    conversations.change(
        connection,
        conversation,
        token_hash=None,
        carried=None,
        hidden_hour=hour if row.hidden_hour is None else row.hidden_hour,
    )
