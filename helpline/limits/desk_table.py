"""The desk's part of the table of routes; who may use each stays in `helpline.desk.roles`."""

from collections.abc import Mapping
from typing import Final

from helpline.desk import roles
from helpline.limits.row import Row

NO_BODY: Final = 1_024
FIELDS: Final = 8_192
"""A few short fields: a name, a password of 1,000 characters, a code, a choice."""
TEXT: Final = 65_536
"""A text of at most 4,000 characters, twelve bytes each, and what stands beside it."""
RECORD: Final = 262_144
"""A record's questions add up to some 20,000 characters, of twelve bytes at most as a form."""
CHAT: Final = "/desk/chat/<conversation>"
RECORDS: Final = "/desk/records/<number>"
BREAKING: Final = "/desk/breaking/<number>"
NOTHING: Final = "nothing"
LOGGED: Final = "an entry of the audit log"

# Method and path: the largest body, what is stored.
_KEPT: Final[Mapping[tuple[str, str], tuple[int, str]]] = {
    # signing in and out
    ("GET", "/desk/login"): (NO_BODY, NOTHING),
    ("POST", "/desk/login"): (FIELDS, f"a session, its keys wrapped under the cookie; {LOGGED}"),
    ("GET", "/desk"): (NO_BODY, NOTHING),
    ("POST", "/desk/sign-out"): (FIELDS, f"removes the session; {LOGGED}"),
    # the queue and chats
    ("GET", "/desk/queue"): (NO_BODY, NOTHING),
    ("GET", "/desk/stream"): (NO_BODY, NOTHING),
    ("POST", "/desk/here"): (FIELDS, "when the desk was last open"),
    ("POST", "/desk/active"): (FIELDS, "when the session was last used"),
    ("GET", CHAT): (NO_BODY, "that it was read, while a chat is opened without a yes"),
    ("GET", f"{CHAT}/messages"): (NO_BODY, NOTHING),
    ("POST", f"{CHAT}/messages"): (TEXT, "the message, sealed"),
    ("POST", f"{CHAT}/take"): (FIELDS, f"who holds the chat; {LOGGED}"),
    ("POST", f"{CHAT}/typing"): (FIELDS, NOTHING),
    ("POST", f"{CHAT}/end"): (FIELDS, f"that it ended, and when; {LOGGED}"),
    # alarms
    ("GET", "/desk/alarms"): (NO_BODY, NOTHING),
    # who holds a chat, who is here, who looks in
    ("GET", f"{CHAT}/brief"): (NO_BODY, NOTHING),
    ("GET", f"{CHAT}/pass-on"): (NO_BODY, NOTHING),
    ("POST", f"{CHAT}/pass-on"): (TEXT, f"to whom, and a sealed note; {LOGGED}"),
    ("POST", f"{CHAT}/hand-back"): (FIELDS, f"that the assistant has it; {LOGGED}"),
    ("POST", f"{CHAT}/ask-again"): (FIELDS, "the question to the young person, sealed"),
    ("POST", f"{CHAT}/look"): (FIELDS, f"who looks in, since when; {LOGGED}"),
    ("POST", f"{CHAT}/stop-looking"): (FIELDS, "that they stopped"),
    ("POST", f"{CHAT}/take-over"): (FIELDS, f"who holds the chat; {LOGGED}"),
    ("POST", f"{CHAT}/open"): (FIELDS, f"who asks, for which reason; {LOGGED}"),
    ("POST", f"{CHAT}/open/decide"): (FIELDS, f"the decision; {LOGGED}"),
    ("GET", "/desk/people"): (NO_BODY, NOTHING),
    ("POST", "/desk/presence"): (FIELDS, f"here, busy or on a break; {LOGGED} for a break"),
    ("GET", "/desk/chats"): (NO_BODY, NOTHING),
    # the desk's tools
    ("GET", f"{CHAT}/replies"): (NO_BODY, NOTHING),
    ("GET", f"{CHAT}/topics"): (NO_BODY, NOTHING),
    ("POST", f"{CHAT}/topics"): (FIELDS, "the answer that was sent, sealed"),
    ("GET", f"{CHAT}/services"): (NO_BODY, NOTHING),
    ("GET", f"{CHAT}/notes"): (NO_BODY, NOTHING),
    ("POST", f"{CHAT}/notes"): (TEXT, f"the note, sealed; {LOGGED}"),
    # the record of a chat
    ("GET", f"{CHAT}/record"): (NO_BODY, NOTHING),
    ("POST", f"{CHAT}/record"): (RECORD, "the record, sealed; its category and day"),
    ("POST", f"{CHAT}/record/finish"): (RECORD, f"the record, finished; {LOGGED}"),
    ("GET", "/desk/records"): (NO_BODY, NOTHING),
    ("POST", "/desk/records"): (FIELDS, NOTHING),
    ("GET", RECORDS): (NO_BODY, f"{LOGGED} where it is another's"),
    ("POST", RECORDS): (RECORD, "the record, sealed; its category and day"),
    ("POST", f"{RECORDS}/finish"): (RECORD, f"the record, finished; {LOGGED}"),
    ("POST", f"{RECORDS}/reopen"): (FIELDS, f"that it is open again; {LOGGED}"),
    ("POST", f"{RECORDS}/talk-seen"): (FIELDS, "that the wish for a talk was seen"),
    ("GET", "/desk/asks"): (NO_BODY, NOTHING),
    # breaking confidentiality
    ("GET", f"{CHAT}/breaking"): (NO_BODY, NOTHING),
    ("POST", f"{CHAT}/breaking"): (RECORD, f"the record of it, sealed; {LOGGED}"),
    ("POST", f"{CHAT}/breaking/decide"): (RECORD, f"the decision, sealed; {LOGGED}"),
    ("GET", BREAKING): (NO_BODY, f"{LOGGED} where it is another's"),
    ("GET", f"{BREAKING}/steps"): (NO_BODY, NOTHING),
    ("POST", BREAKING): (RECORD, f"the record of it, sealed; {LOGGED}"),
    ("POST", f"{BREAKING}/decide"): (RECORD, f"the decision, sealed; {LOGGED}"),
    ("POST", f"{BREAKING}/share"): (RECORD, f"what was shared with whom, sealed; {LOGGED}"),
    ("POST", f"{BREAKING}/add"): (TEXT, f"what was added, sealed; {LOGGED}"),
    ("POST", f"{BREAKING}/view"): (TEXT, f"the second view, sealed; {LOGGED}"),
    # holds of a chat as evidence
    ("GET", "/desk/holds"): (NO_BODY, NOTHING),
    ("POST", "/desk/holds/<conversation>"): (FIELDS, f"who asked or agreed, and why; {LOGGED}"),
    ("POST", "/desk/holds/<conversation>/read"): (FIELDS, LOGGED),
    # numbers
    ("GET", "/desk/numbers"): (NO_BODY, NOTHING),
    # staff, sessions, the audit log
    ("GET", "/desk/account"): (NO_BODY, NOTHING),
    ("POST", "/desk/account/password"): (FIELDS, f"the key wrapped anew; {LOGGED}"),
    ("POST", "/desk/account/sessions/<reference>/end"): (FIELDS, f"removes a session; {LOGGED}"),
    ("POST", "/desk/account/sessions/end-others"): (FIELDS, f"removes sessions; {LOGGED}"),
    ("GET", "/desk/staff"): (NO_BODY, NOTHING),
    ("POST", "/desk/staff/<person>/at-once"): (FIELDS, f"how many chats at once; {LOGGED}"),
    ("POST", "/desk/staff/<person>/leave"): (FIELDS, f"that they left; a new team key; {LOGGED}"),
    ("POST", "/desk/staff/<person>/access"): (FIELDS, f"the team's key sealed to them; {LOGGED}"),
    ("GET", "/desk/audit"): (NO_BODY, NOTHING),
}
_OF_ITS_OWN: Final = {
    ("POST", "/desk/login"): "wrong tries are slowed; two at a time",
    ("POST", "/desk/account/password"): "two at a time",
}


def _who(route: tuple[str, str]) -> str:
    if route in roles.OPEN:
        return "anybody"
    allowed = roles.ALLOWED.get(route, frozenset())
    everybody = allowed == roles.EVERYBODY
    return "everybody on the staff" if everybody else ", ".join(sorted(allowed)) or "nobody"


ROWS: Final[Mapping[tuple[str, str], Row]] = {
    **{
        route: Row(
            _who(route),
            largest,
            stores,
            stream=route[1] == "/desk/stream",
            more=_OF_ITS_OWN.get(route, ""),
        )
        for route, (largest, stores) in _KEPT.items()
    },
    ("GET", "/desk/static/<name>"): Row("anybody", NO_BODY, NOTHING, turn=False),
}
