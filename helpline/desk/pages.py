"""The desk's pages and their parts: asks the conversation for what `view` then draws."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final
from zoneinfo import ZoneInfo

from sanic import HTTPResponse, Request
from sanic.exceptions import NotFound

from helpline.conversation import Session, looking, presence
from helpline.conversation.errors import (
    NotAllowed,
    NotSignedIn,
    NotYours,
    UnknownConversation,
    WaymarkError,
)
from helpline.desk import guard, roles, view, words
from helpline.desk.places import home, places
from helpline.desk.stream import CONVERSATION

LOST: Final = (UnknownConversation, NotYours)
REDRAW: Final = {"HX-Retarget": "#chat", "HX-Reswap": "outerHTML"}


async def desk(request: Request, session: Session, conversation: str | None) -> HTTPResponse:
    """The whole desk, with a chat open or with what became of it."""
    if session.role not in roles.HELPERS:
        return home(request, session)
    opened, fate, problem, status = None, None, None, 200
    if conversation is not None:
        try:
            opened = await chat(request, session, conversation)
        except NotSignedIn:
            raise
        except LOST as error:
            fate, status = await _fate(request, session, conversation, error), error.status
        except WaymarkError as error:
            problem, status = error.message, error.status
    try:
        lists = await queue(request, session)
    except NotAllowed as error:
        return view.page("problem.html", 403, problem=error.message, csrf=session.csrf)
    return page(
        request,
        "desk.html",
        status,
        session=session,
        service=request.app.ctx.settings.service_name,
        lists=lists,
        chat=opened,
        lost=fate,
        problem=problem,
        places=places(session.role),
        presence=await presence.mine(guard.heart(request), session),
    )


async def queue(request: Request, session: Session) -> view.Queue:
    """Both lists, how many were offered a helper, and the newest danger in each chat of `mine`."""
    desk_side = guard.side(request)
    newcomers = await desk_side.newcomers(session) if session.role == "supervisor" else []
    waiting, mine = await desk_side.waiting(session), await desk_side.mine(session)
    dangers: dict[str, view.Danger] = {}
    for row in mine:
        with suppress(*LOST):
            told = await desk_side.transcript(session, row.conversation)
            dangers[row.conversation] = view.newest_danger(told)
    return view.queue(waiting, mine, newcomers, dangers, await desk_side.offered(session))


def page(request: Request, template: str, status: int = 200, /, **values: Any) -> HTTPResponse:
    """A template with what the signals and the languages are called."""
    known = request.app.ctx
    named = {"signals": known.desk_signals, "languages": known.desk_languages}
    return view.page(template, status, **named, **values)


async def chat(request: Request, session: Session, conversation: str, after: int = 0) -> view.Chat:
    """A chat of this worker's own. Raises UnknownConversation and NotYours."""
    desk_side = guard.side(request)
    told = await desk_side.transcript(session, known(conversation))
    if told.looking:
        await looking.still(guard.heart(request), session, conversation)
    mine = await desk_side.mine(session)
    row = next((row for row in mine if row.conversation == conversation), None)
    zone = ZoneInfo(request.app.ctx.settings.timezone)
    return view.chat(conversation, told, row, after, zone)


async def lost(
    request: Request, session: Session, conversation: str, error: WaymarkError
) -> HTTPResponse:
    """What takes the place of a chat that this worker may not open any more."""
    fate = await _fate(request, session, conversation, error)
    response = view.page("_lost.html", lost=fate)
    response.headers.update(REDRAW)
    return response


async def _fate(
    request: Request, session: Session, conversation: str, error: WaymarkError
) -> tuple[str, str]:
    """What became of a chat that this worker may not open any more, in two sentences."""
    waiting = await guard.side(request).queue(session)
    back = any(row.conversation == conversation for row in waiting)
    return words.LOST["waiting" if back else error.code]


def known(conversation: str) -> str:
    """The id, if it has the form of one. Raises NotFound."""
    if not CONVERSATION.fullmatch(conversation):
        raise NotFound("There is no such chat.")
    return conversation
