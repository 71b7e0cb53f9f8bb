"""What a page asks for around the end of a chat, in JSON: a code and the way back with it, the four
questions, out of the queue. Names as contract.md fixes them; what they mean is decided in
``helpline.conversation``."""

import json
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse, empty
from sanic.response import json as json_response
from sanic_ext import openapi

from helpline.chat.api import access, side
from helpline.chat.described import ANSWERS, ASKED, CODE, TOKEN, done, refuses
from helpline.conversation.after import QUESTIONS
from helpline.conversation.errors import Invalid, NotJson, TooLong
from helpline.conversation.feedback import Answers, read_answers
from helpline.conversation.returning import Returning
from helpline.limits.enforcing import limits_of, slowed
from helpline.vault.return_code import LONGEST_CODE

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
@openapi.response(201, CODE, "The code")
@refuses(401, 409)
async def make_code(request: Request) -> HTTPResponse:
    code = await returning(request).make_code(await access(request))
    return json_response({"code": code}, status=201)


@blueprint.post("/conversations/return")
@openapi.summary("Come back with a code")
@openapi.description(
    "The new token opens what is said from now on; the old one opens nothing. Right and wrong codes"
    " take the same time."
)
@openapi.body(CODE, required=True)
@openapi.response(201, TOKEN, "The new token")
@refuses(400, 404, 422)
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
@openapi.response(200, ASKED, "The names of the questions")
@refuses(401)
async def questions(request: Request) -> HTTPResponse:
    asked = await side(request).may_be_asked(await access(request))
    return json_response({"questions": list(QUESTIONS) if asked else []})


@blueprint.post("/conversation/feedback")
@openapi.summary("Answer the questions")
@openapi.description("Counted by day; nothing leads from a count to a chat. Each may be left out.")
@openapi.secured("token")
@openapi.body(ANSWERS, required=True)
@done("Counted")
@refuses(400, 401, 409, 422)
async def feedback(request: Request) -> HTTPResponse:
    opened = await access(request)
    if not request.body:
        raise NotJson
    await side(request).give_feedback(opened, answers_in(request))
    return empty()


@blueprint.delete("/conversation/handoff")
@openapi.summary("Stop waiting for a person")
@openapi.secured("token")
@done("Out of the queue; what follows is closed to helpers again")
@refuses(401, 409)
async def stop_waiting(request: Request) -> HTTPResponse:
    await side(request).stop_waiting(await access(request))
    return empty()


@blueprint.post("/conversation/end")
@openapi.summary("End the conversation and wipe its token")
@openapi.description("The questions can be answered in the same step.")
@openapi.secured("token")
@openapi.body(ANSWERS)
@done("Ended")
@refuses(400, 401, 409, 422)
async def end(request: Request) -> HTTPResponse:
    await side(request).end(await access(request), answers_in(request))
    return empty()
