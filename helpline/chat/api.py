"""The young person's HTTP interface in JSON, as contract.md fixes it; what it means is decided in
``helpline.conversation``, and its errors are put into words by the handler in ``app.py``."""

import json
from contextlib import aclosing
from typing import Final

from sanic import Blueprint, Request
from sanic.response import HTTPResponse, empty
from sanic.response import json as json_response
from sanic_ext import openapi

from helpline.chat.described import AFTER, KEPT, LISTED, MESSAGE, STARTED, STREAM, done, refuses
from helpline.conversation import Access, Event, Incoming, Typing, YoungPersonSide
from helpline.conversation.errors import Invalid, UnknownToken
from helpline.limits.enforcing import limits_of, streaming

COMMENT: Final = ":\n\n"

blueprint = Blueprint("chat_api", url_prefix="/api")


def side(request: Request) -> YoungPersonSide:
    """The service's heart, as the composition root handed it in."""
    handed_in: YoungPersonSide = request.app.ctx.young_person
    return handed_in


async def access(request: Request) -> Access:
    """Open the conversation of the bearer token; raises ``UnknownToken``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise UnknownToken
    return await side(request).open(token.strip())


def _after(request: Request) -> int:
    """The last number the page has seen; ``Last-Event-ID`` beats ``?after=``."""
    given = request.headers.get("last-event-id"), request.args.get("after")
    for number in given:
        if number is not None and not (number.isascii() and number.isdigit() and len(number) < 10):
            raise Invalid("The last number seen is a whole number from 0.")
    return int(given[0] or given[1] or 0)


@blueprint.post("/conversations")
@openapi.summary("Start a conversation")
@openapi.description("Asks for nothing. The token is shown once; no cookie is set.")
@openapi.response(201, STARTED, "The token and the greeting")
@refuses()
async def start(request: Request) -> HTTPResponse:
    token, greeting = await side(request).start()
    body = {"token": token, "events": [event.public() for event in greeting]}
    return json_response(body, status=201)


@blueprint.post("/conversation/messages")
@openapi.summary("Send a message or tap a button")
@openapi.secured("token")
@openapi.body(MESSAGE, required=True)
@openapi.response(201, KEPT, "On disk under this number")
@openapi.response(200, KEPT, "The same id again: the same number")
@refuses(400, 401, 404, 409, 422)
async def send(request: Request) -> HTTPResponse:
    receipt = await side(request).receive(await access(request), Incoming.parse(request.body))
    return json_response({"number": receipt.number}, status=200 if receipt.repeated else 201)


@blueprint.get("/conversation/events")
@openapi.summary("What has happened, and what happens")
@openapi.description(
    "A stream of server-sent events, resumable by number; with `Accept: application/json` a list."
)
@openapi.secured("token")
@openapi.parameter("after", AFTER, "query", description="The last number seen")
@openapi.parameter("Last-Event-ID", AFTER, "header", description="Beats `after`")
@openapi.response(200, LISTED, "Events with a higher number, in order")
@refuses(401, 422)
async def events(request: Request) -> HTTPResponse | None:
    opened, after = await access(request), _after(request)
    accepted = request.headers.get("accept", "")
    if "application/json" in accepted and STREAM not in accepted:
        found = await side(request).events(opened, after)
        return json_response({"events": [event.public() for event in found]})
    response = await request.respond(content_type=STREAM, headers={"X-Accel-Buffering": "no"})
    await response.send(COMMENT)
    async with (
        streaming(request, limits_of(request).streams, opened.conversation),
        aclosing(side(request).follow(opened, after)) as following,
    ):
        async for event in following:
            if not (isinstance(event, Typing) and event.sender == "young_person"):
                await response.send(frame(event))
    await response.eof()
    return None


def frame(event: Event | Typing | None) -> str:
    """One event as server-sent text; ``None``, a silence, as a comment line."""
    if event is None:
        return COMMENT
    public = event.public()
    number = "" if isinstance(event, Typing) else f"id: {event.number}\n"
    data = json.dumps(public, ensure_ascii=False, separators=(",", ":"))
    return f"{number}event: {public['type']}\ndata: {data}\n\n"


@blueprint.post("/conversation/typing")
@openapi.summary("Say that the young person is writing")
@openapi.secured("token")
@done("Passed on, not kept")
@refuses(401)
async def typing(request: Request) -> HTTPResponse:
    await side(request).typing(await access(request))
    return empty()


@blueprint.post("/conversation/handoff")
@openapi.summary("Ask for a person")
@openapi.secured("token")
@done("In the queue; the place in it comes on the stream")
@refuses(401, 409)
async def handoff(request: Request) -> HTTPResponse:
    await side(request).ask_for_person(await access(request))
    return empty()


@blueprint.delete("/conversation")
@openapi.summary("Delete the conversation")
@openapi.secured("token")
@done("Hidden at once and for good")
@refuses(401)
async def delete(request: Request) -> HTTPResponse:
    await side(request).delete(await access(request))
    return empty()
