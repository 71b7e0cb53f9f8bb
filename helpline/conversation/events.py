"""What happens in a conversation, as both sides see it; sealing is `sealing`'s."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from safeguarding import Course

Sender = Literal["young_person", "assistant", "worker", "service"]
Owner = Literal["assistant", "queue", "worker", "ended"]
Card = Literal["hurt", "medical", "suicide", "missing"]


@dataclass(frozen=True)
class Button:
    """A choice under a message; `payload` says what a tap means and stays in the service."""

    id: str
    title: str
    payload: str = ""


@dataclass(frozen=True)
class Noticed:
    """A signal the screen found in a message, for the desk: id and the quoted words."""

    id: str
    level: int
    evidence: str


@dataclass(frozen=True)
class Message:
    """One message; `number` is its place in the conversation, from 1.

    What follows `card` is for the service and the desk; `public` leaves it out. `level`, `noticed`,
    `read`, `failed` and `language` are the verdict (safeguarding.Assessment), `payload` is what a
    tapped button means (None for a text), `topic` what the assistant answered, and
    `course` the course of the conversation after this message of a young person.
    """

    number: int
    sender: Sender
    text: str
    at: datetime
    buttons: tuple[Button, ...] = ()
    card: Card | None = None
    level: int = 0
    noticed: tuple[Noticed, ...] = ()
    read: bool = True
    failed: bool = False
    payload: str | None = None
    course: Course | None = None
    language: str = "en"
    topic: str | None = None

    def public(self) -> dict[str, Any]:
        """The message as contract.md describes it."""
        return {
            "type": "message",
            "number": self.number,
            "from": self.sender,
            "text": self.text,
            "buttons": [{"id": button.id, "title": button.title} for button in self.buttons],
            "card": self.card,
        }


@dataclass(frozen=True)
class State:
    """Who owns the conversation from `number` on; `position` in the queue from 1.

    `came_back` is for the desk: here the young person came back with a code.
    """

    number: int
    owner: Owner
    position: int | None = None
    worker: str | None = None
    came_back: bool = False

    def public(self) -> dict[str, Any]:
        """The state as contract.md describes it."""
        return {
            "type": "state",
            "number": self.number,
            "owner": self.owner,
            "position": self.position,
            "worker": self.worker,
        }


@dataclass(frozen=True)
class Typing:
    """Somebody is writing; not numbered, not kept."""

    sender: Sender

    def public(self) -> dict[str, Any]:
        return {"type": "typing"}


@dataclass(frozen=True)
class Broken:
    """A message that does not open: it was changed, cut or moved since it was sealed.

    Nothing of it is shown; each side says in its own words that one stood here.
    """

    number: int


Event = Message | State
Opened = Event | Broken
"""What comes of opening a kept event."""
