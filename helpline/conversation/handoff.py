"""Changes of owner and of the queue, each inside the caller's transaction.

Check first, then do: every function here gets a row that was read under the transaction's lock,
and the queue's lock is held.
"""

import json
from dataclasses import replace
from typing import Literal

from sqlalchemy import Connection

from helpline.conversation.access import Access, new_key_epoch
from helpline.conversation.events import Message, Owner
from helpline.store import conversations, looks, queue, staff, waiting
from helpline.store.conversations import ConversationRow, EventRow, ExcerptRow
from helpline.store.queue import QueueEntry
from helpline.vault import Place, new_key, seal, seal_for_team
from safeguarding import Course

Reason = Literal["danger", "asked"]
Why = Literal["left", "silent", "passed"]
Team = tuple[int, bytes]
"""A team key's epoch and its public half."""

EXCERPT_MESSAGES = 3
HERE_S = 45
"""A helper counts as here for so many seconds after the desk was last heard of."""
EMERGENCY = 4
CLOCKS_DIFFER_S = 5
"""The clocks of two machines that share a database may differ by so many seconds."""
AWAY_S = 120
"""A helper who holds a chat and is not heard of for so long gives it back to the queue."""


def team_if_here(
    connection: Connection, now: float, *, level: int = 0, on_call: bool = False
) -> Team | None:
    """The team key to seal to, if somebody will read; None otherwise.

    That is a helper who takes chats now; at level 4 whoever is at the desk, on a break or not, or
    the on-call lead, who is alerted when nobody is.
    """
    if level >= EMERGENCY:
        read = on_call or somebody_here(connection, now)
    else:
        read = bool(waiting.attending(connection, now - HERE_S))
    return staff.newest_team_key(connection) if read else None


def somebody_here(connection: Connection, now: float) -> bool:
    """Whether anybody is at the desk, whatever they say of themselves."""
    return bool(staff.here(connection, now - HERE_S))


def is_due(since: float, now: float, seconds: float) -> bool:
    """Whether so many seconds have passed since then.

    A time that lies ahead was kept before the clock was set back and the service started again:
    nobody knows how long ago that was, and it counts as long enough.
    """
    return not -CLOCKS_DIFFER_S <= now - since < seconds


def promise(entry: QueueEntry, now: float) -> dict[str, float | None]:
    """What changes of an entry when the young person is told that a helper is being asked.

    A promise that is still open is not put off by the next one: the truth is due when the first
    said so. A new one is kept anew: who comes to hear of it hears again.
    """
    if entry.told_at is None and entry.staff is None and entry.agreed != "no":
        return {}
    return {"promised_at": now, "told_at": None, "lead_told_at": None, "alert": None}


def change_owner(
    connection: Connection, row: ConversationRow, owner: Owner, worker: str | None = None
) -> ConversationRow:
    """Gives the conversation to an owner; the epoch rises and both sides see a state.

    Who enters the queue sees it with their place in it, from `renumber_queue`.
    """
    number = row.last_number
    if owner != "queue":
        number += 1
        conversations.add_event(
            connection, EventRow(row.id, number, "state", owner=owner, worker=worker)
        )
    changed = replace(row, owner=owner, epoch=row.epoch + 1, last_number=number)
    conversations.change(connection, row.id, owner=owner, epoch=changed.epoch, last_number=number)
    return changed


def renumber_queue(connection: Connection) -> list[bytes]:
    """Tells everybody in the queue their place where it changed; returns who was told.

    Who has not said yes asked for nobody: they are told that they are in the queue, as place 0,
    which is shown as none.
    """
    moved = []
    for place, each in enumerate(queue.in_line(connection), start=1):
        position = place if each.agreed == "yes" else 0
        if each.position != position:
            moved.append(replace(each, position=position, last_number=each.last_number + 1))
    queue.move(connection, moved)
    return [each.conversation for each in moved]


def seal_excerpt(
    connection: Connection, row: ConversationRow, shown: list[Message], team: Team
) -> None:
    """Seals for the team, under a key of its own, the message that raised danger, last of `shown`,
    and those before it (design.md, decision 4).
    """
    trigger, key = shown[-1], new_key()
    body = json.dumps(
        {
            "messages": [[m.number, m.text, m.at.timestamp()] for m in shown],
            "level": trigger.level,
            "noticed": [[n.id, n.level, n.evidence] for n in trigger.noticed],
            "read": trigger.read,
            "language": trigger.language,
        }
    ).encode()
    place = Place(row.id, trigger.number, "excerpt", 0)
    excerpt = ExcerptRow(row.id, trigger.number, seal(key, place, body))
    wrapped = seal_for_team(team[1], key, row.id, trigger.number)
    conversations.add_excerpt(connection, excerpt, f"team:{team[0]}", wrapped)


