"""The address of the numbers: how chats ended, and what was answered, by week."""

from __future__ import annotations

from typing import Final

from sanic import Blueprint, HTTPResponse, Request

from helpline.conversation import Heart, numbers, tally
from helpline.conversation.errors import WaymarkError
from helpline.desk import guard
from helpline.desk.places import page
from helpline.desk.refusals import refused

COUNTED: Final = {
    tally.ENDED: "Chats ended, by the young person or the worker",
    tally.LEFT_QUICKLY: "Left quickly: never asked",
    tally.DELETED: "Deleted by the young person: never asked",
    tally.LEVEL_4: "Reached level 4: never asked",
    tally.DECLINED: "Said not now to a helper, or stopped waiting",
    tally.NOBODY_CAME: "Told that no helper could come",
    tally.CAME_BACK: "Came back with a code",
}
"""What stands beside the answers, in this order."""

blueprint = Blueprint("desk_numbers", url_prefix="/desk")
blueprint.exception(WaymarkError)(refused)


@blueprint.get("/numbers")
async def show(request: Request) -> HTTPResponse:
    """The last twelve weeks, for supervisors."""
    session = await guard.session(request)
    heart: Heart = request.app.ctx.heart
    return page(
        request,
        session,
        "numbers.html",
        here="/desk/numbers",
        weeks=await numbers.by_week(heart, session),
        asked=tally.ASKED,
        counted=COUNTED,
        after=request.app.ctx.after,
    )
