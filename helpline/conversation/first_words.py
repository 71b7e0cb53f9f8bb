"""A worker's first words, "OK to talk now?", and what the young person's answer means.

Somebody may be looking at their screen (design.md, "The screen may be someone else's"), so the
question comes by itself with the worker, before anything else of theirs.
"""

from collections.abc import Iterable
from secrets import token_urlsafe
from typing import Final, Literal

from sqlalchemy import Connection

from helpline.conversation.events import Button, Event, Message, State
from helpline.conversation.heart import Heart
from helpline.conversation.sealing import seal_message
from helpline.store import conversations
from helpline.store.conversations import ConversationRow
from helpline.vault import KeyRing

OK: Final = "/ok_to_talk"
LATER: Final = "/not_ok_to_talk"
NUMBERS: Final = "/just_numbers"
ANSWERS: Final = (OK, LATER, NUMBERS)

Safe = Literal["yes", "no", "numbers", "unanswered"]
"""What they answered; "unanswered" also while nobody has asked."""

_MEANING: Final[dict[str, Safe]] = {OK: "yes", LATER: "no", NUMBERS: "numbers"}


def ask(connection: Connection, row: ConversationRow, ring: KeyRing, heart: Heart) -> None:
    """Adds the question as the worker's own message; `ring` opens the newest key epoch."""
    words = heart.wording
    titles = (words.ok_button, words.later_button, words.numbers_button)
    pairs = zip(titles, ANSWERS, strict=True)
    buttons = tuple(Button(token_urlsafe(9), title, payload) for title, payload in pairs)
    number = row.last_number + 1
    message = Message(number, "worker", words.first_words, heart.clock(), buttons)
    conversations.add_event(connection, seal_message(ring, row.id, row.key_epoch, message))
    conversations.change(connection, row.id, last_number=number)


def answer(events: Iterable[Event]) -> tuple[Safe, Message | None]:
    """What they answered to the newest question, with the message in which they did.

    A question that was asked again takes the answer before it back, and so does a return by code:
    nobody knows yet who came back.
    """
    found: tuple[Safe, Message | None] = ("unanswered", None)
    for event in events:
        if isinstance(event, State):
            found = ("unanswered", None) if event.came_back else found
            continue
        if event.sender == "worker" and any(b.payload == OK for b in event.buttons):
            found = ("unanswered", None)
        elif event.sender == "young_person" and event.payload in _MEANING:
            found = (_MEANING[event.payload], event)
    return found


def reply(payload: str, row: ConversationRow, heart: Heart) -> tuple[str, ...]:
    """What the service says to their answer: the numbers, or that the helper will wait."""
    if payload == NUMBERS:
        return (heart.wording.just_numbers,)
    if payload == LATER and row.owner == "worker":
        return (heart.wording.asked_later,)
    return ()
