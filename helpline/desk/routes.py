"""The desk's addresses: reads a request, asks the conversation; leaves what is shown to `view`."""

from __future__ import annotations

import time
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Final

from sanic import Blueprint, HTTPResponse, Request, Sanic
from sanic.exceptions import NotFound
from sanic.response import JSONResponse, empty, file, json, redirect

from helpline.conversation import Incoming
from helpline.conversation.errors import NotSignedIn, SlowDown, WaymarkError
from helpline.desk import guard, pages, view, words
from helpline.desk.refusals import refused
from helpline.desk.stream import frames
from helpline.limits.enforcing import limits_of, slowed, streaming
from helpline.settings import ROOT

_STATIC: Final = Path(__file__).parent / "static"
_FILES: Final = {
    str(file.relative_to(_STATIC)): file for file in _STATIC.rglob("*") if file.is_file()
}
"""Every file there is, by its address: no other path of this machine can be asked for."""

blueprint = Blueprint("desk", url_prefix="/desk")
blueprint.exception(WaymarkError)(refused)


@blueprint.before_server_start
async def read_words(app: Sanic[Any, Any]) -> None:
    """Reads what signals and languages are called before the first page is asked for."""
    app.ctx.desk_signals = words.signals(ROOT / "data" / "safeguarding" / "signals.yml")
    app.ctx.desk_languages = app.ctx.heart.screener.languages.names


@blueprint.get("/static/<name:path>")
async def static(request: Request, name: str) -> HTTPResponse:
    """A script, a style or a picture of the desk."""
    if name not in _FILES:
        raise NotFound("No such file.")
    return await file(_FILES[name], request_headers=request.headers)


@blueprint.get("/login")
async def login_page(request: Request) -> HTTPResponse:
    """The sign-in form."""
    return _login(request)


@blueprint.post("/login")
async def login(request: Request) -> HTTPResponse:
    """Signs in under a new session id; the one the browser had is signed out."""
    guard.same_origin(request)
    guard.secure(request)
    name, password, code = (_field(request, key) for key in ("name", "password", "code"))
    try:
        async with slowed(request, limits_of(request).sign_ins):
            _, cookie = await guard.side(request).sign_in(name, password, code or None)
    except WaymarkError as error:
        answer = _login(request, problem=error.message, name=name, status=error.status)
        if isinstance(error, SlowDown):
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    with suppress(NotSignedIn):
        await guard.side(request).sign_out(await guard.session(request))
    response = redirect("/desk", status=303)
    guard.set_cookie(request, response, cookie)
    return response


