"""What the sides of a conversation share, handed in once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from helpline.broadcast import Broadcast, Signal
from helpline.conversation.intake import Intake
from helpline.conversation.offered import Offered
from helpline.conversation.wording import Wording
from helpline.dialogue import Dialogue
from helpline.facts import Facts
from helpline.store.database import Database
from safeguarding import Policy, Screener


@dataclass(frozen=True)
class Heart:
    """The parts; `clock` gives the time in UTC, `opens` the next opening as words or None.

    `on_call` says whether an on-call lead can be alerted now. A worker who owes an answer for
    longer than `answer_within_s` seconds loses the chat. A chat that no helper had is kept for
    `chats_kept_hours` after its last message, and a code to come back with it.
    `intake` has replies give way while many messages come in.
    """

    database: Database
    broadcast: Broadcast
    offered: Offered
    dialogue: Dialogue
    screener: Screener
    policy: Policy
    facts: Facts
    wording: Wording
    clock: Callable[[], datetime]
    opens: Callable[[datetime], str | None]
    on_call: Callable[[datetime], bool] = lambda _: False
    answer_within_s: float = 300.0
    chats_kept_hours: int = 24
    intake: Intake = field(default_factory=Intake)

    def now(self) -> float:
        """Seconds since 1970 (UTC)."""
        return self.clock().timestamp()

    def hour(self) -> int:
        """Hours since 1970 (UTC): all that is kept in clear of when a chat was last active."""
        return int(self.now() // 3600)

    def changed(self, conversation: bytes, *, urgent: bool = False) -> None:
        """Wakes whoever follows a conversation; `urgent` if a warning is among what they hear."""
        self.broadcast.send(Signal("conversation", conversation, urgent=urgent))

    def queue_changed(
        self, conversation: bytes, told: list[bytes], *, urgent: bool = False
    ) -> None:
        """Wakes the desk, this conversation, and those whose place in the queue changed.

        Of the places the desk hears once: with 200 in line it would hear 200 times.
        """
        self.broadcast.send(Signal("queue", conversation))
        self.changed(conversation, urgent=urgent)
        for one in set(told) - {conversation}:
            self.broadcast.send(Signal("conversation", one), desk=False)
