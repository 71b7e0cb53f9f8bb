"""The time as the service takes it, which is not set back when the clock of its machine is."""

from collections.abc import Callable
from datetime import datetime, timedelta


class RisingClock:
    """The time in UTC, which goes on at its pace while the machine's is behind it.

    A promise is due so many seconds after it was made ("in 2 minutes"), and a helper has gone when
    nothing was heard of them for so long: with a clock set back an hour both would take an hour
    more. A clock that is set forward is followed. Lasts for one process: the next begins with the
    machine's time.
    """

    def __init__(self, wall: Callable[[], datetime], seconds: Callable[[], float]) -> None:
        """`wall` is the machine's time, `seconds` counts what has passed and is never set."""
        self._wall, self._seconds = wall, seconds
        self._last = wall(), seconds()

    def __call__(self) -> datetime:
        (last, at), passed = self._last, self._seconds()
        now = max(self._wall(), last + timedelta(seconds=passed - at))
        self._last = now, passed  # one assignment: threads of the database ask as well
        return now
