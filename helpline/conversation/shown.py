"""What the desk is shown of chats, as values; who may see them is decided in `desk`."""

from dataclasses import dataclass
from typing import Literal

from helpline.conversation.events import Opened, Owner
from helpline.conversation.first_words import Safe
from helpline.conversation.handoff import Reason
from helpline.conversation.watching import Standing

Agreed = Literal["yes", "no", "unanswered"]


@dataclass(frozen=True)
class QueueRow:
    """One waiting or held chat as the desk shows it; `trigger` only where an excerpt was sealed.

    `connected` says whether the young person's page is open now. `unread` is the language of the
    message that raised it, if it could not be read: a code, "other" where it is not known.
    `standing` is how the one who took it stands to it, None where nobody has; `lead_told` says
    that supervisors and the on-call lead were told that nobody took it. `wanted` is the alias of
    whom it was passed on to, `returned` marks what a worker gave back.
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
    standing: Standing | None = None
    lead_told: bool = False
    wanted: str | None = None
    returned: bool = False

    @property
    def gone(self) -> bool:
        """Whether the young person is away: they left, or their page is not open now."""
        return self.left_quickly or not self.connected


@dataclass(frozen=True)
class Transcript:
    """What a worker may read of a chat; `opened` is False while it is the excerpt alone.

    `safe` is the answer to "OK to talk now?". `held` is False for a supervisor who only looks
    (`looking`), and after the end; `lookers` are the aliases of those who look now.
    `asked_to_open`: a second person is asked whether the rest may be read without a yes.
    """

    events: list[Opened]
    opened: bool
    agreed: Agreed
    owner: Owner
    left_quickly: bool
    connected: bool
    safe: Safe = "unanswered"
    held: bool = True
    looking: bool = False
    lookers: tuple[str, ...] = ()
    asked_to_open: bool = False


@dataclass(frozen=True)
class DeskChange:
    """Something the desk should show anew."""

    kind: Literal["queue", "conversation", "typing"]
    conversation: str | None
