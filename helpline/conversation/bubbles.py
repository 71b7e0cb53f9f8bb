"""What others than the young person say: bubbles, kept as numbered messages."""

from dataclasses import dataclass, replace
from secrets import token_urlsafe

from sqlalchemy import Connection

from helpline.conversation.access import Access
from helpline.conversation.events import Button, Card, Message, Sender
from helpline.conversation.heart import Heart
from helpline.conversation.sealing import seal_message
from helpline.store import conversations
from helpline.store.conversations import ConversationRow
from helpline.vault import KeyRing
from safeguarding import Bubble as SafetyBubble


@dataclass(frozen=True)
class Bubble:
    """One bubble; `buttons` are (title, payload), `topic` the id of what it answers."""

    sender: Sender
    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    card: Card | None = None
    topic: str | None = None


def from_policy(bubbles: tuple[SafetyBubble, ...]) -> list[Bubble]:
    """The words of a level, as the service says them."""
    return [
        Bubble("service", b.text, b.buttons, b.card)  # type: ignore[arg-type]  # the policy's cards
        for b in bubbles
    ]


def add_bubbles(
    connection: Connection,
    access: Access,
    row: ConversationRow,
    bubbles: list[Bubble],
    heart: Heart,
) -> ConversationRow:
    """Adds bubbles after what is there, each button under a new id; returns the row as it is."""
    for number, bubble in enumerate(bubbles, start=row.last_number + 1):
        message = Message(
            number,
            bubble.sender,
            bubble.text,
            heart.clock(),
            tuple(Button(token_urlsafe(9), *button) for button in bubble.buttons),
            bubble.card,
            topic=bubble.topic,
        )
        sealed = seal_message(access.ring, row.id, row.key_epoch, message)
        conversations.add_event(connection, sealed)
    last = row.last_number + len(bubbles)
    conversations.change(connection, row.id, last_number=last)
    return replace(row, last_number=last)


def add_by(
    connection: Connection, row: ConversationRow, ring: KeyRing, text: str, heart: Heart
) -> ConversationRow:
    """Adds one bubble of the service where no young person's key is at hand, under a worker's
    `ring`; returns the row as it is."""
    number = row.last_number + 1
    message = Message(number, "service", text, heart.clock())
    conversations.add_event(connection, seal_message(ring, row.id, row.key_epoch, message))
    conversations.change(connection, row.id, last_number=number)
    return replace(row, last_number=number)
