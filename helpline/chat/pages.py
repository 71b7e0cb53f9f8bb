"""The young person's page: it works as plain forms, and script only improves it.

Where JavaScript is off, each send is a POST whose answer is the whole page, held open so that what
is said next streams into it. What a message means is decided in ``helpline.conversation``.
"""

import asyncio
import json
import time
from contextlib import aclosing
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qs

from sanic import Blueprint, Request, Sanic
from sanic.exceptions import NotFound
from sanic.response import HTTPResponse, empty, html, raw, redirect
from sanic_ext import openapi

from helpline.chat.api import side
from helpline.chat.assets import Asset, Assets
from helpline.chat.render import After, Again, Page, Renderer, Step, last_state, takes_tap
from helpline.chat.tickets import Tickets
from helpline.conversation import Access, Incoming, State, Typing
from helpline.conversation.errors import (
    Invalid,
    SlowDown,
    TooLong,
    UnknownButton,
    UnknownToken,
    WaymarkError,
)
from helpline.limits.enforcing import keep_pace, limits_of, streaming
from helpline.limits.paces import STARTING

HELD_OPEN_S: Final = 600
ASKS: Final = frozenset({"look", "person", "stop"})
"""What a form can ask for without a message."""
SILENCE: Final = "<!-- -->\n"
WIPE: Final = {"Clear-Site-Data": '"cache", "storage"'}
STARTS_AFRESH: Final = "This page was open for a long time. Please write it again."
_IN_WORDS: Final[dict[type[WaymarkError], str]] = {
    Invalid: "Nothing was sent. Write a message first.",
    TooLong: "Not sent. A message has at most 2,000 characters. Please make it shorter.",
    UnknownButton: "That button no longer works. Please write instead.",
    SlowDown: "Not sent: too many at once. Wait a little, then send it again.",
}

blueprint = Blueprint("chat_pages")


async def slow_down(request: Request, error: SlowDown) -> HTTPResponse:
    """Keeps what a form held, so that it can be sent again with a tap."""
    fields = fields_of(request) if request.method == "POST" else {}
    again = Again(request.path, tuple(fields.items()))
    step = Step("slow", fields.get("token", ""), fields.get("ticket", ""), again=again)
    answer = html(parts_of(request).render.step(step), status=error.status)
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer


blueprint.exception(SlowDown)(slow_down)


class Parts:
    """What the pages share in one process."""

    def __init__(
        self,
        exit_address: str,
        website: tuple[str, ...],
        greeting: tuple[str, ...],
        after: After,
    ) -> None:
        self.assets = Assets.load()
        self.render = Renderer(self.assets, exit_address, website, greeting, after)
        self.tickets = Tickets(time.monotonic)
        self.first_send = asyncio.Lock()
        self.embed = _embed(self.assets, exit_address) if website else None


def _embed(assets: Assets, exit_address: str) -> bytes:
    script = assets.files["embed.js"].plain.decode()
    return script.replace('"EXIT_ADDRESS"', json.dumps(exit_address)).encode()


def parts_of(request: Request) -> Parts:
    """What the pages share, as it was made when the service started."""
    parts: Parts = request.app.ctx.chat_page
    return parts


@blueprint.before_server_start
async def _prepare(app: Sanic) -> None:  # type: ignore[type-arg]
    settings, wording = app.ctx.settings, app.ctx.heart.wording
    app.ctx.chat_page = Parts(
        settings.exit_address,
        tuple(settings.website),
        tuple(wording.greeting),
        After.of(app.ctx.after, settings),
    )


def fields_of(request: Request) -> dict[str, str]:
    """The form's fields, the last of a name; raises ``Invalid``. Lines end as in JavaScript."""
    try:
        given = parse_qs(request.body.decode("utf-8"), keep_blank_values=True, max_num_fields=16)
    except ValueError as error:
        raise Invalid from error
    return {name: values[-1].replace("\r\n", "\n") for name, values in given.items()}


@blueprint.get("/")
@openapi.exclude()
async def start(request: Request) -> HTTPResponse:
    return start_page(request)


def start_page(request: Request, problem: str = "", draft: str = "") -> HTTPResponse:
    """The page without a chat, with a sentence where something could not be done."""
    parts = parts_of(request)
    page = Page(ticket=parts.tickets.issue(), problem=problem, draft=draft)
    return html(parts.render.start(page))


