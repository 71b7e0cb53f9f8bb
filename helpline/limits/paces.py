"""The paces: how fast a chat, or an address, may ask for what costs the service something."""

from typing import Final

from helpline.limits.pacing import Pace

WAITED_S: Final = 5.0
"""A page waits 15 s for an answer; a warning must not come later than a young person looks away."""

STARTING: Final = Pace(
    "new chats",
    per="address",
    at_once=3000,
    per_second=3,
    longest=WAITED_S,
    why="a mobile network puts some 2,000 phones behind one address, a large school 1,500; a new "
    "chat costs three rows on the disk, and one address can add no more than three a second",
)
WRITING: Final = Pace(
    "messages",
    per="chat",
    at_once=60,
    per_second=5,
    longest=WAITED_S,
    why="nobody types, pastes or taps five times a second for long; 60 at once are an hour's "
    "messages that a phone sends when it is back on the network",
)
TYPING: Final = Pace(
    "typing",
    per="chat",
    at_once=10,
    per_second=1,
    longest=0,
    why="the page says it at most every three seconds, and nothing is lost where it is refused",
)
STEPS: Final = Pace(
    "steps",
    per="chat",
    at_once=30,
    per_second=1,
    longest=WAITED_S,
    why="each of them is one tap: asking for a person or not, a code, the questions, the end",
)
ALL: Final = (STARTING, WRITING, TYPING, STEPS)
