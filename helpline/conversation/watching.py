"""Tells a young person who is connected the truth about a helper who does not come or is away.

What is said can be sealed only with their own key: who is not connected is told when they are next.
What needs no key (a chat given back, an alert sent) is done meanwhile by `lookout`.
"""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from helpline.conversation import handoff, tally
from helpline.conversation.access import Access, refresh
from helpline.conversation.bubbles import Bubble, add_bubbles, from_policy
from helpline.conversation.heart import Heart
from helpline.store import conversations, queue, staff
from helpline.store.conversations import ConversationRow
from helpline.store.queue import QueueEntry

TRUTH_AFTER_S = 120
LOOK_EVERY_S = 15.0
LAST_CALL_S = handoff.AWAY_S - handoff.HERE_S
"""A worker who owes an answer for too long has so many seconds more before the chat goes back."""

Standing = Literal["here", "nudged", "slow", "away", "gone"]
"""How a worker stands to a chat they hold: they owe an answer for a while ("nudged") or too long
("slow"), were not heard of for a while ("away"), or do not hold it any longer ("gone")."""


@dataclass(frozen=True)
class Heard:
    """Who was heard of at the desk lately, and who not so long ago that they lost their chats."""

    lately: frozenset[int]
    at_all: frozenset[int]

    @classmethod
    def now(cls, connection: Connection, now: float) -> "Heard":
        return cls(
            frozenset(staff.here(connection, now - handoff.HERE_S)),
            frozenset(staff.here(connection, now - handoff.AWAY_S)),
        )


def standing(
    entry: QueueEntry, owner: str, heard: Heard, now: float, answer_within_s: float
) -> Standing | None:
    """How the one who took a chat stands to it; None where nobody has it, or it is closed.

    An answer is owed only in a chat that is the worker's (`owner`).
    """
    if entry.closed or entry.staff is None:
        return None
    since = entry.unanswered_since if owner == "worker" else None
    owed = 0.0 if since is None else now - since
    if entry.staff not in heard.at_all or owed >= answer_within_s + LAST_CALL_S:
        return "gone"
    if entry.staff not in heard.lately:
        return "away"
    if owed >= answer_within_s:
        return "slow"
    return "nudged" if owed >= answer_within_s / 2 else "here"


def give_back(connection: Connection, entry: QueueEntry, heard: Heard, now: float) -> None:
    """Puts a chat whose worker is "gone" back on the queue, with what the young person is told."""
    silent = entry.staff in heard.at_all
    handoff.give_back(connection, entry, now, why="silent" if silent else "left")


async def watch(heart: Heart, access: Access) -> float:
    """Does what is due; returns in how many seconds to look again."""

    def look(connection: Connection) -> float:
        return _due_in(connection, access.conversation, heart)

    due = await heart.database.read(look)
    if due > 0:
        return due
    told = await heart.database.write(lambda c: _tell(c, access, heart))
    heart.queue_changed(access.conversation, told)
    return LOOK_EVERY_S


def _due_in(connection: Connection, conversation: bytes, heart: Heart) -> float:
    row = conversations.by_id(connection, conversation)
    entry = queue.entry_of(connection, conversation)
    if row is None or entry is None:
        return LOOK_EVERY_S
    now, heard = heart.now(), Heard.now(connection, heart.now())
    if _of_their_helper(row, entry, heard, heart) or _nobody_came(row, entry, heard, heart):
        return 0.0
    waits = entry.staff is None and not entry.closed and entry.told_at is None
    left = entry.promised_at + TRUTH_AFTER_S - now
    return min(left, LOOK_EVERY_S) if waits and left > 0 else LOOK_EVERY_S


def _of_their_helper(
    row: ConversationRow, entry: QueueEntry, heard: Heard, heart: Heart
) -> Literal["left", "gone", "away", "slow", "back"] | None:
    """What is to be told, or done, about the helper who has this chat or had it."""
    if entry.owed is not None and not entry.closed:
        return "left"
    now = standing(entry, row.owner, heard, heart.now(), heart.answer_within_s)
    if now == "gone":
        return "gone"
    if row.owner != "worker":
        return None
    if now in ("away", "slow"):
        return None if entry.away_told_at is not None else now
    return "back" if now is not None and entry.away_told_at is not None else None


def _nobody_came(row: ConversationRow, entry: QueueEntry, heard: Heard, heart: Heart) -> bool:
    """Two minutes after the promise, or nobody is left to come, or an alert was closed unseen.

    Of a level 4 an on-call lead may hear, unless every alert failed.
    """
    if entry.told_at is not None or entry.agreed == "no":
        return False
    if entry.closed:
        return entry.agreed == "unanswered" and row.owner == "assistant"
    if entry.staff is not None:
        return False
    lead = heart.on_call(heart.clock()) or entry.alert in ("sending", "sent", "part")
    may_hear = lead and entry.level >= handoff.EMERGENCY and entry.alert != "failed"
    late = handoff.is_due(entry.promised_at, heart.now(), TRUTH_AFTER_S)
    return late or not (heard.at_all or may_hear)


def _tell(connection: Connection, access: Access, heart: Heart) -> list[bytes]:
    queue.lock(connection)
    row, now = refresh(connection, access), heart.now()
    entry = queue.entry_of(connection, row.id)
    if entry is None:
        return []
    told, words, heard = list[bytes](), heart.wording, Heard.now(connection, now)
    due = _of_their_helper(row, entry, heard, heart)
    if due == "gone":
        give_back(connection, entry, heard, now)
        told = handoff.renumber_queue(connection)
        row, entry = refresh(connection, access), queue.entry_of(connection, row.id)
        assert entry is not None
        due = "left" if entry.owed is not None else None
    if due == "left":
        queue.change(connection, row.id, owed=None)
        said = {"silent": words.helper_silent, "passed": words.passed_on}.get(
            entry.owed or "", words.helper_left
        )
        row = add_bubbles(connection, access, row, [Bubble("service", said)], heart)
    elif due in ("away", "slow"):
        queue.change(connection, row.id, away_told_at=now)
        said = words.helper_away if due == "away" else words.helper_slow
        row = add_bubbles(connection, access, row, [Bubble("service", said)], heart)
    elif due == "back":
        queue.change(connection, row.id, away_told_at=None)
        row = add_bubbles(connection, access, row, [Bubble("service", words.helper_back)], heart)
    if _nobody_came(row, entry, heard, heart):
        queue.change(connection, row.id, told_at=now)
        tally.count(connection, heart, tally.NOBODY_CAME)
        add_bubbles(connection, access, row, from_policy((heart.policy.nobody_came(),)), heart)
    return told