@blueprint.post("/say")
@openapi.exclude()
async def say(request: Request) -> HTTPResponse | None:
    """Keep what the form holds, then answer with the page, held open for what comes."""
    try:
        fields = fields_of(request)
    except Invalid:
        return start_page(request)
    incoming, problem = None, ""
    try:
        if not ASKS & fields.keys():
            incoming = Incoming.make(fields.get("id"), fields.get("text"), fields.get("button"))
    except WaymarkError as error:
        problem = in_words(error)
    draft = fields.get("text", "") if problem else ""
    try:
        sends = incoming is not None or "person" in fields or "stop" in fields
        starts = incoming is not None or "person" in fields
        token = fields.get("token") or await _from_ticket(request, fields, may_start=starts)
        if token is None:
            return start_page(request, problem or STARTS_AFRESH, draft)
        access = await side(request).open(token)
    except UnknownToken:
        return start_page(request)
    except WaymarkError as error:
        return start_page(request, in_words(error), fields.get("text", ""))
    if sends:
        try:
            if "person" in fields:
                await side(request).ask_for_person(access)
            elif incoming is not None:
                await side(request).receive(access, incoming)
            else:
                await side(request).stop_waiting(access)
        except UnknownToken:
            return start_page(request)
        except WaymarkError as error:
            problem, draft = in_words(error), fields.get("text", "")
    await hold_open(request, access, Page(token=token, problem=problem, draft=draft))
    return None


def in_words(error: WaymarkError) -> str:
    """An error as the page says it."""
    return _IN_WORDS.get(type(error), error.message)


async def _from_ticket(request: Request, fields: dict[str, str], *, may_start: bool) -> str | None:
    """The token that a start page's ticket leads to; ``None`` where there is nothing to start."""
    tickets, ticket = parts_of(request).tickets, fields.get("ticket", "")
    worth = tickets.look(ticket)
    if worth.token is not None or not worth.valid or not may_start:
        return worth.token
    await keep_pace(request, STARTING)
    async with parts_of(request).first_send:
        worth = tickets.look(ticket)
        if worth.token is not None or not worth.valid:
            return worth.token
        token, _ = await side(request).start()
        tickets.spend(ticket, token)
        return token


async def hold_open(request: Request, access: Access, page: Page) -> None:
    """Answers with the whole page, held open so that what is said next streams into it."""
    render = parts_of(request).render
    events = await side(request).events(access, 0)
    state = last_state(events)
    before, after = render.held_open(replace(page, state=state))
    response = await request.respond(
        content_type="text/html; charset=utf-8", headers={"X-Accel-Buffering": "no"}
    )
    await response.send(before + render.transcript(events, page.token))
    last = events[-1].number if events else 0
    until = time.monotonic() + HELD_OPEN_S
    if not _ended(state):
        async with (
            streaming(request, limits_of(request).streams, access.conversation),
            aclosing(side(request).follow(access, last)) as following,
        ):
            async for event in following:
                if event is None or isinstance(event, Typing):
                    await response.send(SILENCE)
                else:
                    state = event if isinstance(event, State) else state
                    live = takes_tap(event, state)
                    await response.send(render.event(event, page.token, live=live))
                if time.monotonic() > until or _ended(state):
                    break
    await response.send(after)
    await response.eof()


def _ended(state: State | None) -> bool:
    return state is not None and state.owner == "ended"


@blueprint.post("/exit")
@openapi.exclude()
async def leave(request: Request) -> HTTPResponse:
    """Revoke the token first, then go; a page with script asks with ``quiet`` and goes itself."""
    try:
        fields = fields_of(request)
    except Invalid:
        fields = {}
    token = fields.get("token") or parts_of(request).tickets.look(fields.get("ticket", "")).token
    try:
        if token:
            await side(request).leave_quickly(await side(request).open(token))
    except WaymarkError:
        pass
    if "quiet" in fields:
        return empty(headers=WIPE)
    return redirect(request.app.ctx.settings.exit_address, status=303, headers=WIPE)


@blueprint.get("/exit")
@openapi.exclude()
async def leave_at_once(request: Request) -> HTTPResponse:
    return redirect(request.app.ctx.settings.exit_address, status=303)


@blueprint.get("/embed.js")
@openapi.exclude()
async def embed(request: Request) -> HTTPResponse:
    script = parts_of(request).embed
    if script is None:
        raise NotFound("No website is configured to embed the chat.")
    kind = "text/javascript; charset=utf-8"
    return raw(script, content_type=kind, headers={"Cache-Control": "no-cache"})


@blueprint.get("/static/chat/<digest:str>/<name:str>")
@openapi.exclude()
async def static(request: Request, digest: str, name: str) -> HTTPResponse:
    assets = parts_of(request).assets
    asset = assets.files.get(name)
    if asset is None or name == "embed.js":
        raise NotFound("No such file.")
    kept = "public, max-age=31536000, immutable" if digest == assets.digest else "no-cache"
    return _file(request, asset, kept)


def _file(request: Request, asset: Asset, kept: str) -> HTTPResponse:
    headers = {"Cache-Control": kept, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return raw(asset.zipped, content_type=asset.media_type, headers=headers)
    return raw(asset.plain, content_type=asset.media_type, headers=headers)
