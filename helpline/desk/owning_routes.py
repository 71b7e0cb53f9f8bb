"""Who holds a chat, who is here, who looks in: the addresses; what each means is the heart's."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import empty, redirect

from helpline.conversation import (
    Session,
    YoungPersonSide,
    brief,
    legal_hold,
    looking,
    owning,
    presence,
)
from helpline.conversation import unsealing as opening_whole
from helpline.conversation.errors import Invalid, WaymarkError
from helpline.desk import guard, pages, places, view, words
from helpline.desk.refusals import refused

blueprint = Blueprint("desk_owning", url_prefix="/desk")
blueprint.exception(WaymarkError)(refused)
CHAT: Final = "/chat/<conversation:str>"


@blueprint.get(f"{CHAT}/brief")
async def show_brief(request: Request, conversation: str) -> HTTPResponse:
    """What is known of a chat, for the panel beside it or as a small page of its own."""
    session = await guard.session(request)
    told = await brief.of(guard.heart(request), session, pages.known(conversation))
    alone = "hx-request" not in request.headers
    template = "tool.html" if alone else "_brief.html"
    return pages.page(
        request,
        template,
        part="_brief.html",
        conversation=conversation,
        brief=told,
        alone=alone,
        clock=_clock(request),
        topics=request.app.ctx.tools.topics.titles,
    )


@blueprint.get(f"{CHAT}/pass-on")
async def who_to(request: Request, conversation: str) -> HTTPResponse:
    """Whom the chat can be passed on to."""
    session = await guard.session(request)
    here = await presence.here(guard.heart(request), session)
    others = [each for each in here if each.staff != session.staff]
    return pages.page(
        request, "_pass_on.html", conversation=pages.known(conversation), others=others
    )


@blueprint.post(f"{CHAT}/pass-on")
async def pass_on(request: Request, conversation: str) -> HTTPResponse:
    """Passes a chat to one helper or back to the top of the queue, with a note."""
    session = await guard.posting(request)
    to = _field(request, "to")
    if to and not (to.isascii() and to.isdigit() and len(to) < 10):
        raise Invalid("Choose a helper, or the queue.")
    known = pages.known(conversation)
    await owning.pass_on(
        guard.heart(request),
        session,
        known,
        to=int(to) if to else None,
        note=_field(request, "note"),
    )
    return _gone(request, "You passed this chat on.", "It is at the top of the queue for them.")


@blueprint.post(f"{CHAT}/hand-back")
async def hand_back(request: Request, conversation: str) -> HTTPResponse:
    """Gives a chat back to the assistant."""
    session = await guard.posting(request)
    await owning.hand_back(guard.heart(request), session, pages.known(conversation))
    back = "What they write from now on you cannot read. They can ask for a helper again."
    return _gone(request, "The assistant goes on with this chat.", back)


@blueprint.post(f"{CHAT}/ask-again")
async def ask_again(request: Request, conversation: str) -> HTTPResponse:
    """Asks once more whether it is OK to talk."""
    session = await guard.posting(request)
    await owning.ask_again(guard.heart(request), session, pages.known(conversation))
    return empty()


@blueprint.post(f"{CHAT}/look")
async def look(request: Request, conversation: str) -> HTTPResponse:
    """Opens a chat that another holds, to read it."""
    session = await guard.posting(request)
    await looking.look(guard.heart(request), session, pages.known(conversation))
    return await _opened(request, session, conversation)


@blueprint.post(f"{CHAT}/stop-looking")
async def stop_looking(request: Request, conversation: str) -> HTTPResponse:
    """Ends a look."""
    session = await guard.posting(request)
    await looking.stop(guard.heart(request), session, pages.known(conversation))
    return _gone(request, "You stopped looking.", "The helper sees that too.")


@blueprint.post(f"{CHAT}/take-over")
async def take_over(request: Request, conversation: str) -> HTTPResponse:
    """A supervisor takes a chat out of another's hands."""
    session = await guard.posting(request)
    await owning.take_over(guard.heart(request), session, pages.known(conversation))
    return await _opened(request, session, conversation)


