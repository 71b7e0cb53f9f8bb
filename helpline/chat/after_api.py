"""What a page asks for around the end of a chat, in JSON: a code and the way back with it, the four
questions, out of the queue. Names as contract.md fixes them; what they mean is decided in
``helpline.conversation``."""

import json
from typing import Any, Final

from sanic import Blueprint, Request
from sanic.response import HTTPResponse, empty
from sanic.response import json as json_response
from sanic_ext import openapi

from helpline.chat.api import REFUSED, access, describes, side
from helpline.conversation.after import QUESTIONS
from helpline.conversation.errors import Invalid, NotJson, TooLong
from helpline.conversation.feedback import Answers, read_answers
from helpline.conversation.returning import Returning
from helpline.limits.enforcing import limits_of, slowed
from helpline.vault.return_code import LONGEST_CODE

_CODE: Final = {
    "type": "object",
    "required": ["code"],
    "properties": {"code": {"type": "string", "minLength": 1, "maxLength": LONGEST_CODE}},
}
_TOKEN: Final = {"type": "object", "properties": {"token": {"type": "string"}}}
_ANSWER: Final = {"type": "string", "nullable": True, "enum": ["yes", "a_bit", "no", None]}
ANSWERS: Final = {
    "type": "object",
    "properties": {
        "answers": {
            "type": "object",
            "properties": dict.fromkeys(QUESTIONS, _ANSWER),
            "additionalProperties": False,
        }
    },
}
_ASKED: Final = {
    "type": "object",
    "properties": {"questions": {"type": "array", "items": {"type": "string"}}},
}

blueprint = Blueprint("chat_after_api", url_prefix="/api")


def returning(request: Request) -> Returning:
    """What makes and takes codes, as the composition root handed it in."""
    handed_in: Returning = request.app.ctx.returning
    return handed_in


def _body(request: Request) -> dict[str, Any]:
    try:
        data = json.loads(request.body.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise NotJson from error
    if not isinstance(data, dict):
        raise Invalid("Send an object.")
    return data


def answers_in(request: Request) -> Answers:
    """The answers that a body holds; none where there is no body. Raises NotJson and Invalid."""
    if not request.body:
        return {}
    data = _body(request)
    if not set(data) <= {"answers"}:
        raise Invalid("Send the answers, and nothing else.")
    return read_answers(data.get("answers", {}))


@blueprint.post("/conversation/return-code")
@openapi.summary("Ask for a code to come back")
@openapi.description("Six words, shown once and kept nowhere. Each new code ends the one before.")
@openapi.secured("token")
@openapi.response(201, describes(_CODE), "The code")
@openapi.response(401, describes(REFUSED), "Unknown or missing token")
@openapi.response(429, describes(REFUSED), "Too many at once: see Retry-After")
async def make_code(request: Request) -> HTTPResponse:
    code = await returning(request).make_code(await access(request))
    return json_response({"code": code}, status=201)


@blueprint.post("/conversations/return")
@openapi.summary("Come back with a code")
@openapi.description(
    "The new token opens what is said from now on; the old one opens nothing. Right and wrong codes"
    " take the same time."
)
@openapi.body(describes(_CODE), required=True)
@openapi.response(201, describes(_TOKEN), "The new token")
@openapi.response(404, describes(REFUSED), "These words open no chat")
@openapi.response(413, describes(REFUSED), "Too long to be six words")
@openapi.response(422, describes(REFUSED), "Wrong type, or empty")
@openapi.response(429, describes(REFUSED), "Too many at once: see Retry-After")
async def come_back(request: Request) -> HTTPResponse:
    data = _body(request)
    code = data.get("code")
    if set(data) != {"code"} or not isinstance(code, str):
        raise Invalid("Send the six words of a code.")
    return json_response({"token": await take_code(request, code)}, status=201)


async def take_code(request: Request, code: str) -> str:
    """The new token of a code. Raises UnknownCode, TooLong, Invalid and SlowDown."""
    if len(code) > LONGEST_CODE:
        raise TooLong("A code has six words. This is longer.")
    async with slowed(request, limits_of(request).codes):
        return await returning(request).come_back(code)


@blueprint.get("/conversation/feedback")
@openapi.summary("Which questions are asked at the end")
@openapi.description("None after immediate danger, and none once they were answered.")
@openapi.secured("token")
@openapi.response(200, describes(_ASKED), "The names of the questions")
@openapi.response(401, describes(REFUSED), "Unknown or missing token")
async def questions(request: Request) -> HTTPResponse:
    asked = await side(request).may_be_asked(await access(request))
    return json_response({"questions": list(QUESTIONS) if asked else []})


@blueprint.post("/conversation/feedback")
@openapi.summary("Answer the questions")
@openapi.description("Counted by day; nothing leads from a count to a chat. Each may be left out.")
@openapi.secured("token")
@openapi.body(describes(ANSWERS), required=True)
@openapi.response(204, description="Counted")
@openapi.response(401, describes(REFUSED), "Unknown or missing token")
@openapi.response(409, describes(REFUSED), "Nothing is asked in this chat, or not again")
@openapi.response(422, describes(REFUSED), "Wrong type, or an unknown question or answer")
async def feedback(request: Request) -> HTTPResponse:
    opened = await access(request)
    if not request.body:
        raise NotJson
    await side(request).give_feedback(opened, answers_in(request))
    return empty()


@blueprint.delete("/conversation/handoff")
@openapi.summary("Stop waiting for a person")
@openapi.secured("token")
@openapi.response(204, description="Out of the queue; what follows is closed to helpers again")
@openapi.response(401, describes(REFUSED), "Unknown or missing token")
@openapi.response(409, describes(REFUSED), "Ended")
async def stop_waiting(request: Request) -> HTTPResponse:
    await side(request).stop_waiting(await access(request))
    return empty()


@blueprint.post("/conversation/end")
@openapi.summary("End the conversation and wipe its token")
@openapi.description("The questions can be answered in the same step.")
@openapi.secured("token")
@openapi.body(describes(ANSWERS))
@openapi.response(204, description="Ended")
@openapi.response(401, describes(REFUSED), "Unknown or missing token")
@openapi.response(409, describes(REFUSED), "Answers where nothing is asked")
async def end(request: Request) -> HTTPResponse:
    await side(request).end(await access(request), answers_in(request))
    return empty()
