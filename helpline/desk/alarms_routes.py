"""The strip of alarms on top of the desk; what is an alarm the conversation decides."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import empty

from helpline.conversation.alarms import alarms
from helpline.conversation.errors import WaymarkError
from helpline.desk import guard, view
from helpline.desk.refusals import refused

blueprint = Blueprint("desk_alarms", url_prefix="/desk")
blueprint.exception(WaymarkError)(refused)


@blueprint.get("/alarms")
async def strip(request: Request) -> HTTPResponse:
    """What this person must be told now, as a fragment; 204 when the page shows it already."""
    session = await guard.session(request)
    told = await alarms(request.app.ctx.heart, session)
    version = hashlib.sha256(repr(told).encode()).hexdigest()[:16]
    if request.args.get("alarms") == version:
        return empty()
    zone = ZoneInfo(request.app.ctx.settings.timezone)
    trouble = told.trouble and datetime.fromtimestamp(told.trouble, UTC).astimezone(zone)
    return view.page("_alarms.html", alarms=told, trouble=trouble, version=version)
