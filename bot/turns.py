"""The turn protocol over HTTP: who may ask, what a request holds; the assistant answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as answer

from bot.assistant import Assistant, Turn, UnknownPayload
from bot.emptied import types_of
from bot.secret import is_shown
from bot.state import BadState

LONGEST_TEXT = 2_000  # characters (contract.md)
LONGEST_PAYLOAD = 500  # characters; ours are below 100

log = logging.getLogger("waymark.turns")


class Refused(Exception):
    """A request that is not a turn: an HTTP status and a short code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class TurnInput(InputChannel):  # type: ignore[misc]
    """``POST turn``: state and message in, replies and state out. Nothing is kept."""

    def __init__(self, assistant: Assistant, secret: str) -> None:
        self._assistant = assistant
        self._secret = secret

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place under ``/webhooks``."""
        return "turn"

    def blueprint(self, on_new_message: Callable[[Any], Awaitable[Any]]) -> Blueprint:
        """Return the one route; Rasa's own handler is not used, as it would look for a store."""
        blueprint = Blueprint("turn", "turn")

        @blueprint.route("/turn", methods=["POST"])
        async def turn(request: Request) -> HTTPResponse:
            if not is_shown(request.headers.get("authorization"), self._secret):
                return _error(401, "wrong_secret")
            try:
                outcome = await self._assistant.take(parse(request.body))
            except Refused as refused:
                return _error(refused.status, refused.code)
            except BadState:
                return _error(422, "bad_state")
            except UnknownPayload:
                return _error(422, "unknown_payload")
            except Exception as error:
                log.error("turn failed: %s", types_of(error))
                return _error(500, "turn_failed")
            return answer(outcome.as_json(), dumps=json.dumps)

        return blueprint


def parse(body: bytes) -> Turn:
    """Read a request's body; raises Refused with 400, 413 or 422."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "not_json") from None
    if not isinstance(asked, dict):
        raise Refused(422, "not_an_object")
    text, payload, level = asked.get("text"), asked.get("payload"), asked.get("level", 0)
    if (text is None) == (payload is None):
        raise Refused(422, "text_or_payload")
    for value, longest in ((text, LONGEST_TEXT), (payload, LONGEST_PAYLOAD)):
        if value is None:
            continue
        if not isinstance(value, str) or not value.strip() or not _is_unicode(value):
            raise Refused(422, "text_or_payload")
        if len(value) > longest:
            raise Refused(413, "too_long")
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= 4:
        raise Refused(422, "level")
    return Turn(state=asked.get("state", []), text=text, payload=payload, level=level)


def _is_unicode(value: str) -> bool:
    """JSON can spell half a surrogate pair, which no encoder takes."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _error(status: int, code: str) -> HTTPResponse:
    return answer({"error": code}, status=status)
