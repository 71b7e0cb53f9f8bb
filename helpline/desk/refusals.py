"""How a refusal looks: one sentence where the worker is looking; what is refused others decide."""

from __future__ import annotations

from sanic import HTTPResponse, Request
from sanic.response import json, redirect

from helpline.conversation.errors import NotSignedIn, SlowDown, WaymarkError
from helpline.desk import guard, view


async def refused(request: Request, error: WaymarkError) -> HTTPResponse:
    """One sentence in the place where the worker is looking, or the sign-in page."""
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, SlowDown) else {}
    response: HTTPResponse
    if "hx-request" in request.headers:
        response = view.page("_problem.html", error.status, problem=error.message)
        headers |= {"HX-Retarget": "#problem", "HX-Reswap": "innerHTML"}
        if isinstance(error, NotSignedIn):
            headers["HX-Redirect"] = "/desk/login"
        elif error.status == 409:
            headers["HX-Trigger"] = "refresh"
    elif request.headers.get("accept", "").startswith("text/html"):
        if isinstance(error, NotSignedIn) and request.method == "GET":
            response = redirect("/desk/login")
        else:
            response = view.page("problem.html", error.status, problem=error.message, csrf=None)
    else:
        body = {"error": {"code": error.code, "message": error.message}}
        response = json(body, status=error.status)
    response.headers.update(headers)
    if isinstance(error, NotSignedIn):
        guard.drop_cookie(request, response)
    return response
