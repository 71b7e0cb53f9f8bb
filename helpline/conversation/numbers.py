"""What was counted, by week, for supervisors: answers beside who gave none, and who never saw the
questions."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection

from helpline.conversation import tally
from helpline.conversation.after import ANSWERS, QUESTIONS
from helpline.conversation.errors import NotAllowed
from helpline.conversation.heart import Heart
from helpline.conversation.sessions import Session
from helpline.store.tally import between

WEEKS: Final = 12
EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class Answered:
    """One question in one week: how often each answer was given, and how often none was."""

    question: str
    given: tuple[int, ...]
    none: int


@dataclass(frozen=True)
class Week:
    """One week from its Monday (days in UTC); `counts` are those of `tally` by name."""

    monday: date
    counts: Counter[str]

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def answered(self) -> tuple[Answered, ...]:
        """The four questions in order. None was given in a chat that was asked and did not answer;
        one ended by a worker last week can be answered this week, so this is never below 0.
        """
        found = []
        for question in QUESTIONS:
            given = tuple(self.counts[tally.answer(question, each)] for each in ANSWERS)
            none = max(0, self.counts[tally.ASKED] - sum(given))
            found.append(Answered(question, given, none))
        return tuple(found)


async def by_week(heart: Heart, session: Session) -> tuple[Week, ...]:
    """Returns the last twelve weeks, this one first; raises NotAllowed but for supervisors."""
    if session.role != "supervisor":
        raise NotAllowed
    today = tally.day_of(heart.now())
    this_monday = today - _date(today).weekday()
    first = this_monday - 7 * (WEEKS - 1)

    def find(connection: Connection) -> tuple[Week, ...]:
        weeks = {monday: Counter[str]() for monday in range(this_monday, first - 1, -7)}
        for row in between(connection, first, today):
            weeks[row.day - (row.day - first) % 7][row.name] += row.count
        return tuple(Week(_date(monday), counts) for monday, counts in weeks.items())

    return await heart.database.read(find)


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)
