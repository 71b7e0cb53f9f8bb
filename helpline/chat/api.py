"""The young person's HTTP interface in JSON, as contract.md fixes it; what it means is decided in
``helpline.conversation``, and its errors are put into words by the handler in ``app.py``."""

import json
from contextlib import aclosing
from typing import Any, Final

from sanic import Blueprint, Request
from sanic.response import HTTPResponse, empty
from sanic.response import json as json_response
from sanic_ext import openapi

from helpline.conversation import Access, Event, Incoming, Typing, YoungPersonSide
from helpline.conversation.errors import Invalid, UnknownToken
from helpline.limits.enforcing import limits_of, streaming

STREAM: Final = "text/event-stream"
COMMENT: Final = ":\n\n"
_LARGEST_NUMBER: Final = 10**9

blueprint = Blueprint("chat_api", url_prefix="/api")

_BUTTON: Final = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "title": {"type": "string"}},
}
_EVENT: Final = {
    "oneOf": [
        {
            "type": "object",
            "required": ["type", "number", "from", "text", "buttons", "card"],
            "properties": {
                "type": {"type": "string", "enum": ["message"]},
                "number": {"type": "integer"},
                "from": {
                    "type": "string",
                    "enum": ["young_person", "assistant", "worker", "service"],
                },
                "text": {"type": "string"},
                "buttons": {"type": "array", "items": _BUTTON},
                "card": {
                    "type": "string",
                    "nullable": True,
                    "enum": [None, "hurt", "medical", "suicide", "missing"],
                },
            },
        },
        {
            "type": "object",
            "required": ["type", "number", "owner", "position", "worker"],
            "properties": {
                "type": {"type": "string", "enum": ["state"]},
                "number": {"type": "integer"},
                "owner": {"type": "string", "enum": ["assistant", "queue", "worker", "ended"]},
                "position": {"type": "integer", "nullable": True},
                "worker": {"type": "string", "nullable": True},
            },
        },
    ]
}
_EVENTS: Final = {"type": "array", "items": _EVENT}
_NUMBER: Final = {"type": "object", "properties": {"number": {"type": "integer"}}}
_STARTED: Final = {
    "type": "object",
    "properties": {"token": {"type": "string"}, "events": _EVENTS},
}
_MESSAGE: Final = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "text": {"type": "string", "minLength": 1, "maxLength": 2000},
        "button": {"type": "string"},
    },
}
REFUSED: Final = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}


def describes(schema: dict[str, Any]) -> Any:
    """A schema as the OpenAPI description wants it."""
    return {"application/json": {"schema": schema}}


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
    given = request.headers.get("last-event-id") or request.args.get("after") or "0"
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise Invalid("The last number seen is a whole number from 0.")
    return min(int(given), _LARGEST_NUMBER)


@blueprint.post("/conversations")
@openapi.summary("Start a conversation")
@openapi.description("Asks for nothing. The token is shown once; no cookie is set.")
@openapi.response(201, describes(_STARTED), "The token and the greeting")
async def start(request: Request) -> HTTPResponse:
    token, greeting = await side(request).start()
    body = {"token": token, "events": [event.public() for event in greeting]}
    return json_response(body, status=201)


@blueprint.post("/conversation/messages")
@openapi.summary("Send a message or tap a button")
@openapi.secured("token")
@openapi.body(describes(_MESSAGE), required=True)
@openapi.response(201, describes(_NUMBER), "On disk under this number")
@openapi.response(200, describes(_NUMBER), "The same id again: the same number")
@openapi.response(401, describes(REFUSED), "Unknown or missing token")
@openapi.response(404, describes(REFUSED), "Unknown button")
@openapi.response(409, describes(REFUSED), "Ended, or the id was used for another text")
@openapi.response(413, describes(REFUSED), "More than 2,000 characters")
@openapi.response(422, describes(REFUSED), "Wrong type, or empty")
async def send(request: Request) -> HTTPResponse:
    receipt = await side(request).receive(await access(request), Incoming.parse(request.body))
    return json_response({"number": receipt.number}, status=200 if receipt.repeated else 201)


@blueprint.get("/conversation/events")
@openapi.summary("What has happened, and what happens")
@openapi.description(
    "A stream of server-sent events, resumable by number; with `Accept: application/json` a list."
)
@openapi.secured("token")
@openapi.parameter("after", int, "query", description="The last number seen; 0 for everything")
@openapi.parameter("Last-Event-ID", str, "header", description="Beats `after`")
@openapi.response(
    200,
    {
        "application/json": {"schema": {"type": "object", "properties": {"events": _EVENTS}}},
        STREAM: {"schema": _EVENT},
    },
    "Events with a higher number, in order",
)
@openapi.response(401, describes(REFUSED), "Unknown or missing token")
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
@openapi.response(204, description="Passed on, not kept")
async def typing(request: Request) -> HTTPResponse:
    await side(request).typing(await access(request))
    return empty()


@blueprint.post("/conversation/handoff")
@openapi.summary("Ask for a person")
@openapi.secured("token")
@openapi.response(204, description="In the queue; the place in it comes on the stream")
async def handoff(request: Request) -> HTTPResponse:
    await side(request).ask_for_person(await access(request))
    return empty()


@blueprint.delete("/conversation")
@openapi.summary("Delete the conversation")
@openapi.secured("token")
@openapi.response(204, description="Hidden at once and for good")
async def delete(request: Request) -> HTTPResponse:
    await side(request).delete(await access(request))
    return empty()
