"""How a conversation ends, for each who may end it; who can read what after that."""

from sqlalchemy.ext.asyncio import AsyncConnection

from helpline.conversation.handoff import change_owner
from helpline.store import conversations, queue, staff
from helpline.store.conversations import ConversationRow
from helpline.vault import KeyRing, seal_for_team


async def keep_for_holder_only(
    connection: AsyncConnection, ring: KeyRing, row: ConversationRow
) -> None:
    """Takes the team's keys away; the worker who held the chat and supervisors keep a wrap."""
    entry = await queue.entry_of(connection, row.id)
    keepers = await staff.with_roles(connection, "supervisor")
    holder = await staff.by_id(connection, entry.staff) if entry and entry.staff else None
    if holder is not None and holder.id not in {keeper.id for keeper in keepers}:
        keepers.append(holder)
    team_epochs = await conversations.epochs_let_in(connection, row.id)
    for keeper in keepers:
        for epoch in team_epochs & set(ring.keys):
            sealed = seal_for_team(keeper.secret.public, ring.keys[epoch], row.id, epoch)
            holder_name = f"staff:{keeper.id}"
            await conversations.add_wrap(connection, row.id, epoch, holder_name, sealed)
    await conversations.drop_wraps(connection, row.id, "team:%")


async def _close(connection: AsyncConnection, row: ConversationRow) -> None:
    """Takes the entry off the queue, unless it is danger that nobody has looked at yet."""
    entry = await queue.entry_of(connection, row.id)
    unseen_danger = entry is not None and entry.reason == "danger" and entry.staff is None
    if entry is not None and not unseen_danger:
        await queue.change(connection, row.id, closed=True)


async def _reaches_helpers(connection: AsyncConnection, row: ConversationRow) -> bool:
    return row.handed_off or bool(await conversations.excerpts(connection, row.id))


async def end_by_young_person(
    connection: AsyncConnection, ring: KeyRing, row: ConversationRow
) -> None:
    """Ends it and wipes the token; a chat that no helper could ever see is deleted."""
    if not await _reaches_helpers(connection, row):
        await conversations.wipe(connection, row.id)
        return
    if row.owner != "ended":
        await change_owner(connection, row, "ended")
    await keep_for_holder_only(connection, ring, row)
    await _close(connection, row)
    await _revoke(connection, row)


async def leave_quickly(connection: AsyncConnection, row: ConversationRow) -> None:
    """Quick exit: the token opens nothing from now on; the desk sees "left quickly"."""
    if not await _reaches_helpers(connection, row):
        await conversations.wipe(connection, row.id)
        return
    await conversations.change(connection, row.id, left_quickly=True)
    await _revoke(connection, row)


async def delete(connection: AsyncConnection, row: ConversationRow, hour: int) -> None:
    """Hides the chat at once and for good.

    One that was handed off at level 3 or 4 is wiped a day later (`retention`), any other at once.
    """
    entry = await queue.entry_of(connection, row.id)
    if entry is None or entry.level < 3:
        await conversations.wipe(connection, row.id)
        return
    if row.owner != "ended":
        await change_owner(connection, row, "ended")
    await queue.change(connection, row.id, closed=True)
    await conversations.change(connection, row.id, hidden_hour=hour)
    await _revoke(connection, row)


async def _revoke(connection: AsyncConnection, row: ConversationRow) -> None:
    await conversations.drop_wraps(connection, row.id, "token")
    await conversations.change(connection, row.id, token_hash=None, carried=None)
