"""Changes of owner and of the queue, each inside the caller's transaction.

Check first, then do: every function here gets a row that was read under the transaction's lock.
"""

import json
from dataclasses import replace
from typing import Literal

from sqlalchemy import Connection

from helpline.conversation.access import Access, new_key_epoch
from helpline.conversation.events import Message, Owner
from helpline.conversation.heart import HERE_S
from helpline.store import conversations, queue, staff
from helpline.store.conversations import ConversationRow, EventRow, ExcerptRow
from helpline.store.queue import QueueEntry
from helpline.vault import Place, new_key, seal, seal_for_team
from safeguarding import Course

Reason = Literal["danger", "asked", "assistant_failed"]
EXCERPT_MESSAGES = 3


def change_owner(
    connection: Connection, row: ConversationRow, owner: Owner, worker: str | None = None
) -> ConversationRow:
    """Gives the conversation to an owner; the epoch rises and both sides see a state."""
    number = row.last_number + 1
    conversations.add_event(
        connection, EventRow(row.id, number, "state", owner=owner, worker=worker)
    )
    changed = replace(row, owner=owner, epoch=row.epoch + 1, last_number=number)
    conversations.change(connection, row.id, owner=owner, epoch=changed.epoch, last_number=number)
    return changed


def renumber_queue(connection: Connection) -> list[bytes]:
    """Tells everybody in the queue their place where it changed; returns who was told."""
    waiting = [e for e in queue.open_entries(connection) if e.agreed != "no"]
    told = []
    for position, entry in enumerate((e for e in waiting if e.staff is None), start=1):
        if entry.position == position:
            continue
        row = conversations.by_id(connection, entry.conversation, lock=True)
        if row is None or row.owner != "queue":
            continue
        number = row.last_number + 1
        conversations.add_event(
            connection, EventRow(row.id, number, "state", owner="queue", position=position)
        )
        conversations.change(connection, row.id, last_number=number)
        queue.change(connection, row.id, position=position)
        told.append(row.id)
    return told


def raise_alarm(
    connection: Connection,
    row: ConversationRow,
    trigger: Message,
    *,
    before: list[Message],
    team: tuple[int, bytes],
    now: float,
) -> ConversationRow:
    """Level 4 with a helper here: seals the excerpt to the team and puts it on the queue.

    `before` are the young person's last messages, oldest first; the excerpt is the trigger and
    the two before it, under a key of its own (design.md, decision 4). `team` is the team key's
    epoch and public half.
    """
    if row.owner in ("worker", "ended"):
        return row
    team_epoch, public = team
    shown = [*before, trigger][-EXCERPT_MESSAGES:]
    key = new_key()
    body = json.dumps(
        {
            "messages": [[m.number, m.text, m.at.timestamp()] for m in shown],
            "level": trigger.level,
            "noticed": [[n.id, n.level, n.evidence] for n in trigger.noticed],
        }
    ).encode()
    conversations.add_excerpt(
        connection,
        ExcerptRow(
            row.id,
            trigger.number,
            team_epoch,
            seal_for_team(public, key, row.id, trigger.number),
            seal(key, Place(row.id, trigger.number, "excerpt", team_epoch), body),
        ),
    )
    entry = queue.entry_of(connection, row.id)
    if entry is not None and entry.agreed != "no" and not entry.closed:
        queue.change(connection, row.id, level=4)
    else:
        entry = QueueEntry(row.id, 4, "danger", "unanswered", now)
        queue.put(connection, entry)
    if row.owner == "assistant":
        row = change_owner(connection, row, "queue")
    return row


def let_in(
    connection: Connection, access: Access, row: ConversationRow, team: tuple[int, bytes]
) -> None:
    """Seals every key of the conversation to the team: the young person said yes."""
    team_epoch, public = team
    for epoch, key in access.ring.keys.items():
        sealed = seal_for_team(public, key, row.id, epoch)
        conversations.add_wrap(connection, row.id, epoch, f"team:{team_epoch}", sealed)
    conversations.change(connection, row.id, handed_off=True)


def team_if_here(connection: Connection, now: float) -> tuple[int, bytes] | None:
    """The team key's epoch and public half, if somebody is at the desk to read; None otherwise."""
    if not staff.helper_here(connection, now - HERE_S):
        return None
    return staff.newest_team_key(connection)


def say_yes(
    connection: Connection,
    access: Access,
    row: ConversationRow,
    team: tuple[int, bytes],
    *,
    course: Course | None,
    now: float,
) -> list[bytes]:
    """The young person lets a helper in; returns the conversations whose place changed."""
    if row.owner in ("worker", "ended"):
        return []
    let_in(connection, access, row, team)
    entry = queue.entry_of(connection, row.id)
    if entry is None or entry.closed:
        entry = QueueEntry(row.id, course.level if course else 0, "asked", "yes", now)
        queue.put(connection, entry)
    else:
        asked_at = now if entry.agreed == "no" else entry.asked_at
        queue.change(connection, row.id, agreed="yes", asked_at=asked_at, told_at=None)
    holder = staff.by_id(connection, entry.staff) if entry.staff else None
    if holder is not None:
        change_owner(connection, row, "worker", holder.alias)
    elif row.owner == "assistant":
        change_owner(connection, row, "queue")
    return renumber_queue(connection)


def say_no(connection: Connection, access: Access, row: ConversationRow) -> list[bytes]:
    """The young person wants no helper now: what follows is under a key the team does not have.

    A level 4 entry stays on the desk, where the excerpt may be read and nothing written.
    """
    entry = queue.entry_of(connection, row.id)
    if row.owner in ("worker", "ended") or entry is None or entry.closed:
        return []
    closed = not conversations.excerpts(connection, row.id)
    queue.change(connection, row.id, agreed="no", position=None, closed=closed)
    new_key_epoch(connection, access, row)
    if row.owner == "queue":
        change_owner(connection, row, "assistant")
    return renumber_queue(connection)
