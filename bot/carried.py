"""A tracker store that holds one conversation for one turn, and forgets it with the turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.trackers import DialogueStateTracker

_carried: ContextVar[DialogueStateTracker] = ContextVar("carried")


class NoTurn(RuntimeError):
    """A tracker was asked for outside the turn that carries it."""


class CarriedTrackerStore(TrackerStore):  # type: ignore[misc]
    """Finds the tracker that the running turn brought along, and keeps none.

    Each turn runs in its own context, so two turns that interleave cannot see each other's.
    """

    @contextmanager
    def carrying(self, tracker: DialogueStateTracker) -> Iterator[None]:
        """Make ``tracker`` the only one there is, until the block ends."""
        token = _carried.set(tracker)
        try:
            yield
        finally:
            _carried.reset(token)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker:
        """Return the carried tracker; raises NoTurn when there is none of that name."""
        return self._carried_for(sender_id)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep nothing: the turn hands the events back itself. Raises NoTurn outside a turn."""
        self._carried_for(tracker.sender_id)

    async def delete(self, sender_id: str) -> None:
        """Nothing is kept, so there is nothing to delete."""

    async def keys(self) -> Iterable[str]:
        """Return no names: no conversation outlives its turn."""
        return ()

    @staticmethod
    def _carried_for(sender_id: str) -> DialogueStateTracker:
        tracker = _carried.get(None)
        if tracker is None or tracker.sender_id != sender_id:
            raise NoTurn("No turn carries this tracker.")
        return tracker
