"""Wakes whoever follows a conversation or the desk; carries no text, the store has it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

DESK = b"desk"


@dataclass(frozen=True)
class Signal:
    """Something happened to a conversation: new events, a change of the queue, or typing."""

    kind: Literal["conversation", "queue", "typing"]
    conversation: bytes | None = None
    sender: str | None = None


class Broadcast:
    """Hands signals to listeners in this process; a slow listener misses none, it is only woken.

    A listener's queue holds at most `room` signals; beyond that the oldest is dropped, which loses
    nothing: whoever wakes reads all that is new from the store.
    """

    def __init__(self, room: int = 100) -> None:
        self._room = room
        self._listeners: dict[bytes, set[asyncio.Queue[Signal]]] = defaultdict(set)

    @contextmanager
    def listen(self, topic: bytes) -> Iterator[asyncio.Queue[Signal]]:
        """Yields a queue of signals for a conversation's id or DESK."""
        queue: asyncio.Queue[Signal] = asyncio.Queue()
        self._listeners[topic].add(queue)
        try:
            yield queue
        finally:
            self._listeners[topic].discard(queue)
            if not self._listeners[topic]:
                del self._listeners[topic]

    def send(self, signal: Signal) -> None:
        """Wakes the conversation's listeners and the desk's."""
        for topic in (signal.conversation, DESK):
            for queue in self._listeners.get(topic, ()) if topic else ():
                if queue.qsize() >= self._room:
                    queue.get_nowait()
                queue.put_nowait(signal)
