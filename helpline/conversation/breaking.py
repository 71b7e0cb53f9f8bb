"""Breaking confidentiality: deciding, sharing, and a second person's view that never blocks.

Life not in danger now: a second person is asked at once. In danger now: afterwards, which is when
it was written down what was shared, or a quarter of an hour after the decision at the latest.
"""

from typing import Any

from sqlalchemy import Connection

from helpline.conversation import answers, lasting, saving
from helpline.conversation import breaking_opening as opening
from helpline.conversation.answers import Answers
from helpline.conversation.breaking_opening import Breaking, Earlier
from helpline.conversation.errors import Invalid, RecordFinished
from helpline.conversation.forms import Forms, Section
from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper
from helpline.conversation.record_opening import Saved, Target
from helpline.conversation.saving import Sent
from helpline.conversation.sessions import Session
from helpline.store import breakings, staff
from helpline.store.breakings import BreakingRow

AFTERWARDS_S = 15 * 60
"""With life in danger now, a second person is asked so long after the decision at the latest."""
NOT_ANSWERED = "This is not answered yet."
DANGER = "Life in danger now"
_DANGER_NOW = {"yes": True, "no": False}


async def of_chat(
    heart: Heart, session: Session, identity: bytes
) -> tuple[Breaking, list[Earlier]]:
    """What this person has begun in a chat, empty if nothing, and those decided in it before.

    Raises UnknownConversation, or NotYours for who never held the chat.
    """
    check_helper(session)

    def find(connection: Connection) -> tuple[Breaking, list[Earlier]]:
        opening.holds(connection, session, identity)
        draft = opening.draft_of(connection, session, identity)
        rows = breakings.of_conversation(connection, identity)
        names = {person.id: person.name for person in staff.everybody(connection)}
        earlier = [
            Earlier(row.id, names[row.staff], row.at)
            for row in rows
            if row.asked_at is not None
            and (row.staff == session.staff or session.role == "supervisor")
        ]
        if draft is None:
            return opening.empty(session, identity), earlier
        return opening.shown(connection, session, draft, heart.now()), earlier

    return await heart.database.read(find)


async def by_number(
    heart: Heart, session: Session, breaking: int, *, noted: bool = True
) -> Breaking:
    """One of them, for its writer, supervisors and the second person.

    A look of anybody but its writer is written in the audit log, unless the page that shows it is
    only drawn again (`noted` False). Raises UnknownRecord, or NotAllowed for everybody else.
    """
    check_helper(session)

    def find(connection: Connection) -> tuple[BreakingRow, Breaking]:
        row, now = breakings.by_id(connection, breaking), heart.now()
        row = opening.opened_to(connection, session, row, now)
        return row, opening.shown(connection, session, row, now)

    row, shown = await heart.database.read(find)
    if noted and not shown.mine:
        await heart.database.write(
            lambda c: opening.note(c, heart, session, "breaking opened", row)
        )
    return shown


async def listed(heart: Heart, session: Session) -> list[Earlier]:
    """The newest hundred that were decided: a supervisor sees all, others their own."""
    check_helper(session)
    whose = None if session.role == "supervisor" else session.staff

    def find(connection: Connection) -> list[Earlier]:
        names = {person.id: person.name for person in staff.everybody(connection)}
        rows = breakings.listed(connection, whose, 100)
        return [Earlier(r.id, names[r.staff], r.at) for r in rows if r.asked_at is not None]

    return await heart.database.read(find)


async def save(heart: Heart, forms: Forms, session: Session, target: Target, sent: Sent) -> Saved:
    """Keeps what was typed so far, of the decision or, after it, of what was shared.

    Raises NotYours, NotAllowed, Invalid, and ChangedElsewhere for a page that was overtaken.
    """
    check_helper(session)

    def keep(connection: Connection) -> Saved:
        row = opening.to_write(connection, session, target, heart.now())
        body, _ = opening.open_both(connection, session, row)
        if not saving.is_newer(body, sent):
            return Saved(row.id, body["saves"], body["saved_at"])
        body = saving.marked(body, sent, heart.now()) | _given(forms, row, sent)
        _seal(connection, session, row, body)
        return Saved(row.id, body["saves"], heart.now())

    return await heart.database.write(keep)


