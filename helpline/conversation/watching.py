"""While a young person's page is open: tells the truth about a helper who does not come or left."""

from sqlalchemy import Connection

from helpline.conversation import handoff
from helpline.conversation.access import Access, refresh
from helpline.conversation.bubbles import Bubble, add_bubbles, from_policy
from helpline.conversation.heart import Heart
from helpline.store import conversations, queue, staff
from helpline.store.conversations import ConversationRow
from helpline.store.queue import QueueEntry

TRUTH_AFTER_S = 120
LOOK_EVERY_S = 15.0


async def watch(heart: Heart, access: Access) -> float:
    """Does what is due; returns in how many seconds to look again."""

    def look(connection: Connection) -> float:
        return _due_in(connection, access.conversation, heart.now())

    due = await heart.database.read(look)
    if due > 0:
        return due
    told = await heart.database.write(lambda c: _tell(c, access, heart))
    heart.queue_changed(access.conversation, told)
    return LOOK_EVERY_S


def _due_in(connection: Connection, conversation: bytes, now: float) -> float:
    row = conversations.by_id(connection, conversation)
    entry = queue.entry_of(connection, conversation)
    if row is None or entry is None:
        return LOOK_EVERY_S
    if _helper_gone(connection, entry, now) or _nobody_came(connection, row, entry, now):
        return 0.0
    waits = entry.staff is None and not entry.closed and entry.told_at is None
    left = entry.promised_at + TRUTH_AFTER_S - now
    return min(left, LOOK_EVERY_S) if waits and left > 0 else LOOK_EVERY_S


def _helper_gone(connection: Connection, entry: QueueEntry, now: float) -> bool:
    if entry.closed or entry.staff is None:
        return False
    return entry.staff not in staff.here(connection, now - handoff.AWAY_S)


def _nobody_came(
    connection: Connection, row: ConversationRow, entry: QueueEntry, now: float
) -> bool:
    """Two minutes after the promise, or nobody left at the desk, or an alert closed unseen."""
    if entry.told_at is not None or entry.agreed == "no":
        return False
    if entry.closed:
        return entry.agreed == "unanswered" and row.owner == "assistant"
    if entry.staff is not None:
        return False
    late = now - entry.promised_at >= TRUTH_AFTER_S
    return late or not staff.here(connection, now - handoff.AWAY_S)


def _tell(connection: Connection, access: Access, heart: Heart) -> list[bytes]:
    queue.lock(connection)
    row, now = refresh(connection, access), heart.now()
    entry = queue.entry_of(connection, row.id)
    if entry is None:
        return []
    if _helper_gone(connection, entry, now):
        talked = row.owner == "worker"
        handoff.give_back(connection, entry, now)
        told = handoff.renumber_queue(connection)
        if talked:
            left = [Bubble("service", heart.wording.helper_left)]
            add_bubbles(connection, access, refresh(connection, access), left, heart)
        return told
    if _nobody_came(connection, row, entry, now):
        queue.change(connection, row.id, told_at=now)
        words = from_policy((heart.policy.nobody_came(),))
        add_bubbles(connection, access, row, words, heart)
    return []
