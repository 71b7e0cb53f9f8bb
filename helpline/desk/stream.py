"""The desk's one live stream: says that something changed and where, never what was written."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from helpline.conversation import DeskChange

CONVERSATION: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
SENT_BY_ANOTHER: Final = "They are typing…"
CHECK_EVERY_S: Final = 15.0


def frame(change: DeskChange | None) -> str:
    """A change as one server-sent event; None (nothing for 15 s) as a comment line.

    A change of one conversation carries it in the event's name, so that a page can listen for the
    chat it shows without any script of its own.
    """
    if change is None:
        return ": still here\n\n"
    if change.kind == "typing":
        return f"event: typing-{change.conversation}\ndata: {SENT_BY_ANOTHER}\n\n"
    if change.kind == "conversation":
        return f"event: conversation-{change.conversation}\ndata: .\n\n"
    return "event: queue\ndata: .\n\n"


async def frames(
    changes: AsyncGenerator[DeskChange | None],
    mine: frozenset[str],
    held: Callable[[], Awaitable[frozenset[str]]],
    clock: Callable[[], float],
) -> AsyncGenerator[str]:
    """The stream's text: changes of the queue, and of the chats that this worker holds.

    `mine` are those at the start, `held` tells which they are later. It is asked at every change
    of the queue and every 15 s at least, and what it raises ends the stream. A chat that is held
    no longer (deleted, ended) is told once more, so that a page that shows it can clear it away.
    """
    yield "retry: 2000\n: the desk is connected\n\n"
    asked = clock()
    try:
        async for change in changes:
            if change is not None and change.kind == "queue":
                yield frame(change)  # at once: somebody may be in danger
            if clock() - asked >= CHECK_EVERY_S or (change and change.kind == "queue"):
                before, mine, asked = mine, await held(), clock()
                for gone in before - mine:
                    yield frame(DeskChange("conversation", gone))
            if change is None or (change.kind != "queue" and change.conversation in mine):
                yield frame(change)
    finally:
        await changes.aclose()
