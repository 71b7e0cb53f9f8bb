"""Pages around the end of a chat where there is no script: end, delete, a code, the way back.

Each is a plain form with the token in it; with script the same forms stand in the page itself and
go to the interface (``static/after.js``). The way out is on every one of them.
"""

from typing import Final

from sanic import Blueprint, Request
from sanic.response import HTTPResponse, html
from sanic_ext import openapi

from helpline.chat.after_api import returning, take_code
from helpline.chat.api import side
from helpline.chat.pages import fields_of, hold_open, parts_of, slow_down, start_page
from helpline.chat.render import Page, Step
from helpline.conversation import Access
from helpline.conversation.after import QUESTIONS
from helpline.conversation.errors import (
    Invalid,
    NotAsked,
    SlowDown,
    UnknownToken,
    WaymarkError,
)
from helpline.conversation.feedback import Answers, read_answers

NO_CODE: Final = "Write the six words of your code."

blueprint = Blueprint("chat_after_pages")
blueprint.exception(SlowDown)(slow_down)


@blueprint.post("/after")
@openapi.exclude()
async def after(request: Request) -> HTTPResponse:
    """Does what the form asks for, and shows the page that follows."""
    try:
        fields = fields_of(request)
        access = await side(request).open(fields.get("token", ""))
        return html(parts_of(request).render.step(await _do(request, access, fields)))
    except (Invalid, UnknownToken):
        return start_page(request)


async def _do(request: Request, access: Access, fields: dict[str, str]) -> Step:
    token, what = fields["token"], fields.get("do", "menu")
    asked = await side(request).may_be_asked(access)
    try:
        if what == "end-now":
            await _end(request, access, _answers(fields))
            return Step("thanks")
        if what == "delete-now":
            await side(request).delete(access)
            return Step("gone")
        if what == "code-now":
            return Step("words", token, code=await returning(request).make_code(access))
        if what == "answer":
            await side(request).give_feedback(access, _answers(fields))
            return Step("over", token)
    except UnknownToken:
        raise
    except WaymarkError as error:
        page = what.removesuffix("-now").replace("answer", "over")
        return Step(page, token, problem=error.message, asked=asked)
    known = what if what in ("end", "delete", "code", "over") else "menu"
    return Step(known, token, asked=asked)


async def _end(request: Request, access: Access, answers: Answers) -> None:
    try:
        await side(request).end(access, answers)
    except NotAsked:  # danger was written, or the questions answered, since this page was made
        await side(request).end(access)


def _answers(fields: dict[str, str]) -> Answers:
    given = {question: fields.get(question) or None for question in QUESTIONS}
    return read_answers(given)


@blueprint.get("/back")
@openapi.exclude()
async def back(request: Request) -> HTTPResponse:
    return _back(request)


def _back(request: Request, problem: str = "", status: int = 200) -> HTTPResponse:
    parts = parts_of(request)
    step = Step("back", ticket=parts.tickets.issue(), problem=problem)
    return html(parts.render.step(step), status=status)


@blueprint.post("/back")
@openapi.exclude()
async def come_back(request: Request) -> HTTPResponse | None:
    """Opens the chat of a code. Loaded again, it opens what it opened, and after that nothing:
    whoever finds this page in the history of a phone has no code.
    """
    try:
        fields = fields_of(request)
        tickets, ticket = parts_of(request).tickets, fields.get("ticket", "")
        worth = tickets.look(ticket)
        if not worth.valid:
            return _back(request)
        token = worth.token
        if token is None:
            token = await take_code(request, fields.get("code", ""))
            tickets.spend(ticket, token)
        access = await side(request).open(token)
    except UnknownToken:
        return start_page(request)
    except WaymarkError as error:
        said = NO_CODE if isinstance(error, Invalid) else error.message
        return _back(request, said, error.status)
    await hold_open(request, access, Page(token=token))
    return None
