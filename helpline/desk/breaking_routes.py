"""The addresses of breaking confidentiality: deciding, sharing, and a second person's view."""

from __future__ import annotations

from typing import Final

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from helpline.conversation import Session, breaking, second_view
from helpline.conversation.breaking_opening import Breaking, Earlier
from helpline.conversation.errors import WaymarkError
from helpline.conversation.opening import identity_of
from helpline.conversation.record_opening import Target
from helpline.desk import filling, guard, pages
from helpline.desk.refusals import refused

FORM: Final = ("breaking_form.html", "breaking.html")
PLACE: Final = "#breaking"

blueprint = Blueprint("desk_breaking", url_prefix="/desk")
blueprint.exception(WaymarkError)(refused)


@blueprint.get("/chat/<conversation:str>/breaking")
async def of_chat(request: Request, conversation: str) -> HTTPResponse:
    """The step of breaking confidentiality in a chat: what was begun, or an empty form."""
    session = await guard.session(request)
    identity = identity_of(pages.known(conversation))
    begun, earlier = await breaking.of_chat(filling.heart(request), session, identity)
    return _shown(request, session, begun, earlier=earlier)


@blueprint.post("/chat/<conversation:str>/breaking")
async def save(request: Request, conversation: str) -> HTTPResponse:
    """Keeps what was typed so far."""
    return await _save(request, _target(request, conversation))


@blueprint.post("/chat/<conversation:str>/breaking/decide")
async def decide(request: Request, conversation: str) -> HTTPResponse:
    """Writes the decision down for good, or says in place what is missing."""
    return await _decide(request, _target(request, conversation))


@blueprint.get("/breaking/<number:int>")
async def by_number(request: Request, number: int) -> HTTPResponse:
    """One broken confidentiality, every step in order."""
    session = await guard.session(request)
    shown = await breaking.by_number(filling.heart(request), session, number)
    return _shown(request, session, shown)


@blueprint.get("/breaking/<number:int>/steps")
async def steps(request: Request, number: int) -> HTTPResponse:
    """The steps alone, for the page that waits for an answer."""
    session = await guard.session(request)
    shown = await breaking.by_number(filling.heart(request), session, number, noted=False)
    names = ("breaking_steps.html", "breaking.html")
    return filling.draw(request, session, names, **_values(shown))


@blueprint.post("/breaking/<number:int>")
async def save_by_number(request: Request, number: int) -> HTTPResponse:
    """Keeps what was typed so far."""
    return await _save(request, Target(record=number))


@blueprint.post("/breaking/<number:int>/decide")
async def decide_by_number(request: Request, number: int) -> HTTPResponse:
    """Writes the decision down for good, or says in place what is missing."""
    return await _decide(request, Target(record=number))


@blueprint.post("/breaking/<number:int>/share")
async def share(request: Request, number: int) -> HTTPResponse:
    """Writes down what was shared, or says in place what is missing."""
    session, heart = await guard.posting(request), filling.heart(request)
    sent = filling.sent(request)
    lacking = await breaking.share(heart, filling.forms(request), session, number, sent)
    return await _redrawn(request, session, number, lacking)


@blueprint.post("/breaking/<number:int>/add")
async def add(request: Request, number: int) -> HTTPResponse:
    """Its writer adds to it."""
    session, text = await guard.posting(request), filling.field(request, "text")
    await breaking.add(filling.heart(request), session, number, text)
    return await _redrawn(request, session, number)


@blueprint.post("/breaking/<number:int>/view")
async def give_view(request: Request, number: int) -> HTTPResponse:
    """A second person's view and why."""
    session, heart = await guard.posting(request), filling.heart(request)
    await second_view.give_view(
        heart,
        filling.forms(request),
        session,
        number,
        verdict=filling.field(request, "verdict"),
        why=filling.field(request, "why"),
    )
    return await _redrawn(request, session, number)


async def _save(request: Request, target: Target) -> HTTPResponse:
    heart, forms = filling.heart(request), filling.forms(request)
    try:
        session = await guard.posting(request)
        kept = await breaking.save(heart, forms, session, target, filling.sent(request))
    except WaymarkError as error:
        if not filling.is_part(request):
            raise
        return filling.not_saved(error)
    if not filling.is_part(request):
        return redirect(f"/desk/breaking/{kept.record}", status=303)
    return filling.saved(request, "breaking", kept)


async def _decide(request: Request, target: Target) -> HTTPResponse:
    session, heart, sent = (
        await guard.posting(request),
        filling.heart(request),
        filling.sent(request),
    )
    number, lacking = await breaking.decide(heart, filling.forms(request), session, target, sent)
    return await _redrawn(request, session, number, lacking)


async def _redrawn(
    request: Request, session: Session, number: int, lacking: dict[str, str] | None = None
) -> HTTPResponse:
    if not lacking and not filling.is_part(request):
        return redirect(f"/desk/breaking/{number}", status=303)
    shown = await breaking.by_number(filling.heart(request), session, number, noted=False)
    response = _shown(request, session, shown, lacking=lacking)
    return filling.in_place(response, PLACE) if lacking else response


def _shown(
    request: Request,
    session: Session,
    shown: Breaking,
    *,
    earlier: list[Earlier] | None = None,
    lacking: dict[str, str] | None = None,
) -> HTTPResponse:
    status = filling.MISSING if lacking else 200
    values = _values(shown) | {"earlier": earlier or [], "lacking": lacking or {}}
    return filling.draw(request, session, FORM, status, **values)


def _values(shown: Breaking) -> dict[str, object]:
    chat = shown.conversation.hex() if shown.conversation else None
    begins = shown.id is None
    return {
        "breaking": shown,
        "chat": chat,
        "address": f"/desk/chat/{chat}/breaking" if begins else f"/desk/breaking/{shown.id}",
        "earlier": [],
        "lacking": {},
    }


def _target(request: Request, conversation: str) -> Target:
    """What was begun in the chat; by its own number once the page knows that."""
    number = filling.number(filling.field(request, "record"))
    return Target(record=number) if number else Target(identity_of(pages.known(conversation)))
