"""Counts who was offered a helper at level 3 and has not answered; leaves the words to the desk.

Design.md, "What each level does": before a yes the desk is told how many, and nothing else.
"""

from collections.abc import Callable

FORGOTTEN_AFTER_S = 30 * 60


class Offered:
    """The conversations with an open offer, each with when it was last active.

    In the memory of this process only, and nowhere else: a restart begins at none, and who was
    offered a helper before it is counted again with their next message at level 3.
    """

    def __init__(self) -> None:
        self._active: dict[bytes, float] = {}

    def add(self, conversation: bytes, now: float) -> None:
        """A helper was offered; `now` in seconds since 1970 (UTC)."""
        self._active[conversation] = now

    def active(self, conversation: bytes, now: float) -> None:
        """They wrote of something else; changes nothing for who was offered no helper."""
        if conversation in self._active:
            self._active[conversation] = now

    def forget(self, conversation: bytes) -> None:
        """They answered, are in the queue, were told that nobody is here, or have gone."""
        self._active.pop(conversation, None)

    def count(self, now: float, connected: Callable[[bytes], bool]) -> int:
        """Returns how many there are, after forgetting who has gone without an answer.

        Gone is who is not connected and has written nothing for FORGOTTEN_AFTER_S.
        """
        self._active = {
            conversation: active
            for conversation, active in self._active.items()
            if connected(conversation) or now - active < FORGOTTEN_AFTER_S
        }
        return len(self._active)
