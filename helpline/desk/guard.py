"""Whether a request comes from a signed-in desk page; leaves what it may do to the conversation."""

from __future__ import annotations

import hmac
from typing import Final, cast
from urllib.parse import urlsplit

from sanic import HTTPResponse, Request
from sanic.exceptions import NotFound

from helpline.conversation import DeskSide, Heart, Session
from helpline.conversation.errors import NotSignedIn, WaymarkError
from helpline.desk import roles

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
LARGEST_NUMBER: Final = 2**31 - 1
"""The largest number that a row of any table has: a larger one in an address names nothing."""


class Foreign(WaymarkError):
    """The request was started by a page that is not ours."""

    status = 403
    code = "foreign"
    message = "This request did not come from the desk. Nothing was changed."


class Forged(WaymarkError):
    """A POST without the session's anti-forgery token, or with another one."""

    status = 403
    code = "forged"
    message = "This page is out of date, so nothing was changed. Reload it and try again."


class NotSecure(WaymarkError):
    """A sign-in over plain HTTP from elsewhere: its cookie could be read on the way."""

    status = 403
    code = "not_secure"
    message = "The desk needs a secure address, one that starts with https."


def side(request: Request) -> DeskSide:
    """The desk's side of the conversation, as `helpline.app` made it."""
    return cast(DeskSide, request.app.ctx.desk)


def heart(request: Request) -> Heart:
    """What both sides of a conversation share, as `helpline.app` made it."""
    return cast(Heart, request.app.ctx.heart)


def cookie_name(request: Request) -> str:
    """`__Host-desk` over https, where the browser itself demands Secure and Path=/; else `desk`."""
    return "__Host-desk" if request.scheme == "https" else "desk"


def secure(request: Request) -> None:
    """Raises NotSecure over plain HTTP that is not loopback."""
    try:
        host = urlsplit(f"//{request.host}").hostname
    except ValueError:  # no host at all, such as "[" or one with a letter that looks like another
        host = None
    if request.scheme != "https" and host not in LOOPBACK:
        raise NotSecure


def set_cookie(request: Request, response: HTTPResponse, value: str) -> None:
    """Gives the browser a new session id, for as long as the browser is open."""
    response.add_cookie(
        cookie_name(request),
        value,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.scheme == "https",
    )


def drop_cookie(request: Request, response: HTTPResponse) -> None:
    """Takes the session id out of the browser."""
    response.add_cookie(
        cookie_name(request),
        "",
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.scheme == "https",
        max_age=0,
    )


async def session(request: Request) -> Session:
    """The session of the request's cookie. Raises NotSignedIn, and NotAllowed for another role;
    NotFound for an address with a number that nothing has.
    """
    cookie = request.cookies.get(cookie_name(request))
    if not cookie:
        raise NotSignedIn
    used = roles.address_of(request) not in roles.BY_ITSELF
    found = await side(request).open(cookie, used=used)
    roles.check(request, found.role)
    numbers = (each for each in request.match_info.values() if isinstance(each, int))
    if any(each > LARGEST_NUMBER for each in numbers):
        raise NotFound("There is nothing here.")
    return found


def same_origin(request: Request) -> None:
    """Raises Foreign unless the request was started here, or by a program that is no browser.

    Every browser sends Sec-Fetch-Site or, on a POST, Origin; a request with neither carries no
    cookie that a foreign page could have borrowed. Under our Referrer-Policy a form of our own
    sends `Origin: null`, which counts only beside a Sec-Fetch-Site that vouches for it.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        raise Foreign
    origin = request.headers.get("origin")
    if origin == "null" and site is not None:
        return
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise Foreign


async def posting(request: Request) -> Session:
    """The session of a POST that may change something. Raises Foreign, NotSignedIn, Forged."""
    same_origin(request)
    found = await session(request)
    token = request.headers.get("x-csrf-token")
    if token is None and request.headers.get("content-type", "").startswith(
        "application/x-www-form-urlencoded"
    ):
        token = request.form.get("csrf") if request.form else None
    if not isinstance(token, str) or not hmac.compare_digest(
        token.encode("utf-8", "replace"), found.csrf.encode()
    ):
        raise Forged
    return found
