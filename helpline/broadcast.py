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
    """Something happened to a conversation: new events, a change of the queue, or typing.

    `urgent`: a warning is among the events.
    """

    kind: Literal["conversation", "queue", "typing"]
    conversation: bytes | None = None
    sender: str | None = None
    urgent: bool = False


class Listener:
    """Signals that somebody has not taken yet, oldest first, each once however often it came."""

    def __init__(self) -> None:
        self._waiting: dict[Signal, None] = {}
        self._some = asyncio.Event()

    def put(self, signal: Signal) -> None:
        self._waiting.setdefault(signal)
        self._some.set()

    async def get(self) -> Signal:
        """Returns the oldest signal; waits for one."""
        await self._some.wait()
        signal = next(iter(self._waiting))
        del self._waiting[signal]
        if not self._waiting:
            self._some.clear()
        return signal


class Broadcast:
    """Hands signals to listeners in this process; a slow one misses none, and piles up none."""

    def __init__(self) -> None:
        self._listeners: dict[bytes, set[Listener]] = defaultdict(set)
        self.changed = 0
        """Grows with each change of the queue."""

    @contextmanager
    def listen(self, topic: bytes) -> Iterator[Listener]:
        """Yields a listener of a conversation's id or DESK."""
        listener = Listener()
        self._listeners[topic].add(listener)
        try:
            yield listener
        finally:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]

    def send(self, signal: Signal, *, desk: bool = True) -> None:
        """Wakes the conversation's listeners, and the desk's unless the assistant is typing, or
        the desk hears of it in another way (`desk`)."""
        if signal.kind == "queue":
            self.changed += 1
        for topic in (signal.conversation, DESK):
            if topic is None or (topic == DESK and (signal.sender == "assistant" or not desk)):
                continue
            for listener in self._listeners.get(topic, ()):
                listener.put(signal)

    def followed(self, conversation: bytes) -> bool:
        """True while the young person's page is connected to this process."""
        return conversation in self._listeners
