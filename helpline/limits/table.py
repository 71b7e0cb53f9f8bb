"""Every route of the service: the one table that limits are enforced from and described from.

A route that is not in it opens to nobody; a test compares it with the routes of the running app.
"""

from collections.abc import Mapping
from typing import Final

from helpline.limits import desk_table
from helpline.limits.paces import STARTING, STEPS, TYPING, WRITING
from helpline.limits.row import Row

NO_BODY: Final = 1_024
"""Nothing is read of it; some programs send a few bytes all the same."""
STEP: Final = 4_096
"""Six words, four answers, a token, an id."""
MESSAGE: Final = 32_768
"""2,000 characters of twelve bytes, as JSON and forms may write one, and an id."""
FORM: Final = 65_536
"""A form with a message that is too long still gets the page that says so, with the text in it."""

ANYBODY: Final = "anybody"
CHAT: Final = "who has the chat's token"

YOUNG_PERSON: Final[Mapping[tuple[str, str], Row]] = {
    # the interface of contract.md
    ("POST", "/api/conversations"): Row(
        ANYBODY, NO_BODY, "a chat: its sealed greeting, a wrapped key, the hour", (STARTING,)
    ),
    ("POST", "/api/conversations/return"): Row(
        ANYBODY, STEP, "the chat's key wrapped under a new token", (), more="wrong codes are slowed"
    ),
    ("POST", "/api/conversation/messages"): Row(
        CHAT, MESSAGE, "the message and its verdict, sealed; the hour", (WRITING,)
    ),
    ("GET", "/api/conversation/events"): Row(CHAT, NO_BODY, "nothing", stream=True),
    ("POST", "/api/conversation/typing"): Row(CHAT, NO_BODY, "nothing", (TYPING,)),
    ("POST", "/api/conversation/handoff"): Row(
        CHAT, NO_BODY, "a place in the queue; the chat's key sealed to the team", (STEPS,)
    ),
    ("DELETE", "/api/conversation/handoff"): Row(
        CHAT, NO_BODY, "that nobody is waited for; a new key epoch", (STEPS,)
    ),
    ("POST", "/api/conversation/return-code"): Row(
        CHAT, NO_BODY, "a tag and the key wrapped under the code", (STEPS,), more="two at a time"
    ),
    ("GET", "/api/conversation/feedback"): Row(CHAT, NO_BODY, "nothing"),
    ("POST", "/api/conversation/feedback"): Row(
        CHAT, STEP, "counts of the day; that it was answered", (STEPS,)
    ),
    ("POST", "/api/conversation/end"): Row(
        CHAT, STEP, "counts of the day; removes the token's wrap", (STEPS,)
    ),
    ("DELETE", "/api/conversation"): Row(
        CHAT, NO_BODY, "a count of the day; removes keys, then rows", (STEPS,)
    ),
    # pages
    ("GET", "/"): Row(ANYBODY, NO_BODY, "nothing", turn=False),
    ("POST", "/say"): Row(
        CHAT + ", or of a fresh page",
        FORM,
        "as messages, new chats and handoff above",
        (WRITING,),
        stream=True,
        more="new chats as above",
    ),
    ("POST", "/after"): Row(CHAT, STEP, "as the steps above", (STEPS,)),
    ("GET", "/back"): Row(ANYBODY, NO_BODY, "nothing"),
    ("POST", "/back"): Row(
        ANYBODY,
        STEP,
        "the chat's key wrapped under a new token",
        stream=True,
        more="wrong codes are slowed",
    ),
    ("GET", "/exit"): Row(ANYBODY, NO_BODY, "nothing", turn=False),
    ("POST", "/exit"): Row(
        ANYBODY, STEP, "a count of the day; removes the token's wrap", turn=False
    ),
    ("GET", "/embed.js"): Row(ANYBODY, NO_BODY, "nothing", turn=False),
    ("GET", "/static/chat/<digest>/<name>"): Row(ANYBODY, NO_BODY, "nothing", turn=False),
    # for machines
    ("GET", "/health"): Row(ANYBODY, NO_BODY, "nothing"),
    ("GET", "/docs/openapi.json"): Row(ANYBODY, NO_BODY, "nothing"),
}

TABLE: Final[Mapping[tuple[str, str], Row]] = {**YOUNG_PERSON, **desk_table.ROWS}
LARGEST: Final = max(row.largest for row in TABLE.values())
