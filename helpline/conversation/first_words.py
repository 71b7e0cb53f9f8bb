"""A worker's first words, "OK to talk now?", and what the young person's answer means.

Somebody may be looking at their screen (design.md, "The screen may be someone else's"), so the
question comes by itself with the worker, before anything else of theirs.
"""

from collections.abc import Iterable
from secrets import token_urlsafe
from typing import Final, Literal

from sqlalchemy import Connection

from helpline.conversation.access import Access
from helpline.conversation.bubbles import Bubble, add_bubbles
from helpline.conversation.events import Button, Message, Opened, State
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


def answer(events: Iterable[Opened]) -> tuple[Safe, Message | None]:
    """What they answered last, with the message in which they did.

    A "Not now" stands until they say otherwise, whoever asks again; who came back with a code has
    answered nothing: nobody knows yet who that is.
    """
    found: tuple[Safe, Message | None] = ("unanswered", None)
    for event in events:
        if isinstance(event, State) and event.came_back:
            found = ("unanswered", None)
        elif isinstance(event, Message) and event.sender == "young_person":
            meaning = _MEANING.get(event.payload or "")
            found = (meaning, event) if meaning else found
    return found


def reply(
    connection: Connection, access: Access, row: ConversationRow, payload: str, heart: Heart
) -> None:
    """What follows their answer: the numbers, and that the helper waits for a Yes of theirs."""
    if payload == NUMBERS:
        row = add_bubbles(connection, access, row, [numbers(heart)], heart)
    if payload != OK and row.owner == "worker":
        add_bubbles(connection, access, row, [wait(heart)], heart)


def numbers(heart: Heart) -> Bubble:
    """The numbers alone."""
    return Bubble("service", heart.wording.just_numbers)


def wait(heart: Heart) -> Bubble:
    """The helper waits, in their own name: only their buttons work while they have the chat."""
    return Bubble("worker", heart.wording.asked_later, ((heart.wording.ok_button, OK),))
