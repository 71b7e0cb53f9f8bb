"""The private notes on a chat: reads a request, asks the conversation, shows what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import empty, redirect
from sqlalchemy import Connection

from helpline.conversation import Session, looking, notes
from helpline.conversation.errors import Invalid, WaymarkError
from helpline.conversation.heart import Heart
from helpline.conversation.notes import Kind, Note
from helpline.conversation.opening import identity_of
from helpline.desk import guard, pages
from helpline.desk.refusals import refused
from helpline.desk.tools_routes import tool

blueprint = Blueprint("desk_notes", url_prefix="/desk")
blueprint.exception(WaymarkError)(refused)
BY_HAND: Final[Mapping[str, Kind]] = {"note": "note", "code_word": "code_word"}
"""The kinds that a helper writes here; the note of a transfer is written with the transfer."""


@dataclass(frozen=True)
class Shown:
    """The notes of a chat as this person may read them; `unopened` counts those they may not."""

    notes: tuple[Note, ...]
    unopened: int
    closed: bool

    @property
    def code_word(self) -> str | None:
        """The code word that was agreed last, if there is one."""
        return next((note.text for note in self.notes if note.kind == notes.CODE_WORD), None)

    @property
    def version(self) -> str:
        """Changes when the list should be drawn again."""
        newest = max((note.number for note in self.notes), default=0)
        return f"{newest}.{self.unopened}.{int(self.closed)}"


@blueprint.get("/chat/<conversation:str>/notes")
async def read(request: Request, conversation: str) -> HTTPResponse:
    """The notes; 204 when the page already shows them as they are."""
    session = await guard.session(request)
    shown = await _shown(request, session, conversation)
    if request.args.get("version") == shown.version:
        return empty()
    return _page(request, session, conversation, shown)


@blueprint.post("/chat/<conversation:str>/notes")
async def add(request: Request, conversation: str) -> HTTPResponse:
    """Keeps a note or the code word."""
    session = await guard.posting(request)
    form: dict[str, Any] = {key: values[0] for key, values in (request.form or {}).items()}
    text, kind = form.get("text", ""), BY_HAND.get(form.get("kind", "note"))
    if kind is None:
        raise Invalid("A note is either a note or the code word.")
    heart = cast(Heart, request.app.ctx.heart)
    identity = identity_of(pages.known(conversation))
    await heart.database.write(lambda c: notes.add(c, heart, session, identity, text, kind=kind))
    if "hx-request" not in request.headers:
        return redirect(f"/desk/chat/{conversation}/notes", status=303)
    response = _page(request, session, conversation, await _shown(request, session, conversation))
    response.headers["HX-Trigger-After-Settle"] = '{"told": "Saved."}'
    return response


async def _shown(request: Request, session: Session, conversation: str) -> Shown:
    heart = cast(Heart, request.app.ctx.heart)
    identity = identity_of(pages.known(conversation))

    def find(connection: Connection) -> Shown:
        _, entry = looking.readable(connection, session, identity, heart.now())
        return Shown(
            tuple(sorted(notes.read(connection, session, identity), key=lambda n: -n.number)),
            notes.unopened(connection, session, identity),
            entry.closed,
        )

    return await heart.database.read(find)


def _page(request: Request, session: Session, conversation: str, shown: Shown) -> HTTPResponse:
    zone = ZoneInfo(request.app.ctx.settings.timezone)
    return tool(
        request,
        "_notes.html",
        conversation,
        shown=shown,
        zone=zone,
        csrf=session.csrf,
        longest=notes.LONGEST,
    )
