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
OVERSEERS: Final = frozenset({"admin", "supervisor"})
AUDIT: Final = frozenset({"auditor", "supervisor"})
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
    ("POST", "/desk/active"): HELPERS,
    ("GET", "/desk/chat/<conversation>"): HELPERS,
    ("GET", "/desk/chat/<conversation>/messages"): HELPERS,
    ("POST", "/desk/chat/<conversation>/messages"): HELPERS,
    ("POST", "/desk/chat/<conversation>/take"): HELPERS,
    ("POST", "/desk/chat/<conversation>/typing"): HELPERS,
    ("POST", "/desk/chat/<conversation>/end"): HELPERS,
    # alarms
    ("GET", "/desk/alarms"): HELPERS,
    # who holds a chat, who is here, who looks in
    ("GET", "/desk/chat/<conversation>/brief"): HELPERS,
    ("GET", "/desk/chat/<conversation>/pass-on"): HELPERS,
    ("POST", "/desk/chat/<conversation>/pass-on"): HELPERS,
    ("POST", "/desk/chat/<conversation>/hand-back"): HELPERS,
    ("POST", "/desk/chat/<conversation>/ask-again"): HELPERS,
    ("POST", "/desk/chat/<conversation>/look"): SUPERVISOR,
    ("POST", "/desk/chat/<conversation>/stop-looking"): SUPERVISOR,
    ("POST", "/desk/chat/<conversation>/take-over"): SUPERVISOR,
    ("POST", "/desk/chat/<conversation>/open"): HELPERS,
    ("POST", "/desk/chat/<conversation>/open/decide"): SUPERVISOR,
    ("GET", "/desk/people"): HELPERS,
    ("POST", "/desk/presence"): HELPERS,
    ("GET", "/desk/chats"): HELPERS,
    # the desk's tools: replies, topics, services
    ("GET", "/desk/chat/<conversation>/replies"): HELPERS,
    ("GET", "/desk/chat/<conversation>/topics"): HELPERS,
    ("POST", "/desk/chat/<conversation>/topics"): HELPERS,
    ("GET", "/desk/chat/<conversation>/services"): HELPERS,
    ("GET", "/desk/chat/<conversation>/notes"): HELPERS,
    ("POST", "/desk/chat/<conversation>/notes"): HELPERS,
    # the record of a chat
    ("GET", "/desk/chat/<conversation>/record"): HELPERS,
    ("POST", "/desk/chat/<conversation>/record"): HELPERS,
    ("POST", "/desk/chat/<conversation>/record/finish"): HELPERS,
    ("GET", "/desk/records"): HELPERS,
    ("POST", "/desk/records"): HELPERS,
    ("GET", "/desk/records/<number>"): HELPERS,
    ("POST", "/desk/records/<number>"): HELPERS,
    ("POST", "/desk/records/<number>/finish"): HELPERS,
    ("POST", "/desk/records/<number>/reopen"): SUPERVISOR,
    ("POST", "/desk/records/<number>/talk-seen"): SUPERVISOR,
    ("GET", "/desk/asks"): HELPERS,
    # breaking confidentiality
    ("GET", "/desk/chat/<conversation>/breaking"): HELPERS,
    ("POST", "/desk/chat/<conversation>/breaking"): HELPERS,
    ("POST", "/desk/chat/<conversation>/breaking/decide"): HELPERS,
    ("GET", "/desk/breaking/<number>"): HELPERS,
    ("GET", "/desk/breaking/<number>/steps"): HELPERS,
    ("POST", "/desk/breaking/<number>"): HELPERS,
    ("POST", "/desk/breaking/<number>/decide"): HELPERS,
    ("POST", "/desk/breaking/<number>/share"): HELPERS,
    ("POST", "/desk/breaking/<number>/add"): HELPERS,
    ("POST", "/desk/breaking/<number>/view"): HELPERS,
    # chats held as evidence
    ("GET", "/desk/holds"): SUPERVISOR,
    ("POST", "/desk/holds/<conversation>"): SUPERVISOR,
    ("POST", "/desk/holds/<conversation>/read"): SUPERVISOR,
    # numbers
    ("GET", "/desk/numbers"): SUPERVISOR,
    # staff, sessions, the audit log
    ("GET", "/desk/account"): EVERYBODY,
    ("POST", "/desk/account/password"): EVERYBODY,
    ("POST", "/desk/account/sessions/<reference>/end"): EVERYBODY,
    ("POST", "/desk/account/sessions/end-others"): EVERYBODY,
    ("GET", "/desk/staff"): OVERSEERS,
    ("POST", "/desk/staff/<person>/at-once"): OVERSEERS,
    ("POST", "/desk/staff/<person>/leave"): OVERSEERS,
    ("POST", "/desk/staff/<person>/access"): SUPERVISOR,
    ("GET", "/desk/audit"): AUDIT,
}


# What an open page asks by itself, whether or not somebody sits there: it keeps no session alive.
BY_ITSELF: Final = frozenset(
    {
        ("GET", "/desk/queue"),
        ("GET", "/desk/stream"),
        ("GET", "/desk/people"),
        ("GET", "/desk/asks"),
        ("GET", "/desk/alarms"),
        ("GET", "/desk/chat/<conversation>/messages"),
        ("GET", "/desk/chat/<conversation>/brief"),
        ("GET", "/desk/chat/<conversation>/notes"),
        ("GET", "/desk/breaking/<number>/steps"),
        ("POST", "/desk/here"),
    }
)


def address_of(request: Request) -> tuple[str, str]:
    """The method and path of a request as the table names them ("/desk/chat/<conversation>")."""
    route = request.route
    return named(request.method, "" if route is None else route.path)


def named(method: str, path: str) -> tuple[str, str]:
    """A route's method and path ("desk/chat/<conversation:str>") as a table names them."""
    parts = (_plain(part) for part in path.split("/") if part)
    return "GET" if method == "HEAD" else method, "/" + "/".join(parts)


def _plain(part: str) -> str:
    name, typed, _ = part.partition(":")
    return f"{name}>" if typed and part.startswith("<") else part


def check(request: Request, role: Role) -> None:
    """Raises NotAllowed unless the table lets this role use this address."""
    address = address_of(request)
    if address not in OPEN and role not in ALLOWED.get(address, frozenset()):
        raise NotAllowed
