"""The queue as every desk shows it: read once when it changes, and not once for each desk.

With 200 who wait and 20 desks a change would be 4,000 rows to open and draw, on every desk at once
when somebody is in danger. So the first rows are read by whoever asks first, and kept for a moment.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from sqlalchemy import Connection

from helpline.conversation.handoff import EMERGENCY
from helpline.conversation.heart import Heart
from helpline.conversation.opening import GRAVE, check_helper, open_excerpts, unread_language
from helpline.conversation.sessions import Session
from helpline.conversation.shown import QueueRow
from helpline.conversation.watching import Heard, standing
from helpline.store import conversations, queue, staff
from helpline.store.queue import QueueEntry

SHOWN: Final = 50
"""A desk shows so many that wait, and counts the rest: nobody reads two hundred."""
KEPT_S: Final = 1.0
UNANSWERED_AFTER_S: Final = 60


@dataclass(frozen=True)
class Waiting:
    """Whom nobody has taken: the first of them, how many there are, and how many at level 4.

    `longest_s` is how long the one has waited who waits longest; `drawn` is for who shows it: what
    is the same for all desks is drawn once, and forgotten with this.
    """

    rows: tuple[QueueRow, ...]
    count: int
    danger: int
    longest_s: int
    drawn: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def version(self) -> str:
        """Changes when it should be drawn again; a clock in the page counts the seconds."""
        lasting = [replace(row, waiting_s=0) for row in self.rows]
        text = repr((self.count, self.danger, lasting))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


class Board:
    """Reads the queue for all desks. What it keeps is in memory only, for a second."""

    def __init__(self, heart: Heart) -> None:
        self._heart = heart
        self._reading = asyncio.Lock()
        self._kept: dict[frozenset[int], tuple[int, float, Waiting]] = {}

    async def waiting(self, session: Session) -> Waiting:
        """Whom nobody has taken: highest level first, then longest wait. Raises NotAllowed."""
        check_helper(session)
        keys = frozenset(session.team)
        if (known := self._fresh(keys)) is not None:
            return known
        async with self._reading:
            if (known := self._fresh(keys)) is not None:
                return known
            changed, at = self._heart.broadcast.changed, time.monotonic()
            read = await self._heart.database.read(lambda c: self._read(c, session))
            self._kept = {keys: (changed, at, read)}
            # The words that raised a chat do not stay here longer than its key may
            asyncio.get_running_loop().call_later(KEPT_S, self._forget, read)
            return read

    def _forget(self, read: Waiting) -> None:
        self._kept = {k: kept for k, kept in self._kept.items() if kept[2] is not read}

    def _fresh(self, keys: frozenset[int]) -> Waiting | None:
        changed, at, waiting = self._kept.get(keys, (-1, 0.0, None))
        same = changed == self._heart.broadcast.changed and time.monotonic() - at < KEPT_S
        return waiting if same else None

    def _read(self, connection: Connection, session: Session) -> Waiting:
        entries, count, danger, oldest = queue.untaken(connection, SHOWN)
        heard = Heard.now(connection, self._heart.now())
        rows = [row_of(connection, session, entry, heard, self._heart) for entry in entries]
        longest = 0 if oldest is None else max(0, int(self._heart.now() - oldest))
        return Waiting(live_first(rows), count, danger, longest)

    async def mine(self, session: Session) -> tuple[QueueRow, ...]:
        """The chats that this worker holds or watches. Raises NotAllowed."""
        check_helper(session)

        def find(connection: Connection) -> tuple[QueueRow, ...]:
            entries = queue.held_by(connection, session.staff)
            if not entries:
                return ()
            heard = Heard.now(connection, self._heart.now())
            rows = [row_of(connection, session, entry, heard, self._heart) for entry in entries]
            return live_first(rows)

        return await self._heart.database.read(find)


def live_first(rows: Iterable[QueueRow | None]) -> tuple[QueueRow, ...]:
    """Within a level, who is there stands before who has gone; else the order stays."""
    there = [row for row in rows if row is not None]
    return tuple(sorted(there, key=lambda row: (-row.level, row.gone)))


def row_of(
    connection: Connection, session: Session, entry: QueueEntry, heard: Heard, heart: Heart
) -> QueueRow | None:
    """One entry as the desk shows it; None for a chat that is hidden."""
    row = conversations.by_id(connection, entry.conversation)
    if row is None or row.hidden_hour is not None:
        return None
    holder = staff.by_id(connection, entry.staff) if entry.staff else None
    wanted = staff.by_id(connection, entry.wanted) if entry.wanted else None
    # Only level 4 seals an excerpt, and below level 3 nothing brought the chat here but a wish
    level_4, grave = entry.level >= EMERGENCY, entry.level >= GRAVE
    shown = open_excerpts(connection, session, row.id, team_only=True) if level_4 else []
    noticed = [notice for message in reversed(shown) for notice in message.noticed]
    worst = max(noticed, key=lambda notice: notice.level, default=None)
    now = heart.now()
    waited = now - entry.asked_at
    return QueueRow(
        conversation=entry.conversation.hex(),
        level=entry.level,
        waiting_s=max(0, int(waited)),
        reason=entry.reason,  # type: ignore[arg-type]  # written by `handoff` only
        trigger=worst.evidence if worst else None,
        signals=tuple(dict.fromkeys(notice.id for notice in noticed)),
        agreed=entry.agreed,  # type: ignore[arg-type]
        worker=holder.alias if holder else None,
        unanswered_60s=entry.staff is None and now - entry.promised_at >= UNANSWERED_AFTER_S,
        owner=row.owner,  # type: ignore[arg-type]
        left_quickly=row.left_quickly,
        connected=heart.broadcast.followed(row.id),
        unread=unread_language(connection, session, row, shown) if grave else None,
        standing=standing(entry, row.owner, heard, now, heart.answer_within_s),
        lead_told=entry.staff is None and entry.lead_told_at is not None,
        wanted=wanted.alias if wanted else None,
        returned=entry.returned and entry.staff is None,
    )
