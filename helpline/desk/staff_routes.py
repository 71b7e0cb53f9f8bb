"""The addresses of accounts, staff and the audit log: reads a request, asks the conversation."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from helpline.conversation import Session, accounts, audit, departures, staffing
from helpline.conversation.errors import Invalid, NotSignedIn, PasswordWeak, WaymarkError
from helpline.conversation.passwords import SHORTEST
from helpline.desk import guard
from helpline.desk.places import page
from helpline.desk.refusals import refused

DONE: Final = {
    "password": "Your password is changed. Your other sessions have ended.",
    "ended": "That session has ended.",
    "others": "Your other sessions have ended.",
    "chats": "Chats at once are set.",
    "access": "They can open handed-off chats now.",
    "left": "They have left and can open nothing here.",
    "renewed": "They have left and can open nothing here. The team key is a new one.",
    "old-key": "They have left. The team key is still the old one: see below.",
}
"""What is said at the top of a page once something was done, by `done` in its address."""

blueprint = Blueprint("desk_staff", url_prefix="/desk")
blueprint.exception(WaymarkError)(refused)


@blueprint.get("/account")
async def account(request: Request) -> HTTPResponse:
    """One's own account: password and sessions."""
    return await _account(request, await guard.session(request))


@blueprint.post("/account/password")
async def change_password(request: Request) -> HTTPResponse:
    """Changes one's own password; every other session of one's own ends."""
    session = await guard.posting(request)
    present, code, new, again = (
        _field(request, name) for name in ("present", "code", "new", "again")
    )
    try:
        if new != again:
            raise PasswordWeak("The new password and its repetition differ.")
        await accounts.change_password(
            guard.heart(request),
            guard.side(request).sessions,
            session,
            present=present,
            code=code or None,
            new=new,
        )
    except NotSignedIn:
        raise
    except WaymarkError as error:
        return await _account(request, session, error)
    return _done("/desk/account", "password")


@blueprint.post("/account/sessions/<reference:str>/end")
async def end_session(request: Request, reference: str) -> HTTPResponse:
    """Ends one session of one's own."""
    session = await guard.posting(request)
    await accounts.end_session(guard.heart(request), session, reference)
    return _done("/desk/account", "ended")


@blueprint.post("/account/sessions/end-others")
async def end_others(request: Request) -> HTTPResponse:
    """Ends every session of one's own but this."""
    session = await guard.posting(request)
    await accounts.end_others(guard.heart(request), session)
    return _done("/desk/account", "others")


@blueprint.get("/staff")
async def staff(request: Request) -> HTTPResponse:
    """Who is on the staff."""
    return await _staff(request, await guard.session(request))


@blueprint.post("/staff/<person:int>/at-once")
async def set_at_once(request: Request, person: int) -> HTTPResponse:
    """Sets how many chats somebody takes at once."""
    session, heart = await guard.posting(request), guard.heart(request)
    try:
        count = _whole(_field(request, "chats"))
        await staffing.set_at_once(heart.database, session, person, count, heart.now())
    except Invalid as error:
        return await _staff(request, session, error)
    return _done("/desk/staff", "chats")


@blueprint.post("/staff/<person:int>/leave")
async def let_go(request: Request, person: int) -> HTTPResponse:
    """Has somebody leave the staff, at once."""
    session = await guard.posting(request)
    gone = await departures.let_go(guard.heart(request), session, person)
    words = {None: "left", True: "renewed", False: "old-key"}
    return _done("/desk/staff", words[gone.renewed])


@blueprint.get("/audit")
async def audit_log(request: Request) -> HTTPResponse:
    """The audit log, newest first; of one day, of one person, or all."""
    session, heart = await guard.session(request), guard.heart(request)
    day, person = _day(request.args.get("day")), _whole(request.args.get("person"))
    since, until = _bounds(day, ZoneInfo(request.app.ctx.settings.timezone))
    found = await audit.log(
        heart.database,
        session,
        before=_whole(request.args.get("before")) or None,
        since=since,
        until=until,
        person=person or None,
    )
    return page(
        request,
        session,
        "audit.html",
        here="/desk/audit",
        log=found,
        day=day.isoformat() if day else "",
        person=person,
    )


async def _account(
    request: Request, session: Session, problem: WaymarkError | None = None
) -> HTTPResponse:
    return page(
        request,
        session,
        "account.html",
        problem.status if problem else 200,
        **_told(request, problem),
        here="/desk/account",
        own=await accounts.own_sessions(guard.heart(request), session),
        code_needed=not request.app.ctx.settings.demo,
        shortest=SHORTEST,
    )


async def _staff(
    request: Request, session: Session, problem: WaymarkError | None = None
) -> HTTPResponse:
    everybody = await staffing.members(guard.heart(request).database, session)
    present = [person for person in everybody if person.left_at is None]
    return page(
        request,
        session,
        "staff.html",
        problem.status if problem else 200,
        **_told(request, problem),
        here="/desk/staff",
        present=present,
        left=[person for person in everybody if person.left_at is not None],
        may_give=session.role == "supervisor",
        let_go={person.staff for person in present if departures.may_let_go(session, person)},
        keyholder=any(person.role == "supervisor" and person.access for person in present),
        renewable=await staffing.renewable(guard.heart(request).database),
        most=staffing.MOST_AT_ONCE,
    )


def _told(request: Request, problem: WaymarkError | None) -> dict[str, Any]:
    done = None if problem else DONE.get(request.args.get("done") or "")
    return {"problem": problem.message if problem else None, "done": done}


def _done(address: str, word: str) -> HTTPResponse:
    return redirect(f"{address}?done={word}", status=303)


def _field(request: Request, key: str) -> str:
    value = request.form.get(key) if request.form else None
    return value if isinstance(value, str) else ""


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _bounds(day: date | None, zone: ZoneInfo) -> tuple[float | None, float | None]:
    """The first second of a day and of the next, in that zone (seconds, UTC)."""
    if day is None or not date.min < day < date.max:
        return None, None
    first, last = (
        datetime.combine(one, time(), zone).timestamp() for one in (day, day + timedelta(days=1))
    )
    return first, last
