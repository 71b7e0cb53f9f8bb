"""The tools beside an open chat: shared replies, checked answers, services.

Each is a fragment for the side panel, or a small page of its own where no panel asks for it.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, cast
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json, redirect

from helpline.conversation import Session
from helpline.conversation.errors import Invalid, WaymarkError
from helpline.conversation.heart import Heart
from helpline.conversation.opening import identity_of
from helpline.conversation.tools import Told, send, told
from helpline.desk import guard, pages, tools_words, view
from helpline.desk.refusals import refused
from helpline.tools import Tools

blueprint = Blueprint("desk_tools", url_prefix="/desk")
blueprint.exception(WaymarkError)(refused)
CHAT: Final = "/chat/<conversation:str>"


@blueprint.get(f"{CHAT}/replies")
async def replies(request: Request, conversation: str) -> HTTPResponse:
    """The shared replies, those that match `q`."""
    session = await guard.session(request)
    await _told(request, session, conversation)
    typed = request.args.get("q") or ""
    found = _tools(request).replies.find(typed, _today(request))
    return tool(request, "_replies.html", conversation, typed=typed, found=found)


@blueprint.get(f"{CHAT}/topics")
async def topics(request: Request, conversation: str) -> HTTPResponse:
    """The assistant's topics that match `q`, as it answers them for `nation` and `age`."""
    session = await guard.session(request)
    of_self = await _told(request, session, conversation)
    typed = request.args.get("q") or ""
    nation, age = _chosen(request.args, of_self)
    found = _tools(request).topics.find(typed, nation, age, _today(request))
    return tool(
        request,
        "_topics.html",
        conversation,
        typed=typed,
        found=[(answer, uuid4()) for answer in found],
        nation=nation,
        age=age,
        told=of_self,
        csrf=session.csrf,
        sent=None,
    )


@blueprint.post(f"{CHAT}/topics")
async def send_topic(request: Request, conversation: str) -> HTTPResponse:
    """Sends the checked answer to one topic as the worker's messages."""
    session = await guard.posting(request)
    form: dict[str, Any] = {key: values[0] for key, values in (request.form or {}).items()}
    nation, age = _chosen(form, Told())
    answer = _tools(request).topics.answer(form.get("topic", ""), nation, age, _today(request))
    try:
        identity = UUID(form.get("id", ""))
    except ValueError:
        raise Invalid from None
    if answer is None:
        raise Invalid("There is no such topic.")
    desk, known = guard.side(request), pages.known(conversation)
    kept = await send(desk, session, known, answer.to_send, identity)
    if "hx-request" in request.headers:
        clock = _heart(request).clock().astimezone(_zone(request))
        response = view.page(
            "_topic_send.html",
            words=tools_words,
            alone=False,
            conversation=known,
            answer=answer,
            id=uuid4(),
            nation=nation,
            age=age,
            csrf=session.csrf,
            sent=f"Sent {clock:%H:%M}",
        )
        response.headers["HX-Trigger-After-Settle"] = '{"told": "Sent."}'
        return response
    if request.headers.get("accept", "").startswith("text/html"):
        return redirect(f"/desk/chat/{known}/topics", status=303)
    return json({"numbers": [receipt.number for receipt in kept]}, status=201)


@blueprint.get(f"{CHAT}/services")
async def services(request: Request, conversation: str) -> HTTPResponse:
    """The directory of services, those of `nation` that meet `need`."""
    session = await guard.session(request)
    of_self = await _told(request, session, conversation)
    nation, _ = _chosen(request.args, of_self)
    need = request.args.get("need") or ""
    directory = _tools(request).directory
    found = directory.find(nation, need, _today(request))
    return tool(
        request,
        "_services.html",
        conversation,
        found=found,
        nation=nation,
        need=need,
        needs=directory.needs,
    )


def tool(request: Request, template: str, conversation: str, /, **values: Any) -> HTTPResponse:
    """A fragment for the panel that asks for it by htmx, else a small whole page with it."""
    alone = "hx-request" not in request.headers
    values |= {"conversation": conversation, "words": tools_words, "alone": alone}
    if not alone:
        return view.page(template, **values)
    return view.page("tool.html", part=template, **values)


async def _told(request: Request, session: Session, conversation: str) -> Told:
    """What is known of the young person; raises unless this person may have the chat open."""
    identity = identity_of(pages.known(conversation))
    heart = _heart(request)
    return await heart.database.read(lambda c: told(c, session, identity, heart.now()))


def _chosen(given: Any, of_self: Told) -> tuple[str, str]:
    """The nation and the age that were chosen, else what the young person said, else not known."""
    nation = str(given.get("nation") or of_self.nation)
    age = str(given.get("age") or of_self.age)
    return (
        nation if nation in tools_words.NATIONS else tools_words.NOT_KNOWN,
        age if age in tools_words.AGES else tools_words.NOT_KNOWN,
    )


def _heart(request: Request) -> Heart:
    return cast(Heart, request.app.ctx.heart)


def _tools(request: Request) -> Tools:
    return cast(Tools, request.app.ctx.tools)


def _zone(request: Request) -> ZoneInfo:
    return ZoneInfo(request.app.ctx.settings.timezone)


def _today(request: Request) -> date:
    return _heart(request).clock().astimezone(_zone(request)).date()
