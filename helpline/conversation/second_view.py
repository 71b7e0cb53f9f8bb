"""A second person's view of a broken confidentiality: it advises, and nothing waits for it."""

from sqlalchemy import Connection

from helpline.conversation import breaking_opening as opening
from helpline.conversation import lasting
from helpline.conversation.asks import may_view
from helpline.conversation.errors import Invalid, NotAllowed, UnknownRecord
from helpline.conversation.forms import Forms
from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper
from helpline.conversation.sessions import Session
from helpline.store import breakings
from helpline.store.breakings import BreakingRow


async def give_view(
    heart: Heart, forms: Forms, session: Session, breaking: int, *, verdict: str, why: str
) -> None:
    """A second person says what they think and why. It advises: nothing waits for it.

    Raises NotAllowed for its writer, and for a worker while a supervisor is here.
    """
    check_helper(session)
    label = next((view.label for view in forms.breaking.views if view.id == verdict), None)
    if label is None:
        raise Invalid("Choose what you think of it.")
    why = opening.text_of(why)

    def view(connection: Connection) -> None:
        now, row = heart.now(), breakings.by_id(connection, breaking, lock=True)
        if row is None or row.asked_at is None:
            raise UnknownRecord
        if not may_view(connection, session, row, now):
            raise NotAllowed(_why_not(session, row))
        _, views = opening.open_both(connection, session, row)
        step = opening.step(session, now, "view", lines=[(label, [why])], verdict=verdict)
        key = opening.key_of(connection, session, row)
        sealed = lasting.seal_body(key, "view", row.id, {"steps": [*views, step]})
        breakings.change(
            connection, row.id, second=session.staff, second_at=now, second_sealed=sealed
        )
        opening.note(connection, heart, session, f"second view: {verdict}", row)

    await heart.database.write(view)
    opening.tell(heart)


def _why_not(session: Session, row: BreakingRow) -> str:
    if row.staff == session.staff:
        return "A second person's view must come from somebody else."
    if row.second is not None:
        return "A second person has answered already."
    return "A supervisor is here: the view is theirs to give."
