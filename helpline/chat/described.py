"""What the OpenAPI description says of bodies, answers and refusals; the routes are elsewhere."""

from collections.abc import Callable
from typing import Any, Final

from sanic_ext import openapi
from sanic_ext.extensions.openapi.types import Integer

from helpline.conversation.after import QUESTIONS
from helpline.conversation.incoming import LONGEST
from helpline.vault.return_code import LONGEST_CODE

Schema = dict[str, Any]
STREAM: Final = "text/event-stream"
LARGEST_NUMBER: Final = 999_999_999


def whole(properties: Schema, optional: tuple[str, ...] = (), **more: object) -> Schema:
    """An object of these properties and no others, all there but the optional ones."""
    required = [name for name in properties if name not in optional]
    lacking: Schema = {"required": required} if required else {}
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **lacking,
        **more,
    }


def as_json(schema: Schema) -> Any:
    """A schema as the body of a request or an answer."""
    return {"application/json": {"schema": schema}}


NUMBER: Final[Schema] = {"type": "integer", "minimum": 1}
WORDS: Final[Schema] = {"type": "string"}
_BUTTON: Final = whole({"id": WORDS, "title": WORDS})
EVENT: Final[Schema] = {
    "oneOf": [
        whole(
            {
                "type": {"type": "string", "enum": ["message"]},
                "number": NUMBER,
                "from": {
                    "type": "string",
                    "enum": ["young_person", "assistant", "worker", "service"],
                },
                "text": WORDS,
                "buttons": {"type": "array", "items": _BUTTON},
                "card": {
                    "type": "string",
                    "nullable": True,
                    "enum": [None, "hurt", "medical", "suicide", "missing"],
                },
            }
        ),
        whole(
            {
                "type": {"type": "string", "enum": ["state"]},
                "number": NUMBER,
                "owner": {"type": "string", "enum": ["assistant", "queue", "worker", "ended"]},
                "position": {"type": "integer", "nullable": True},
                "worker": {"type": "string", "nullable": True},
            }
        ),
    ]
}
EVENTS: Final[Schema] = {"type": "array", "items": EVENT}
STARTED: Final = as_json(whole({"token": WORDS, "events": EVENTS}))
LISTED: Final = {**as_json(whole({"events": EVENTS})), STREAM: {"schema": WORDS}}
KEPT: Final = as_json(whole({"number": NUMBER}))
_ID: Final[Schema] = {"type": "string", "format": "uuid"}
_TEXT: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST,
    "pattern": r"[^\s\x1c-\x1f\x85]",
}
MESSAGE: Final = as_json(
    {
        "oneOf": [
            whole({"id": _ID, "text": _TEXT}),
            whole({"id": _ID, "button": {"type": "string", "minLength": 1}}),
        ]
    }
)
CODE: Final = as_json(
    whole({"code": {"type": "string", "pattern": "[A-Za-z]", "maxLength": LONGEST_CODE}})
)
TOKEN: Final = as_json(whole({"token": WORDS}))
ASKED: Final = as_json(
    whole({"questions": {"type": "array", "items": {"type": "string", "enum": list(QUESTIONS)}}})
)
_ANSWER: Final[Schema] = {
    "type": "string",
    "nullable": True,
    "enum": ["yes", "a_bit", "no", None],
}
ANSWERS: Final = as_json(
    whole(
        {"answers": whole(dict.fromkeys(QUESTIONS, _ANSWER), optional=tuple(QUESTIONS))},
        optional=("answers",),
    )
)
AFTER: Final = Integer(minimum=0, maximum=LARGEST_NUMBER)  # type: ignore[no-untyped-call]

REFUSED: Final = as_json(whole({"error": whole({"code": WORDS, "message": WORDS})}))
_ALWAYS: Final = {
    413: "Larger than this call may be, or a text of more than 2,000 characters",
    429: "Slowed down: come back after Retry-After seconds",
    503: "A part is down; try again soon",
}
_WORDS: Final = {
    400: "Not JSON in UTF-8, or not HTTP",
    401: "Unknown or missing token",
    404: "Unknown button, or words that open no chat",
    409: "Ended, not asked, or an id that was used for another text",
    422: "Wrong type, missing or empty",
    **_ALWAYS,
}


def done[F: Callable[..., Any]](words: str) -> Callable[[F], F]:
    """Describes an answer without a body."""
    described: Callable[[F], F] = openapi.response(204, {}, words)
    return described


def refuses[F: Callable[..., Any]](*statuses: int) -> Callable[[F], F]:
    """Describes the refusals of a route: these, and those that every route has."""

    def describe(handler: F) -> F:
        for status in sorted({*statuses, *_ALWAYS}):
            handler = openapi.response(status, REFUSED, _WORDS[status])(handler)
        return handler

    return describe