@blueprint.post(f"{CHAT}/open")
async def ask_to_open(request: Request, conversation: str) -> HTTPResponse:
    """Asks a second person whether the whole chat may be read without a yes."""
    session = await guard.posting(request)
    reason = _field(request, "reason")
    await opening_whole.ask(guard.heart(request), session, pages.known(conversation), reason)
    return await _opened(request, session, conversation)


@blueprint.post(f"{CHAT}/open/decide")
async def decide_to_open(request: Request, conversation: str) -> HTTPResponse:
    """A second person agrees, or does not."""
    session = await guard.posting(request)
    young = cast(YoungPersonSide, request.app.ctx.young_person)
    await opening_whole.decide(
        guard.heart(request),
        session,
        pages.known(conversation),
        agreed=_field(request, "agreed") == "yes",
        access_of=young.followed,
    )
    response = empty()
    response.headers["HX-Trigger"] = "refresh"
    return response


@blueprint.get("/people")
async def people(request: Request) -> HTTPResponse:
    """Who is here, what each says of themselves and holds; what waits for a second person.

    204 when the page shows it as it is: a button that is being pressed is not drawn anew.
    """
    session = await guard.session(request)
    heart = guard.heart(request)
    here = await presence.here(heart, session)
    openings = await opening_whole.waiting(heart, session)
    version = sha256(repr((here, openings)).encode()).hexdigest()[:16]
    if request.args.get("version") == version:
        return empty()
    return pages.page(
        request,
        "_people.html",
        people=here,
        me=session.staff,
        openings=openings,
        reasons=opening_whole.REASONS,
        version=version,
    )


@blueprint.post("/presence")
async def say_presence(request: Request) -> HTTPResponse:
    """Here, busy or on a break; a break in the middle of a chat hands it over."""
    session = await guard.posting(request)
    chosen = _field(request, "presence")
    if chosen == "break":
        await owning.take_a_break(guard.heart(request), session)
    else:
        await presence.say(guard.heart(request), session, chosen)
    response = empty()
    response.headers["HX-Trigger"] = "refresh"
    return response


@blueprint.get("/chats")
async def past_chats(request: Request) -> HTTPResponse:
    """The chats that may be opened again: a supervisor's all, a worker's own."""
    session = await guard.session(request)
    found = await looking.past(guard.heart(request), session)
    return places.page(
        request,
        session,
        "chats.html",
        here="/desk/chats",
        chats=found,
        levels=words.LEVELS,
        grounds=legal_hold.GROUNDS,
    )


async def _opened(request: Request, session: Session, conversation: str) -> HTTPResponse:
    if "hx-request" not in request.headers:
        return redirect(f"/desk/chat/{conversation}", status=303)
    seen = await pages.chat(request, session, conversation)
    response = pages.page(request, "_chat.html", chat=seen)
    response.headers["HX-Push-Url"] = f"/desk/chat/{conversation}"
    response.headers["HX-Trigger"] = "refresh"
    return response


def _gone(request: Request, what: str, then: str) -> HTTPResponse:
    """What stands where the chat was once it is given away."""
    if "hx-request" not in request.headers:
        return redirect("/desk", status=303)
    response = view.page("_lost.html", lost=(what, then))
    response.headers.update(pages.REDRAW)
    response.headers["HX-Trigger"] = "refresh"
    response.headers["HX-Push-Url"] = "/desk"
    return response


def _clock(request: Request) -> Any:
    zone = ZoneInfo(request.app.ctx.settings.timezone)
    return lambda at: at.astimezone(zone).strftime("%H:%M")


def _field(request: Request, key: str) -> str:
    value = request.form.get(key) if request.form else None
    return value if isinstance(value, str) else ""
