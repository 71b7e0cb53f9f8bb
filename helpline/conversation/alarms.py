"""What a member of staff must be told wherever they look on the desk; not how it looks."""

from dataclasses import dataclass

from sqlalchemy import Connection

from helpline.conversation import handoff, lookout
from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper
from helpline.conversation.sessions import Session
from helpline.conversation.watching import Heard, Standing, standing
from helpline.store import waiting


@dataclass(frozen=True)
class Alarms:
    """What is the matter; conversations are ids in hex.

    `untaken`: level 4 that nobody took in time, so that the on-call lead is called.
    `trouble`: when an alert could not be sent (seconds since 1970, UTC). Both only for supervisors.
    `owed`: this person's own chats with an answer that they owe, and whether it is "slow" already.
    """

    untaken: tuple[str, ...]
    trouble: float | None
    owed: tuple[tuple[str, Standing], ...]


async def alarms(heart: Heart, session: Session) -> Alarms:
    """What this person must be told now; raises NotAllowed for who is no helper."""
    check_helper(session)
    supervises = session.role == "supervisor"

    def find(connection: Connection) -> Alarms:
        now = heart.now()
        watched, heard = waiting.watched(connection), Heard.now(connection, now)
        owed = [
            (each.entry.conversation.hex(), stands)
            for each in watched
            if each.entry.staff == session.staff
            and (stands := standing(each.entry, each.owner, heard, now, heart.answer_within_s))
            in ("nudged", "slow")
            and not each.gone
        ]
        untaken = [
            each.entry
            for each in watched
            if each.entry.level >= handoff.EMERGENCY
            and each.entry.staff is None
            and (
                each.entry.lead_told_at is not None
                or now - each.entry.promised_at >= lookout.ALERT_AFTER_S
            )
        ]
        untaken.sort(key=lambda entry: entry.promised_at)
        return Alarms(
            tuple(entry.conversation.hex() for entry in untaken) if supervises else (),
            lookout.trouble(connection, now) if supervises else None,
            tuple(owed),
        )

    return await heart.database.read(find)
