"""The desk's pages beside the chats: which a role may open, and what each is for.

`roles.ALLOWED` decides; a page of another part is added here by one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from sanic import HTTPResponse, Request

from helpline.conversation import Session
from helpline.desk import roles, view


@dataclass(frozen=True)
class Place:
    """A page: its address, what a link to it says, and what one can do there."""

    address: str
    title: str
    purpose: str


PLACES: Final = (
    Place("/desk/chats", "Past chats", "Chats that came to the desk and that you may open again."),
    Place("/desk/records", "Records", "Records of chats: what is to be written, and searching."),
    Place("/desk/holds", "Holds", "Deleted chats that are still to be erased, and evidence."),
    Place("/desk/numbers", "Numbers", "How chats ended, and what was answered after them."),
    Place("/desk/account", "Account", "Change your password; see and end your sessions."),
    Place("/desk/staff", "Staff", "Who is on the staff, chats at once, letting somebody go."),
    Place("/desk/audit", "Audit log", "Who did what when, without a word of any chat."),
)

ROLES: Final = {
    "worker": "You take chats.",
    "supervisor": "You take chats and look after those who do.",
    "editor": "You look after what the assistant says. You see no chat and no queue.",
    "admin": "You look after accounts. You see no chat and no queue.",
    "auditor": "You check who did what. You see no chat and no queue.",
}
"""What somebody of each role is here for."""


def places(role: roles.Role) -> tuple[Place, ...]:
    """The pages that this role may open, in the order of a menu."""
    return tuple(
        place for place in PLACES if role in roles.ALLOWED.get(("GET", place.address), frozenset())
    )


def page(
    request: Request, session: Session, template: str, status: int = 200, /, **values: Any
) -> HTTPResponse:
    """A page beside the chats, with its menu; `when` in it writes a time of seconds (UTC)."""
    settings = request.app.ctx.settings
    zone = ZoneInfo(settings.timezone)
    return view.page(
        template,
        status,
        service=settings.service_name,
        session=session,
        places=places(session.role),
        helper=session.role in roles.HELPERS,
        purpose=ROLES[session.role],
        when=partial(_when, zone),
        **values,
    )


def _when(zone: ZoneInfo, at: float, *, exact: bool = False) -> str:
    """A time of seconds (UTC) as in "21 Nov 2026, 20:14", with its seconds if it must be exact."""
    seconds = ":%S" if exact else ""
    return datetime.fromtimestamp(at, zone).strftime(f"%-d %b %Y, %H:%M{seconds}")


def home(request: Request, session: Session) -> HTTPResponse:
    """What the desk shows a role without chats: what they can do here, with links."""
    return page(request, session, "home.html", here="/desk")
