"""The addresses of chats held as evidence: reads a request, asks `legal_hold`, draws the list."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from helpline.conversation import Message, Session, State, legal_hold
from helpline.conversation.errors import Invalid, NotSignedIn, WaymarkError
from helpline.desk import guard, words
from helpline.desk.filling import field
from helpline.desk.lines import line_of, without_repeats
from helpline.desk.pages import known
from helpline.desk.places import page
from helpline.desk.refusals import refused

DONE: Final = {
    "ask": "You asked to hold it. It is not held until another supervisor agrees.",
    "agree": "It is held. Nothing erases it until two people end that.",
    "withdraw": "It is not held. It is erased in its time.",
    "end": "You asked to end the hold. It is held until another supervisor agrees.",
    "agree-end": "The hold has ended. What is past its time is erased within the hour.",
    "keep": "It is still held.",
}
"""What is said at the top of the page once something was done, by `done` in its address."""

blueprint = Blueprint("desk_holds", url_prefix="/desk")
blueprint.exception(WaymarkError)(refused)


@blueprint.get("/holds")
async def holds(request: Request) -> HTTPResponse:
    """What waits to be erased after deletion, and what is held; no text of any chat."""
    return await _list(request, await guard.session(request))


@blueprint.post("/holds/<conversation:str>")
async def decide(request: Request, conversation: str) -> HTTPResponse:
    """One step of one person; what the page showed them is named, so that a page that is out of
    date cannot make them agree to something else.
    """
    session, step = await guard.posting(request), field(request, "step")
    identity = known(conversation)
    heart, settings = guard.heart(request), request.app.ctx.settings
    try:
        match step:
            case "ask":
                ground = field(request, "ground")
                await legal_hold.ask(heart, settings, session, identity, ground)
            case "agree":
                await legal_hold.agree(heart, settings, session, identity)
            case "withdraw":
                await legal_hold.withdraw(heart, session, identity)
            case "end":
                await legal_hold.ask_to_end(heart, session, identity)
            case "agree-end":
                await legal_hold.agree_to_end(heart, session, identity)
            case "keep":
                await legal_hold.keep(heart, session, identity)
            case _:
                raise Invalid("Choose what to do.")
    except NotSignedIn:
        raise
    except WaymarkError as error:
        return await _list(request, session, error)
    return redirect(f"/desk/holds?done={step}", status=303)


@blueprint.post("/holds/<conversation:str>/read")
async def read(request: Request, conversation: str) -> HTTPResponse:
    """A held chat as evidence, for who holds it; a POST, because each time is in the audit log."""
    session, heart = await guard.posting(request), guard.heart(request)
    events = await legal_hold.read(heart, session, known(conversation))
    zone = ZoneInfo(request.app.ctx.settings.timezone)
    said = [event for event in events if isinstance(event, Message | State)]
    return page(
        request,
        session,
        "held_chat.html",
        here="/desk/holds",
        opened=any(isinstance(event, Message) for event in events),
        lines=without_repeats([line_of(event, zone) for event in said]),
        senders=words.SENDERS,
    )


async def _list(
    request: Request, session: Session, problem: WaymarkError | None = None
) -> HTTPResponse:
    heart, settings = guard.heart(request), request.app.ctx.settings
    return page(
        request,
        session,
        "holds.html",
        problem.status if problem else 200,
        here="/desk/holds",
        problem=problem.message if problem else None,
        done=None if problem else DONE.get(request.args.get("done") or ""),
        chats=await legal_hold.listed(heart, settings, session),
        now=heart.now(),
        levels=words.LEVELS,
        grounds=legal_hold.GROUNDS,
    )
