"""Talk and Not now: what the young person decides about a helper, and what they are told of it.

Both happen in the transaction that keeps the tap, so that what is said is what was done.
"""

from sqlalchemy import Connection

from helpline.conversation import handoff
from helpline.conversation.access import Access, refresh
from helpline.conversation.heart import Heart
from helpline.store import conversations, queue
from helpline.store.conversations import ConversationRow
from safeguarding import Course


def talk(
    connection: Connection,
    access: Access,
    row: ConversationRow,
    course: Course | None,
    heart: Heart,
) -> tuple[ConversationRow, str, list[bytes]]:
    """Lets a helper in, if one is here. Returns the row, what to say, and whose place changed."""
    words, now = heart.wording, heart.now()
    if row.owner == "worker":
        return row, words.handoff_with_worker, []
    team = handoff.team_if_here(connection, now)
    entry = queue.entry_of(connection, row.id)
    if entry is not None and not entry.closed and entry.agreed == "yes":
        text = words.handoff_waiting if team else words.handoff_waiting_nobody
        return row, text.format(position=entry.position), []
    if team is None:
        return row, words.handoff_nobody, []
    row = handoff.say_yes(connection, access, row, team, course=course, now=now)
    told = handoff.renumber_queue(connection)
    row = refresh(connection, access)
    if row.owner == "worker":
        return row, words.handoff_joining, told
    entry = queue.entry_of(connection, row.id)
    position = entry.position if entry else None
    return row, words.handoff_queued.format(position=position), told


def not_now(
    connection: Connection, access: Access, row: ConversationRow, heart: Heart
) -> tuple[ConversationRow, str, list[bytes]]:
    """Keeps helpers out. Returns the row, what to say, and whose place changed."""
    words = heart.wording
    if row.owner == "worker":
        return row, words.not_now_with_worker, []
    entry = queue.entry_of(connection, row.id)
    if entry is None or entry.closed:
        return row, words.not_now, []
    handoff.say_no(connection, access, row)
    told = handoff.renumber_queue(connection)
    row = refresh(connection, access)
    if conversations.excerpts(connection, row.id):
        return row, words.not_now_level_4, told
    return row, words.not_now, told


def still_queued(connection: Connection, row: ConversationRow, heart: Heart) -> str:
    """What is said to somebody who waits already."""
    entry = queue.entry_of(connection, row.id)
    return heart.wording.handoff_waiting.format(position=entry.position if entry else None)
