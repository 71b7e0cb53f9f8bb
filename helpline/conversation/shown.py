"""What the desk is shown of chats, as values; who may see them is decided in `desk`."""

from dataclasses import dataclass
from typing import Literal

from helpline.conversation.events import Event, Owner
from helpline.conversation.handoff import Reason

Agreed = Literal["yes", "no", "unanswered"]


@dataclass(frozen=True)
class QueueRow:
    """One waiting or held chat as the desk shows it; `trigger` only where an excerpt was sealed.

    `connected` says whether the young person's page is open now. `unread` is the language of the
    message that raised it, if it could not be read: a code, "other" where it is not known.
    """

    conversation: str
    level: int
    waiting_s: int
    reason: Reason
    trigger: str | None
    signals: tuple[str, ...]
    agreed: Agreed
    worker: str | None
    unanswered_60s: bool
    owner: Owner
    left_quickly: bool
    connected: bool
    unread: str | None


@dataclass(frozen=True)
class Transcript:
    """What a worker may read of a chat; `opened` is False while it is the excerpt alone."""

    events: list[Event]
    opened: bool
    agreed: Agreed
    owner: Owner
    left_quickly: bool
    connected: bool


@dataclass(frozen=True)
class DeskChange:
    """Something the desk should show anew."""

    kind: Literal["queue", "conversation", "typing"]
    conversation: str | None
