"""How a conversation ends, for each who may end it; who can read what after that."""

from collections.abc import Callable

from sqlalchemy import Connection

from helpline.conversation.handoff import change_owner
from helpline.store import conversations, queue, staff
from helpline.store.conversations import ConversationRow
from helpline.vault import KeyRing, seal_for_team

Ending = Callable[[Connection, ConversationRow], None]


def keep_for_holder_only(connection: Connection, ring: KeyRing, row: ConversationRow) -> None:
    """Takes the team's keys away; the worker who held the chat and supervisors keep a wrap."""
    entry = queue.entry_of(connection, row.id)
    keepers = staff.with_roles(connection, "supervisor")
    holder = staff.by_id(connection, entry.staff) if entry and entry.staff else None
    if holder is not None and holder.id not in {keeper.id for keeper in keepers}:
        keepers.append(holder)
    team_epochs = conversations.epochs_let_in(connection, row.id)
    for keeper in keepers:
        for epoch in team_epochs & set(ring.keys):
            sealed = seal_for_team(keeper.secret.public, ring.keys[epoch], row.id, epoch)
            holder_name = f"staff:{keeper.id}"
            conversations.add_wrap(connection, row.id, epoch, holder_name, sealed)
    conversations.drop_wraps(connection, row.id, "team:%")


def _close(connection: Connection, row: ConversationRow) -> None:
    """Takes the entry off the queue, unless it is danger that nobody has looked at yet."""
    entry = queue.entry_of(connection, row.id)
    unseen_danger = entry is not None and entry.reason == "danger" and entry.staff is None
    if entry is not None and not unseen_danger:
        queue.change(connection, row.id, closed=True)


def _reaches_helpers(connection: Connection, row: ConversationRow) -> bool:
    return row.handed_off or bool(conversations.excerpts(connection, row.id))


def end_by_young_person(connection: Connection, ring: KeyRing, row: ConversationRow) -> None:
    """Ends it and wipes the token; a chat that no helper could ever see is deleted."""
    if not _reaches_helpers(connection, row):
        conversations.wipe(connection, row.id)
        return
    if row.owner != "ended":
        change_owner(connection, row, "ended")
    keep_for_holder_only(connection, ring, row)
    _close(connection, row)
    _revoke(connection, row)


def leave_quickly(connection: Connection, row: ConversationRow) -> None:
    """Quick exit: the token opens nothing from now on; the desk sees "left quickly"."""
    if not _reaches_helpers(connection, row):
        conversations.wipe(connection, row.id)
        return
    conversations.change(connection, row.id, left_quickly=True)
    _revoke(connection, row)


def delete(connection: Connection, row: ConversationRow, hour: int) -> None:
    """Hides the chat at once and for good.

    One that was handed off at level 3 or 4 is wiped a day later (`retention`), any other at once.
    """
    entry = queue.entry_of(connection, row.id)
    if entry is None or entry.level < 3:
        conversations.wipe(connection, row.id)
        return
    if row.owner != "ended":
        change_owner(connection, row, "ended")
    queue.change(connection, row.id, closed=True)
    conversations.change(connection, row.id, hidden_hour=hour)
    _revoke(connection, row)


def _revoke(connection: Connection, row: ConversationRow) -> None:
    conversations.drop_wraps(connection, row.id, "token")
    conversations.change(connection, row.id, token_hash=None, carried=None)
