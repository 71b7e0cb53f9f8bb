"""The addresses of records, their search, and what colleagues are asked."""

from __future__ import annotations

from datetime import date
from typing import Final

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from helpline.conversation import Session, answers, asks, breaking, record, record_search
from helpline.conversation.errors import WaymarkError
from helpline.conversation.opening import identity_of
from helpline.conversation.record_opening import Record, Saved, Target
from helpline.desk import filling, guard, pages
from helpline.desk.refusals import refused
from helpline.store.records import Sought

FORM: Final = ("record_form.html", "record.html")
ASKS: Final = ("record_asks.html", "record_asks_page.html")
EPOCH: Final = date(1970, 1, 1).toordinal()

blueprint = Blueprint("desk_record", url_prefix="/desk")
blueprint.exception(WaymarkError)(refused)


@blueprint.get("/chat/<conversation:str>/record")
async def of_chat(request: Request, conversation: str) -> HTTPResponse:
    """The record of a chat, to be written or read."""
    session = await guard.session(request)
    identity = identity_of(pages.known(conversation))
    shown = await record.of_chat(filling.heart(request), session, identity)
    return _shown(request, session, shown)


@blueprint.post("/chat/<conversation:str>/record")
async def save(request: Request, conversation: str) -> HTTPResponse:
    """Keeps what was typed so far."""
    return await _save(request, _target(request, conversation))


@blueprint.post("/chat/<conversation:str>/record/finish")
async def finish(request: Request, conversation: str) -> HTTPResponse:
    """Finishes the record, or says in place what is missing."""
    return await _finish(request, _target(request, conversation))


@blueprint.get("/records")
async def search(request: Request) -> HTTPResponse:
    """Records by category, contact and day; what is still to be written."""
    session, heart = await guard.session(request), filling.heart(request)
    given = {name: request.args.get(name) or "" for name in ("category", "contact", "from", "to")}
    # PostgreSQL takes no NUL in a text, and no choice of ours has a letter that cannot be printed
    asked = {name: text if text.isprintable() else "" for name, text in given.items()}
    sought = Sought(
        category=asked["category"] or None,
        contact=asked["contact"] or None,
        first_day=_day(asked["from"]),
        last_day=_day(asked["to"]),
    )
    before = filling.number(request.args.get("before")) or None
    found, more = await record_search.search(heart, session, sought, before)
    return filling.draw(
        request,
        session,
        ("records.html", "records.html"),
        asked=asked,
        found=found,
        more=more,
        unwritten=await record_search.unwritten(heart, session),
        broken=await breaking.listed(heart, session),
    )


@blueprint.post("/records")
async def begin(request: Request) -> HTTPResponse:
    """Begins the record of a chat that is gone."""
    session = await guard.posting(request)
    number = await record.begin_without_chat(filling.heart(request), session)
    return redirect(f"/desk/records/{number}", status=303)


@blueprint.get("/records/<number:int>")
async def by_number(request: Request, number: int) -> HTTPResponse:
    """One record, to be written or read."""
    session = await guard.session(request)
    return _shown(request, session, await record.by_number(filling.heart(request), session, number))


@blueprint.post("/records/<number:int>")
async def save_by_number(request: Request, number: int) -> HTTPResponse:
    """Keeps what was typed so far."""
    return await _save(request, Target(record=number))


@blueprint.post("/records/<number:int>/finish")
async def finish_by_number(request: Request, number: int) -> HTTPResponse:
    """Finishes the record, or says in place what is missing."""
    return await _finish(request, Target(record=number))


@blueprint.post("/records/<number:int>/reopen")
async def reopen(request: Request, number: int) -> HTTPResponse:
    """A supervisor gives it back to be corrected."""
    session = await guard.posting(request)
    await record.reopen(filling.heart(request), session, number)
    return redirect(f"/desk/records/{number}", status=303)


@blueprint.post("/records/<number:int>/talk-seen")
async def talk_seen(request: Request, number: int) -> HTTPResponse:
    """A supervisor has seen that somebody would like to talk."""
    session = await guard.posting(request)
    await asks.seen_talk(filling.heart(request), session, number)
    if not filling.is_part(request):
        return redirect("/desk/asks", status=303)
    return await _asks(request, session)


@blueprint.get("/asks")
async def open_asks(request: Request) -> HTTPResponse:
    """Who asks for a second view, and who would like to talk."""
    return await _asks(request, await guard.session(request))


async def _asks(request: Request, session: Session) -> HTTPResponse:
    found = await asks.asks(filling.heart(request), session)
    return filling.draw(request, session, ASKS, here="/desk/asks", asks=found)


async def _save(request: Request, target: Target) -> HTTPResponse:
    heart, forms = filling.heart(request), filling.forms(request)
    try:
        session = await guard.posting(request)
        kept = await record.save(heart, forms, session, target, filling.sent(request))
    except WaymarkError as error:
        if not filling.is_part(request):
            raise
        return filling.not_saved(error)
    if not filling.is_part(request):
        return redirect(f"/desk/records/{kept.record}", status=303)
    return filling.saved(request, "record", kept)


async def _finish(request: Request, target: Target) -> HTTPResponse:
    heart, forms, session = (
        filling.heart(request),
        filling.forms(request),
        await guard.posting(request),
    )
    kept, lacking = await record.finish(heart, forms, session, target, filling.sent(request))
    shown = await record.by_number(heart, session, kept.record)
    if not lacking and not filling.is_part(request):
        return redirect(f"/desk/records/{kept.record}", status=303)
    response = _shown(request, session, shown, kept, lacking)
    if lacking:
        return filling.in_place(response, "#record")
    response.headers["HX-Trigger"] = "refresh"
    return response


def _shown(
    request: Request,
    session: Session,
    shown: Record,
    kept: Saved | None = None,
    lacking: dict[str, str] | None = None,
) -> HTTPResponse:
    chat = shown.conversation.hex() if shown.conversation else None
    by_itself, forms = f"/desk/records/{shown.id}", filling.forms(request)
    so_far = answers.write_out(forms, forms.record, shown.answers)
    return filling.draw(
        request,
        session,
        FORM,
        filling.MISSING if lacking else 200,
        record=shown,
        written=shown.written if shown.finished else so_far,
        chat=chat,
        address=f"/desk/chat/{chat}/record" if chat and shown.id is None else by_itself,
        just_finished=kept is not None and shown.finished,
        lacking=lacking or {},
    )


def _target(request: Request, conversation: str) -> Target:
    """The chat's record; by its own number once the page knows that, for the chat may go."""
    number = filling.number(filling.field(request, "record"))
    return Target(record=number) if number else Target(identity_of(pages.known(conversation)))


def _day(text: str) -> int | None:
    """Days since 1970 of a date such as 2026-11-21; None for anything else."""
    try:
        return date.fromisoformat(text).toordinal() - EPOCH
    except ValueError:
        return None
