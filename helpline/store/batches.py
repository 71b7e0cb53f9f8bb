"""Transactions that wait for the one writer, to be put on disk together; `database` is the writer.

Putting one on disk takes the disk 2 to 5 ms, whatever is in it, and a message needs two: one at a
time, no more than about 100 messages a second could be taken in. So whoever waits goes along
with the first. Each is still done whole or not at all, and is told so only when it is on disk.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

MOST_AT_ONCE: Final = 16
MOST_URGENT: Final = 0

Work = Callable[[Connection], Any]


@dataclass(frozen=True)
class One:
    """A transaction that waits, and the future that its caller awaits."""

    work: Work
    future: asyncio.Future[Any]


@dataclass(frozen=True)
class Outcome:
    """What a transaction returned, or the error that undid it."""

    result: Any = None
    error: Exception | None = None


class Waiting:
    """Transactions that nobody has begun, by urgency, then in the order they came."""

    def __init__(self) -> None:
        self._order = itertools.count()
        self._heap: list[tuple[int, int, One]] = []

    def add(self, work: Work, urgency: int) -> asyncio.Future[Any]:
        """Puts a transaction in line; cancelling the future takes it out again."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._heap, (urgency, next(self._order), One(work, future)))
        return future

    def take(self) -> "Batch":
        """Takes the first out of line, with those behind it; what is urgent goes without them."""
        batch: list[tuple[int, int, One]] = []
        while self._heap and len(batch) < MOST_AT_ONCE:
            if batch and self._heap[0][0] > batch[0][0] == MOST_URGENT:
                break
            first = heapq.heappop(self._heap)
            if not first[2].future.done():
                batch.append(first)
        return Batch(self, batch)

    def is_urgent(self) -> bool:
        """Whether one is in line for which a batch should not go on.

        May be asked from another thread: it looks at the heap once.
        """
        return any(urgency == MOST_URGENT for urgency, _, _ in self._heap[:1])

    def put_back(self, left: Sequence[tuple[int, int, One]]) -> None:
        """Puts what was taken and not begun where it was."""
        for each in left:
            heapq.heappush(self._heap, each)


class Batch:
    """Transactions taken together; `run` belongs in the writer's thread, the rest to the loop."""

    def __init__(self, line: Waiting, taken: list[tuple[int, int, One]]) -> None:
        self._line = line
        self._taken = taken

    def run(
        self, connection: Connection, whole: Callable[[Connection, Work], Any]
    ) -> list[Outcome]:
        """Runs one after the other in the caller's transaction, until an urgent one waits.

        One that raises undoes only itself. Raises its error where the database has undone all.
        """
        outcomes: list[Outcome] = []
        for urgency, _, one in self._taken:
            if outcomes and urgency > MOST_URGENT and self._line.is_urgent():
                break
            connection.exec_driver_sql("SAVEPOINT one")
            try:
                outcomes.append(Outcome(whole(connection, one.work)))
            except Exception as error:
                if not _is_open(connection):
                    raise
                connection.exec_driver_sql("ROLLBACK TO one")
                outcomes.append(Outcome(error=error))
            connection.exec_driver_sql("RELEASE one")
        return outcomes

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Tells the callers what came of theirs, and puts back what was not begun."""
        for (_, _, one), outcome in zip(self._taken, outcomes, strict=False):
            if one.future.done():
                continue
            if outcome.error is not None:
                one.future.set_exception(outcome.error)
            else:
                one.future.set_result(outcome.result)
        self._line.put_back(self._taken[len(outcomes) :])

    def fail(self, error: Exception) -> None:
        """Tells every caller that nothing of theirs was kept."""
        self.tell([Outcome(error=error)] * len(self._taken))


def _is_open(connection: Connection) -> bool:
    """Whether the transaction is still there: a full disk, for one, ends it as a whole."""
    raw: Any = connection.connection.driver_connection
    return bool(raw.in_transaction)