@blueprint.post("/sign-out")
async def sign_out(request: Request) -> HTTPResponse:
    """Ends the session at once."""
    await guard.side(request).sign_out(await guard.posting(request))
    response = redirect("/desk/login", status=303)
    guard.drop_cookie(request, response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.get("/")
async def desk(request: Request) -> HTTPResponse:
    """The desk with no chat open. Signed out, it leads to the sign-in page."""
    try:
        session = await guard.session(request)
    except NotSignedIn:
        return redirect("/desk/login")
    return await pages.desk(request, session, None)


@blueprint.post("/staff/<person:int>/access")
async def give_access(request: Request, person: int) -> HTTPResponse:
    """A supervisor lets a newcomer open handed-off chats."""
    session = await guard.posting(request)
    await guard.side(request).give_access(session, person)
    if "hx-request" not in request.headers and request.form:
        return redirect("/desk/staff?done=access", status=303)
    response = empty()
    response.headers["HX-Trigger"] = "refresh"
    return response


@blueprint.get("/queue")
async def queue(request: Request) -> HTTPResponse:
    """Both lists; 204 when the page already shows them as they are."""
    lists = await pages.queue(request, await guard.session(request))
    if request.args.get("version") == lists.version:
        return empty()
    return pages.page(request, "_queue.html", lists=lists, fragment=True)


@blueprint.post("/here")
async def here(request: Request) -> HTTPResponse:
    """The desk is open: counts as presence."""
    await guard.side(request).here(await guard.posting(request))
    return empty()


@blueprint.post("/active")
async def active(request: Request) -> HTTPResponse:
    """Somebody touched the page: the session is in use."""
    await guard.posting(request)
    return empty()


@blueprint.get("/chat/<conversation:str>")
async def chat(request: Request, conversation: str) -> HTTPResponse:
    """One chat: the fragment for the page that is open, or the whole desk with it."""
    session = await guard.session(request)
    if "hx-request" in request.headers:
        try:
            seen = await pages.chat(request, session, conversation)
        except pages.LOST as error:
            return await pages.lost(request, session, conversation, error)
        return pages.page(request, "_chat.html", chat=seen)
    return await pages.desk(request, session, conversation)


@blueprint.post("/chat/<conversation:str>/take")
async def take(request: Request, conversation: str) -> HTTPResponse:
    """Takes a chat from the queue. The second of two is told that it is gone."""
    session = await guard.posting(request)
    await guard.side(request).take(session, pages.known(conversation))
    seen = await pages.chat(request, session, conversation)
    response = pages.page(request, "_chat.html", chat=seen)
    response.headers["HX-Push-Url"] = f"/desk/chat/{conversation}"
    response.headers["HX-Trigger"] = "refresh"
    return response


@blueprint.get("/chat/<conversation:str>/messages")
async def messages(request: Request, conversation: str) -> HTTPResponse:
    """What came after `after`; the whole chat when what may be seen has changed since `state`."""
    session = await guard.session(request)
    after = _number(request.args.get("after"))
    try:
        seen = await pages.chat(request, session, conversation, after)
    except pages.LOST as error:
        return await pages.lost(request, session, conversation, error)
    more_of_the_excerpt = bool(seen.lines) and not seen.opened
    if request.args.get("state") != seen.state or more_of_the_excerpt:
        whole = await pages.chat(request, session, conversation)
        response = pages.page(request, "_chat.html", chat=whole)
        response.headers.update(pages.REDRAW)
        return response
    if not seen.lines and request.args.get("about") == seen.about:
        return empty()
    response = pages.page(request, "_messages.html", chat=seen, fragment=True)
    if request.args.get("about") != seen.about:
        response.headers["HX-Trigger"] = "refresh"
    return response


@blueprint.post("/chat/<conversation:str>/messages")
async def say(request: Request, conversation: str) -> JSONResponse:
    """Keeps a worker's message: 201 with its number, 200 when this id was kept before."""
    session = await guard.posting(request)
    incoming = Incoming.parse(request.body)
    receipt = await guard.side(request).say(session, pages.known(conversation), incoming)
    return json({"number": receipt.number}, status=200 if receipt.repeated else 201)


@blueprint.post("/chat/<conversation:str>/typing")
async def typing(request: Request, conversation: str) -> HTTPResponse:
    """The worker is typing."""
    session = await guard.posting(request)
    await guard.side(request).typing(session, pages.known(conversation))
    return empty()


@blueprint.post("/chat/<conversation:str>/end")
async def end(request: Request, conversation: str) -> HTTPResponse:
    """Ends a chat; the page has asked once more before."""
    session = await guard.posting(request)
    await guard.side(request).end(session, pages.known(conversation))
    seen = await pages.chat(request, session, conversation)
    response = pages.page(request, "_chat.html", chat=seen)
    response.headers["HX-Trigger"] = "refresh"
    return response


@blueprint.get("/stream")
async def stream(request: Request) -> None:
    """Says what has changed, for as long as the session lives; refuses before it responds."""
    guard.same_origin(request)
    session, mine = await guard.session(request), await _held(request)
    response = await request.respond(
        content_type="text/event-stream; charset=utf-8", headers={"X-Accel-Buffering": "no"}
    )
    changes = guard.side(request).follow(session)
    pieces = frames(changes, mine, lambda: _held(request), time.monotonic)
    places, owner = limits_of(request).desk_streams, session.cookie_hash
    with suppress(WaymarkError):
        async with streaming(request, places, owner), aclosing(pieces):
            async for piece in pieces:
                await response.send(piece)
    await response.eof()


async def _held(request: Request) -> frozenset[str]:
    session = await guard.session(request)
    return frozenset(row.conversation for row in await guard.side(request).mine(session))


def _login(
    request: Request, problem: str | None = None, name: str = "", status: int = 200
) -> HTTPResponse:
    settings = request.app.ctx.settings
    return view.page(
        "login.html",
        status,
        service=settings.service_name,
        demo=settings.demo,
        problem=problem,
        name=name,
    )


def _field(request: Request, key: str) -> str:
    value = request.form.get(key) if request.form else None
    return value if isinstance(value, str) else ""


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