async def decide(
    heart: Heart, forms: Forms, session: Session, target: Target, sent: Sent
) -> tuple[int, dict[str, str]]:
    """Writes down the decision for good; returns its number, and what is missing by field.

    With something missing it is saved and not decided. Raises RecordFinished once it is decided.
    """
    check_helper(session)

    def decide(connection: Connection) -> tuple[int, dict[str, str]]:
        now = heart.now()
        row = opening.to_write(connection, session, target, now)
        if row.asked_at is not None:
            raise RecordFinished("This decision is written down already.")
        body, _ = opening.open_both(connection, session, row)
        saving.is_newer(body, sent)
        given = _given(forms, row, sent)
        body = saving.marked(body, sent, now) | given
        section, danger = forms.breaking.decision, given["danger_now"]
        lacking = _lacking(section, given["answers"])
        if danger is None:
            lacking["danger_now"] = NOT_ANSWERED
        if lacking:
            _seal(connection, session, row, body)
            return row.id, lacking
        lines = [(DANGER, ["Yes" if danger else "No"]), *_lines(forms, section, given["answers"])]
        steps = [opening.step(session, now, "decided", lines=lines)]
        if not danger:
            steps.append(opening.step(session, now, "asked"))
        body |= {"answers": {}, "steps": steps}
        _seal(connection, session, row, body)
        asked_at = now + AFTERWARDS_S if danger else now
        breakings.change(connection, row.id, at=now, danger_now=bool(danger), asked_at=asked_at)
        opening.note(connection, heart, session, "breaking decided", row)
        return row.id, {}

    number, lacking = await heart.database.write(decide)
    opening.tell(heart)
    return number, lacking


async def share(
    heart: Heart, forms: Forms, session: Session, breaking: int, sent: Sent
) -> dict[str, str]:
    """Writes down what was shared, with whom and how, for good; again for each who was told.

    Returns what is missing by field, and then it is saved only. It says if no second person had
    answered by then; after a danger to life they are asked now.
    """
    check_helper(session)

    def share(connection: Connection) -> dict[str, str]:
        now = heart.now()
        row = opening.to_write(connection, session, Target(record=breaking), now)
        if row.asked_at is None:
            raise Invalid("Write down the decision first.")
        body, views = opening.open_both(connection, session, row)
        if saving.was_done(body, sent):
            return {}
        given = _given(forms, row, sent)
        body = saving.marked(body, sent, now) | given
        section = forms.breaking.sharing
        lacking = _lacking(section, given["answers"])
        if lacking:
            _seal(connection, session, row, body)
            return lacking
        lines = _lines(forms, section, given["answers"])
        steps = [
            *body["steps"],
            opening.step(session, now, "shared", lines=lines, without=not views),
        ]
        if not any(step["kind"] == "asked" for step in steps):
            steps.append(opening.step(session, min(now, row.asked_at), "asked"))
            breakings.change(connection, row.id, asked_at=min(now, row.asked_at))
        _seal(connection, session, row, {**body, "answers": {}, "steps": steps})
        opening.note(connection, heart, session, "breaking shared", row)
        return {}

    lacking = await heart.database.write(share)
    opening.tell(heart)
    return lacking


async def add(heart: Heart, session: Session, breaking: int, text: str) -> None:
    """Its writer adds to what was decided; nothing that stands there is changed.

    If the second person had questions, they are asked again.
    """
    check_helper(session)
    text = opening.text_of(text)

    def add(connection: Connection) -> None:
        now = heart.now()
        row = opening.to_write(connection, session, Target(record=breaking), now)
        if row.asked_at is None:
            raise Invalid("Write down the decision first.")
        body, views = opening.open_both(connection, session, row)
        lines = [["Added", [text]]]
        if body["steps"][-1].get("lines") == lines:
            return
        steps = [*body["steps"], opening.step(session, now, "added", lines=lines)]
        if views and views[-1]["verdict"] == "questions" and row.second is not None:
            steps.append(opening.step(session, now, "asked"))
            breakings.change(connection, row.id, asked_at=now, second=None)
        _seal(connection, session, row, {**body, "steps": steps})
        opening.note(connection, heart, session, "breaking added", row)

    await heart.database.write(add)
    opening.tell(heart)


def _given(forms: Forms, row: BreakingRow, sent: Sent) -> dict[str, Any]:
    """The answers of the form that is open now: the decision, or what was shared."""
    decided = row.asked_at is not None
    section = forms.breaking.sharing if decided else forms.breaking.decision
    given: dict[str, Any] = {"answers": answers.read(forms, [section], sent.fields)}
    if not decided:
        chosen = [
            _DANGER_NOW[one] for one in sent.fields.get("danger_now", ()) if one in _DANGER_NOW
        ]
        given["danger_now"] = chosen[0] if chosen else None
    return given


def _lacking(section: Section, given: Answers) -> dict[str, str]:
    return {question.id: NOT_ANSWERED for question in answers.missing([section], given)}


def _lines(forms: Forms, section: Section, given: Answers) -> list[tuple[str, list[str]]]:
    return [line for _, lines in answers.write_out(forms, [section], given) for line in lines]


def _seal(connection: Connection, session: Session, row: BreakingRow, body: dict[str, Any]) -> None:
    key = opening.key_of(connection, session, row)
    sealed = lasting.seal_body(key, "breaking", row.id, body)
    breakings.change(connection, row.id, sealed=sealed)
