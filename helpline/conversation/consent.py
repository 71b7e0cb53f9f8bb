"""Talk and Not now: what the young person decides about a helper, and what they are told of it.

Both happen in the transaction that keeps the tap, so that what is said is what was done.
"""

from sqlalchemy import Connection

from helpline.conversation import first_words, handoff, tally, waiting
from helpline.conversation.access import Access, refresh
from helpline.conversation.heart import Heart
from helpline.store import conversations, queue, staff
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
    entry = queue.entry_of(connection, row.id)
    level = max(course.level if course else 0, entry.level if entry and not entry.closed else 0)
    on_call = heart.on_call(heart.clock())
    team = handoff.team_if_here(connection, now, level=level, on_call=on_call)
    if (
        entry is not None
        and not entry.closed
        and entry.staff in staff.here(connection, now - handoff.HERE_S)
    ):
        team = staff.newest_team_key(connection)  # their own helper is there, busy or not
    if entry is not None and not entry.closed and entry.agreed == "yes":
        return row, still_queued(connection, row, heart, team), []
    if team is None:
        return row, waiting.nobody_here(heart), []
    row = handoff.say_yes(connection, access, row, team, course=course, now=now)
    told = handoff.renumber_queue(connection)
    row = refresh(connection, access)
    if row.owner == "worker":
        return row, words.handoff_joining, told
    if not handoff.somebody_here(connection, now):
        return row, words.handoff_asking, told
    entry = queue.entry_of(connection, row.id)
    return row, waiting.place_in_line(connection, words.handoff_queued, entry, heart), told


def greet(
    connection: Connection, access: Access, row: ConversationRow, before: str, heart: Heart
) -> None:
    """Asks the worker's first words if it was the yes that let them in (`before`: the owner)."""
    if row.owner == "worker" and before != "worker":
        first_words.ask(connection, refresh(connection, access), access.ring, heart)


def not_now(
    connection: Connection, access: Access, row: ConversationRow, heart: Heart
) -> tuple[ConversationRow, str, list[bytes]]:
    """Keeps helpers out. Returns the row, what to say, and whose place changed."""
    words = heart.wording
    tally.count(connection, heart, tally.DECLINED)
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


def still_queued(
    connection: Connection, row: ConversationRow, heart: Heart, team: handoff.Team | None
) -> str:
    """What is said to somebody who waits already; `team` is None where nobody will read."""
    if team is None:
        return waiting.still_nobody(heart)
    entry = queue.entry_of(connection, row.id)
    return waiting.place_in_line(connection, heart.wording.handoff_waiting, entry, heart)
