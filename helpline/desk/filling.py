"""What pages with a form of data/desk/record.yml share: reading what was sent, and drawing it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from sanic import HTTPResponse, Request

from helpline.conversation import Heart, Session
from helpline.conversation.errors import WaymarkError
from helpline.conversation.forms import Forms
from helpline.conversation.record_opening import Saved
from helpline.conversation.saving import Sent
from helpline.desk import places, view

FIELD: Final = "q."
"""Before the name of each field of a form, so that none can be taken for one of the page's own."""
MISSING: Final = 422


def heart(request: Request) -> Heart:
    """The parts of the conversation."""
    return cast(Heart, request.app.ctx.heart)


def forms(request: Request) -> Forms:
    """The forms as the charity worded them."""
    return cast(Forms, request.app.ctx.forms)


def sent(request: Request) -> Sent:
    """What the page sent: fields of the form by their id, and which save of which page it is."""
    posted: Mapping[str, Sequence[str]] = request.form or {}
    fields = {
        name.removeprefix(FIELD): [value for value in values if isinstance(value, str)]
        for name, values in posted.items()
        if name.startswith(FIELD)
    }
    page = field(request, "page")[:64] or secrets.token_hex(8)
    return Sent(fields, page, number(field(request, "turn")), number(field(request, "after")))


def field(request: Request, name: str) -> str:
    """One value that the page sent, empty if it did not."""
    value = request.form.get(name) if request.form else None
    return value if isinstance(value, str) else ""


def number(text: str | None) -> int:
    """A whole number from 0, 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def is_part(request: Request) -> bool:
    """Whether a page that is open asks for a part of itself."""
    return "hx-request" in request.headers


def draw(
    request: Request,
    session: Session,
    names: tuple[str, str],
    status: int = 200,
    /,
    **values: Any,
) -> HTTPResponse:
    """A part for the page that is open, or the whole page with it; `names` are their templates, the
    same name twice for a page that has no part of its own.
    """
    part, whole = names
    given = {"forms": forms(request), "page_name": secrets.token_hex(8), **times(request), **values}
    if is_part(request) and part != whole:
        return view.page(part, status, session=session, **given)
    given.pop("when")
    return places.page(request, session, whole, status, **{"here": "/desk/records", **given})


def times(request: Request) -> dict[str, Callable[[Any], str]]:
    """How times are written: `when` and `clock` from seconds (UTC), `date` from days since 1970."""
    zone = ZoneInfo(request.app.ctx.settings.timezone)

    def at(seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, zone)

    def date(days: int) -> str:
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days):%-d %b %Y}"

    return {
        "when": lambda seconds: f"{at(seconds):%-d %b %Y, %H:%M}",
        "clock": lambda seconds: f"{at(seconds):%H:%M}",
        "date": date,
    }


def saved(request: Request, form: str, kept: Saved) -> HTTPResponse:
    """Says that it is saved, and by which number it is known from now on."""
    return view.page("record_saved.html", form=form, kept=kept, **times(request))


def not_saved(error: WaymarkError) -> HTTPResponse:
    """Says why it was not saved, where the form says whether it is (record.js puts it there)."""
    return view.page("_problem.html", error.status, problem=error.message)


def in_place(response: HTTPResponse, target: str) -> HTTPResponse:
    """Puts an answer that is not a success where the form stands."""
    response.headers.update({"HX-Retarget": target, "HX-Reswap": "outerHTML"})
    return response
