"""Who may use which address of the desk: the whole table, and the one check of it.

A route that is not in the table opens to nobody; a test compares the table with the routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sanic import Request

from helpline.conversation.errors import NotAllowed

Role = str
HELPERS: Final = frozenset({"worker", "supervisor"})
SUPERVISOR: Final = frozenset({"supervisor"})
EVERYBODY: Final = frozenset({"worker", "supervisor", "editor", "admin", "auditor"})

# Addresses that need no session, or tell a stranger only that they need one.
OPEN: Final = frozenset({("GET", "/desk/login"), ("POST", "/desk/login")})

ALLOWED: Final[Mapping[tuple[str, str], frozenset[Role]]] = {
    # signing in and out
    ("GET", "/desk"): EVERYBODY,
    ("POST", "/desk/sign-out"): EVERYBODY,
    # the queue and chats
    ("GET", "/desk/queue"): HELPERS,
    ("GET", "/desk/stream"): HELPERS,
    ("POST", "/desk/here"): HELPERS,
    ("GET", "/desk/chat/<conversation>"): HELPERS,
    ("GET", "/desk/chat/<conversation>/messages"): HELPERS,
    ("POST", "/desk/chat/<conversation>/messages"): HELPERS,
    ("POST", "/desk/chat/<conversation>/take"): HELPERS,
    ("POST", "/desk/chat/<conversation>/typing"): HELPERS,
    ("POST", "/desk/chat/<conversation>/end"): HELPERS,
    # the desk's tools: replies, topics, services
    # the record of a chat
    # breaking confidentiality
    # staff, sessions, the audit log
    ("POST", "/desk/staff/<person>/access"): SUPERVISOR,
}


def address_of(request: Request) -> tuple[str, str]:
    """The method and path of a request as the table names them ("/desk/chat/<conversation>")."""
    route = request.route
    parts = [] if route is None else [_plain(part) for part in route.path.split("/") if part]
    return "GET" if request.method == "HEAD" else request.method, "/" + "/".join(parts)


def _plain(part: str) -> str:
    name, typed, _ = part.partition(":")
    return f"{name}>" if typed and part.startswith("<") else part


def check(request: Request, role: Role) -> None:
    """Raises NotAllowed unless the table lets this role use this address."""
    address = address_of(request)
    if address not in OPEN and role not in ALLOWED.get(address, frozenset()):
        raise NotAllowed
