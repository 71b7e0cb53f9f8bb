"""Looks over all open chats about every second: what is due without the young person's own key.

It runs whether or not their page is open. Chats of workers who are gone go back on the queue; a
level 4 that nobody takes is told to supervisors and the on-call lead. Every process may do this:
each thing is done under the queue's lock, or claimed in the database, and so done once.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from helpline.alerts import Alert
from helpline.conversation import handoff
from helpline.conversation.alerting import LONGEST_S, Alerting
from helpline.conversation.heart import Heart
from helpline.conversation.watching import Heard, Standing, give_back, standing
from helpline.settings import Settings
from helpline.store import conversations, queue, staff, waiting
from helpline.store.queue import QueueEntry

log = logging.getLogger("waymark")

LOOK_EVERY_S = 1.0
ALERT_AFTER_S = 60
"""A level 4 that nobody took for so long is told to supervisors and the on-call lead."""
ALERT_EVERY_S = 10
"""Alerts that come due within so many seconds of the last are sent as one: a flood is no help."""
LOST_AFTER_S = 2 * LONGEST_S
"""An alert that a process began so long ago and never finished is sent by another."""
TROUBLE_FOR_S = 24 * 3600


@dataclass(frozen=True)
class _Due:
    """What one look over the open entries found."""

    gone: tuple[QueueEntry, ...]
    alert: tuple[QueueEntry, ...]
    standings: dict[bytes, Standing]


class Lookout:
    """Does what is due in all chats; `run` goes on until it is cancelled."""

    def __init__(self, heart: Heart, alerting: Alerting, settings: Settings) -> None:
        self._heart = heart
        self._alerting = alerting
        self._service, self._desk = settings.service_name, settings.desk
        self._zone = ZoneInfo(settings.timezone)
        self._standings: dict[bytes, Standing] = {}
        self._late: set[bytes] = set()
        self._alerted_at = float("-inf")
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self) -> NoReturn:
        """Looks about every second; an error is logged by its kind and costs one look."""
        while True:
            try:
                await self.look()
            except Exception as error:
                log.error("looking after the chats failed: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Looks once. Returns when all is done but the sending of alerts (`settled`)."""
        due = await self._heart.database.read(self._due)
        for entry in due.gone:
            await self._give_back(entry.conversation)
        since_last = self._heart.now() - self._alerted_at
        if due.alert and not 0 <= since_last < ALERT_EVERY_S:
            await self._alert(due.alert)
        changed = {
            conversation
            for conversation in due.standings.keys() | self._standings.keys()
            if due.standings.get(conversation) != self._standings.get(conversation)
        }
        self._standings = due.standings
        late = {entry.conversation for entry in due.alert}
        changed |= late - self._late
        self._late = late
        for conversation in changed:
            self._heart.queue_changed(conversation, [])

    async def settled(self) -> None:
        """Returns once no alert is being sent."""
        while self._sending:
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def stop(self) -> None:
        """Stops what is being sent; another process, or the next start, sends it again."""
        for task in self._sending:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await self.settled()

    def _due(self, connection: Connection) -> _Due:
        watched = waiting.watched(connection)
        if not watched:
            return _Due((), (), {})
        now, within = self._heart.now(), self._heart.answer_within_s
        heard = Heard.now(connection, now)
        standings: dict[bytes, Standing] = {}
        for each in watched:
            # Who left for good reads no answer: none is owed
            owner = "" if each.gone else each.owner
            if stands := standing(each.entry, owner, heard, now, within):
                standings[each.entry.conversation] = stands
        entries = [each.entry for each in watched]
        return _Due(
            tuple(e for e in entries if standings.get(e.conversation) == "gone"),
            tuple(e for e in entries if self._alert_due(e, heard, now)),
            {one: stands for one, stands in standings.items() if stands != "gone"},
        )

    def _alert_due(self, entry: QueueEntry, heard: Heard, now: float) -> bool:
        """Nobody took a level 4 in time, or nobody is at the desk to take it and a lead is."""
        if entry.staff is not None or entry.level < handoff.EMERGENCY:
            return False
        if entry.lead_told_at is not None:
            return entry.alert == "sending" and now - entry.lead_told_at > LOST_AFTER_S
        alone = not heard.lately and self._heart.on_call(self._heart.clock())
        return alone or handoff.is_due(entry.promised_at, now, ALERT_AFTER_S)

    async def _give_back(self, conversation: bytes) -> None:
        heart = self._heart

        def put_back(connection: Connection) -> list[bytes] | None:
            queue.lock(connection)
            row = conversations.by_id(connection, conversation, lock=True)
            entry = queue.entry_of(connection, conversation)
            if row is None or entry is None:
                return None
            now, heard = heart.now(), Heard.now(connection, heart.now())
            owner = row.owner if row.token_hash is not None else ""
            if standing(entry, owner, heard, now, heart.answer_within_s) != "gone":
                return None
            give_back(connection, entry, heard, now)
            staff.note(connection, now, "given back", entry.staff, conversation)
            return handoff.renumber_queue(connection)

        told = await heart.database.write(put_back)
        if told is not None:
            heart.queue_changed(conversation, told)

    async def _alert(self, due: Sequence[QueueEntry]) -> None:
        """Claims what is due, shows it on the desk, and has one alert sent for all of it."""
        heart, at = self._heart, self._heart.clock()
        now, to = at.timestamp(), self._alerting.reached(at)

        def claim(connection: Connection) -> list[QueueEntry]:
            queue.lock(connection)
            lost, how = now - LOST_AFTER_S, "sending" if to else None
            return [
                entry
                for entry in due
                if waiting.claim_alert(connection, entry.conversation, now, lost, how)
            ]

        claimed = await heart.database.write(claim)
        if not claimed:
            return
        self._alerted_at = now
        for entry in claimed:
            heart.queue_changed(entry.conversation, [])
        if to:
            task = asyncio.create_task(self._send(claimed, to, now))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, claimed: list[QueueEntry], to: list[Alert], now: float) -> None:
        heart, words = self._heart, self._heart.wording
        since = datetime.fromtimestamp(min(e.promised_at for e in claimed), UTC)
        body = (words.alert if len(claimed) == 1 else words.alert_many).format(
            count=len(claimed),
            since=since.astimezone(self._zone).strftime("%H:%M"),
            desk=self._desk,
        )
        how = await self._alerting.send(to, words.alert_title.format(service=self._service), body)

        def keep(connection: Connection) -> None:
            queue.lock(connection)
            chats = [entry.conversation for entry in claimed]
            waiting.alert_went(connection, chats, now, how)
            for conversation in chats:
                staff.note(connection, heart.now(), f"alert {how}", None, conversation)

        await heart.database.write(keep)
        for entry in claimed:
            heart.queue_changed(entry.conversation, [])


def trouble(connection: Connection, now: float) -> float | None:
    """When the newest alert of the last day could not be sent to all it reaches; None otherwise."""
    last = waiting.last_alert(connection, now - TROUBLE_FOR_S)
    return last[0] if last is not None and last[1] != "sent" else None