def raise_alarm(
    connection: Connection, row: ConversationRow, shown: list[Message], team: Team, now: float
) -> ConversationRow:
    """Level 4 with a helper here and nobody let in yet: the excerpt goes on the queue.

    A worker who watched before a no goes on watching while they are here; the young person is
    asked again.
    """
    seal_excerpt(connection, row, shown, team)
    entry = queue.entry_of(connection, row.id)
    if entry is None or entry.closed:
        queue.put(connection, QueueEntry(row.id, 4, "danger", "unanswered", now, now))
    else:
        watched = entry.staff in staff.here(connection, now - HERE_S)
        queue.change(
            connection,
            row.id,
            level=4,
            reason="danger",
            agreed="unanswered",
            position=None,
            staff=entry.staff if watched else None,
            **promise(entry, now),
        )
    return change_owner(connection, row, "queue") if row.owner == "assistant" else row


def let_in(connection: Connection, access: Access, row: ConversationRow, team: Team) -> None:
    """Seals every key of the conversation to the team: the young person said yes."""
    for epoch, key in access.ring.keys.items():
        sealed = seal_for_team(team[1], key, row.id, epoch)
        conversations.add_wrap(connection, row.id, epoch, f"team:{team[0]}", sealed)
    conversations.change(connection, row.id, handed_off=True)


def say_yes(
    connection: Connection,
    access: Access,
    row: ConversationRow,
    team: Team,
    *,
    course: Course | None,
    now: float,
) -> ConversationRow:
    """The young person lets a helper in: the one who watches, if they are here, else the queue."""
    let_in(connection, access, row, team)
    looks.drop_unsealing(connection, row.id)
    entry = queue.entry_of(connection, row.id)
    if entry is None or entry.closed:
        entry = QueueEntry(row.id, course.level if course else 0, "asked", "yes", now, now)
        queue.put(connection, entry)
    holder = None
    if entry.staff in staff.here(connection, now - HERE_S):
        holder = staff.by_id(connection, entry.staff) if entry.staff else None
    queue.change(
        connection,
        row.id,
        agreed="yes",
        position=None,
        staff=holder.id if holder else None,
        unanswered_since=None,
        **promise(entry, now),
    )
    if holder is not None:
        return change_owner(connection, row, "worker", holder.alias)
    return row if row.owner == "queue" else change_owner(connection, row, "queue")


def say_no(connection: Connection, access: Access, row: ConversationRow) -> ConversationRow:
    """The young person wants no helper now: the team's keys are taken back, and what follows is
    under a key that it never had.

    A level 4 entry stays on the desk, where the excerpt may be read and nothing written.
    """
    watched = bool(conversations.excerpts(connection, row.id))
    queue.change(connection, row.id, agreed="no", position=None, closed=not watched)
    conversations.drop_wraps(connection, row.id, "team:%")
    kept = conversations.kept_by_staff(connection, row.id)
    conversations.change(connection, row.id, handed_off=kept)
    looks.drop_unsealing(connection, row.id)
    new_key_epoch(connection, access, row)
    return change_owner(connection, row, "assistant") if row.owner == "queue" else row


def give_back(connection: Connection, entry: QueueEntry, now: float, *, why: Why = "left") -> None:
    """The worker who had this chat is gone or silent: it is queued again, first within its level.

    Who talked with them is told so by `watching`, at once or when they are next connected.
    """
    row = conversations.by_id(connection, entry.conversation, lock=True)
    looks.drop_unsealing(connection, entry.conversation)
    queue.change(
        connection,
        entry.conversation,
        staff=None,
        taken_at=None,
        position=None,
        promised_at=now,
        told_at=None,
        returned=True,
        unanswered_since=None,
        away_told_at=None,
        lead_told_at=None,
        alert=None,
        owed=why if row is not None and row.owner == "worker" else None,
    )
    if row is not None and row.owner == "worker":
        change_owner(connection, row, "queue")
