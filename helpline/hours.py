"""When the helpline is open, by the clock on the wall; what follows from it others decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
AHEAD_DAYS = 28
"""An opening is sought so many days ahead: longer than any holiday a helpline closes for."""

Hours = tuple[tuple[time, time], ...]
"""From and until; one that ends at or before its beginning goes on past midnight."""


@dataclass(frozen=True)
class Opening:
    """Opening hours by weekday, and those of single dates, which go before: none is closed.

    Hours belong to the day on which they begin. They are read off the clock on the wall in
    `zone`: an evening in which the clocks change is an hour longer or shorter.
    """

    week: Mapping[str, Hours]
    dates: Mapping[date, Hours]
    zone: ZoneInfo

    def is_open(self, now: datetime) -> bool:
        """Whether the helpline is open; `now` carries a time zone."""
        wall = self._wall(now)
        for day in (wall.date() - timedelta(days=1), wall.date()):
            for start, end in self._hours(day):
                past_midnight = timedelta(days=1 if end <= start else 0)
                if (
                    datetime.combine(day, start)
                    <= wall
                    < datetime.combine(day, end) + past_midnight
                ):
                    return True
        return False

    def next_opening(self, now: datetime) -> datetime | None:
        """The next beginning of hours on the wall's clock, without a zone; None if there is none.

        Hours that have begun already are not meant.
        """
        wall = self._wall(now)
        for ahead in range(AHEAD_DAYS):
            day = wall.date() + timedelta(days=ahead)
            starts = (datetime.combine(day, start) for start, _ in self._hours(day))
            later = [self._that_exists(start) for start in starts if start > wall]
            if later:
                return min(later)
        return None

    def opens(self, now: datetime) -> str | None:
        """The next opening in plain words ("9am", "9am tomorrow", "9:30am on Monday").

        `now` carries a time zone. None when the hours are unknown or the helpline is open.
        """
        opening = None if self.is_open(now) else self.next_opening(now)
        return None if opening is None else _in_words(opening, self._wall(now).date())

    def _hours(self, day: date) -> Hours:
        return self.dates.get(day, self.week.get(WEEKDAYS[day.weekday()], ()))

    def _wall(self, now: datetime) -> datetime:
        return now.astimezone(self.zone).replace(tzinfo=None)

    def _that_exists(self, wall: datetime) -> datetime:
        """The first time from `wall` on that the clock shows: going forward it leaves some out."""
        while self._left_out(wall):
            wall += timedelta(minutes=1)
        return wall

    def _left_out(self, wall: datetime) -> bool:
        before, after = (wall.replace(tzinfo=self.zone, fold=fold).utcoffset() for fold in (0, 1))
        return before is not None and after is not None and before < after


def clock_words(at: time) -> str:
    """A time of day as it is said: "9am", "9:30pm", "midday", "midnight"."""
    if (at.hour, at.minute) in {(0, 0), (12, 0)}:
        return "midday" if at.hour else "midnight"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"


def _in_words(opening: datetime, today: date) -> str:
    days = (opening.date() - today).days
    if days < 2:
        day = ("", " tomorrow")[days]
    elif days < 7:
        day = f" on {opening:%A}"
    else:
        day = f" on {opening:%A} {opening.day} {opening:%B}"
    return f"{clock_words(opening.time())}{day}"
