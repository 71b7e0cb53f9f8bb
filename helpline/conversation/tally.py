"""What is counted by day, and no more: a count leads back to no chat and to nobody."""

from typing import Final

from sqlalchemy import Connection

from helpline.conversation.heart import Heart
from helpline.store import tally

DAY_S: Final = 24 * 3600
EMERGENCY: Final = 4

ENDED: Final = "ended"
"""A chat was ended by the young person, or by the worker who talked in it."""
ASKED: Final = "asked"
"""It was one in which the four questions are asked."""
LEFT_QUICKLY: Final = "left quickly"
DELETED: Final = "deleted"
DECLINED: Final = "declined"
"""Not now, or out of the queue."""
NOBODY_CAME: Final = "nobody came"
"""The young person was told that no helper could come."""
LEVEL_4: Final = "level 4"
"""A chat reached level 4."""
CAME_BACK: Final = "came back"


def answer(question: str, given: str) -> str:
    """The name under which an answer is counted ("rights:yes")."""
    return f"{question}:{given}"


def day_of(now: float) -> int:
    """Days since 1970 (UTC) of a time in seconds."""
    return int(now // DAY_S)


def count(connection: Connection, heart: Heart, *names: str) -> None:
    """Counts each of these once more today."""
    for name in sorted(names):
        tally.add(connection, day_of(heart.now()), name)


def count_end_by_worker(connection: Connection, heart: Heart, owner: str, level: int) -> None:
    """Counts a chat that a worker ends, if it was theirs (`owner`), and whether questions follow:
    not in one that came to the desk at level 4.
    """
    if owner == "worker":
        count(connection, heart, ENDED, *((ASKED,) if level < EMERGENCY else ()))
