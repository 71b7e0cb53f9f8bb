"""The record of a chat: opening it, saving it as it is typed, finishing it.

Who may open which is decided in `record_opening`; what is asked in it stands in `forms`.
"""

from sqlalchemy import Connection

from helpline.broadcast import Signal
from helpline.conversation import answers, saving
from helpline.conversation import record_opening as opening
from helpline.conversation.answers import Answers
from helpline.conversation.errors import NotAllowed, UnknownRecord
from helpline.conversation.forms import BROKEN, TALK, Forms
from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper
from helpline.conversation.record_opening import Record, Saved, Target
from helpline.conversation.saving import Sent
from helpline.conversation.sessions import Session
from helpline.store import records, staff
from helpline.store.records import RecordRow

BROKEN_NOT_WRITTEN = "Write down how it was broken: a step of its own."
NOT_ANSWERED = "This is not answered yet."


async def of_chat(heart: Heart, session: Session, identity: bytes) -> Record:
    """The record of a chat for who holds or held it, begun or not, and for supervisors.

    Raises UnknownConversation, or NotYours for everybody else.
    """
    check_helper(session)

    def find(connection: Connection) -> Record:
        row, entry = opening.find(connection, session, identity)
        if row is None:
            return opening.empty(connection, session, identity, entry, heart.now())
        return opening.shown(connection, session, row)

    shown = await heart.database.read(find)
    await _note_opening(heart, session, shown)
    return shown


async def by_number(heart: Heart, session: Session, record: int) -> Record:
    """A record for who wrote it, and for supervisors, which is written in the audit log.

    Raises UnknownRecord, or NotAllowed for everybody else.
    """
    check_helper(session)

    def find(connection: Connection) -> Record:
        row = opening.opened_to(session, records.by_id(connection, record))
        return opening.shown(connection, session, row)

    shown = await heart.database.read(find)
    await _note_opening(heart, session, shown)
    return shown


async def begin_without_chat(heart: Heart, session: Session) -> int:
    """Begins a record of a chat that is gone already (deleted at once); returns its number."""
    check_helper(session)

    def begin(connection: Connection) -> int:
        return opening.begin(connection, session, None, None, heart.now()).id

    return await heart.database.write(begin)


async def save(heart: Heart, forms: Forms, session: Session, target: Target, sent: Sent) -> Saved:
    """Keeps what was typed so far; begins the record if there is none.

    Raises NotYours or NotAllowed, RecordFinished, Invalid, and ChangedElsewhere for a page that
    was overtaken by another.
    """
    saved, _ = await _keep(heart, forms, session, target, sent, finish=False)
    return saved


async def finish(
    heart: Heart, forms: Forms, session: Session, target: Target, sent: Sent
) -> tuple[Saved, dict[str, str]]:
    """Saves, and finishes unless something is missing: returns that as a sentence by field.

    Raises what `save` raises.
    """
    return await _keep(heart, forms, session, target, sent, finish=True)


async def reopen(heart: Heart, session: Session, record: int) -> None:
    """A supervisor gives a finished record back to who wrote it, to be corrected."""
    check_helper(session)
    if session.role != "supervisor":
        raise NotAllowed

    def reopen(connection: Connection) -> None:
        row = records.by_id(connection, record, lock=True)
        if row is None:
            raise UnknownRecord
        records.change(connection, record, finished=False)
        _note(connection, heart, session, "record reopened", row)

    await heart.database.write(reopen)


async def _keep(
    heart: Heart, forms: Forms, session: Session, target: Target, sent: Sent, *, finish: bool
) -> tuple[Saved, dict[str, str]]:
    check_helper(session)
    given = answers.read(forms, forms.record, sent.fields)
    noticed = [signal.id for signal in forms.signals if signal.id in sent.fields.get("noticed", ())]

    def keep(connection: Connection) -> tuple[Saved, dict[str, str], bool]:
        now = heart.now()
        row = opening.to_write(connection, session, target, now)
        body = opening.open_record(connection, session, row)
        if not saving.is_newer(body, sent):
            return Saved(row.id, body["saves"], body["saved_at"]), {}, False
        body = saving.marked({**body, "answers": given, "noticed": noticed}, sent, now)
        lacking = _lacking(connection, forms, row, given) if finish else {}
        done = finish and not lacking
        if done:
            body["written"] = answers.write_out(forms, forms.record, given)
            body["breakings"] = opening.broken(connection, row)
            _note(connection, heart, session, "record finished", row)
        talk = given.get("wellbeing") == TALK
        asked_at = row.talk_asked_at if talk else None
        if talk and not body.get("talk_told"):
            asked_at = now
            _note(connection, heart, session, "talk asked", row)
        opening.seal_record(connection, session, row, {**body, "talk_told": talk})
        records.set_categories(connection, row.id, given.get("categories", ()))
        records.change(
            connection,
            row.id,
            staff=session.staff,
            contact=given.get("contact"),
            finished=done,
            talk_asked_at=asked_at,
        )
        return Saved(row.id, body["saves"], now), lacking, asked_at != row.talk_asked_at

    saved, lacking, tell = await heart.database.write(keep)
    if tell:
        heart.broadcast.send(Signal("queue"))
    return saved, lacking


def _lacking(
    connection: Connection, forms: Forms, row: RecordRow, given: Answers
) -> dict[str, str]:
    lacking = {question.id: NOT_ANSWERED for question in answers.missing(forms.record, given)}
    broken = given.get("confidentiality") == BROKEN
    if broken and row.conversation is not None and not opening.broken(connection, row):
        lacking["confidentiality"] = BROKEN_NOT_WRITTEN
    return lacking


def _note(
    connection: Connection, heart: Heart, session: Session, action: str, row: RecordRow
) -> None:
    staff.note(
        connection,
        heart.now(),
        action,
        session.staff,
        row.conversation,
        about=row.staff,
        detail=str(row.id),
    )


async def _note_opening(heart: Heart, session: Session, shown: Record) -> None:
    """A look at a record that somebody else wrote is written in the audit log."""
    if shown.id is None or shown.by == session.name:
        return
    number = shown.id

    def note(connection: Connection) -> None:
        if row := records.by_id(connection, number):
            _note(connection, heart, session, "record opened", row)

    await heart.database.write(note)
