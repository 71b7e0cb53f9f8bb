"""Stands in for the assistant where the service alone is measured: a fixed reply to every turn.

`python -m bench.fixed_bot --port P`, with WAYMARK_SECRET set, speaks the wire format of
bot/turns.py; `tests/load/test_fixed_bot.py` holds both to it. With `--turn-seconds` it takes one
turn at a time and so long for each, as an assistant that has more to do than it can.
"""

import argparse
import asyncio
import os
from typing import Any

from aiohttp import web

FIXED = "You have a right to be safe, and to be heard. Ask me anything about it."
LONG = "long "  # "long 500" is answered with 500 letters
_REMEMBERED = 30  # events; the real state of a long chat is cut to about as many


def make_app(secret: str, turn_seconds: float = 0.0) -> web.Application:
    """The turn and `/health`, for the bot's address and the action server's alike."""
    one_at_a_time = asyncio.Lock()

    async def turn(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {secret}":
            return web.json_response({"error": "wrong_secret"}, status=401)
        asked = await request.json()
        if turn_seconds:
            async with one_at_a_time:
                await asyncio.sleep(turn_seconds)
        return web.json_response(_answer(asked))

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"model": True})

    app = web.Application()
    app.add_routes([web.post("/webhooks/turn/turn", turn), web.get("/health", health)])
    return app


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    text = str(asked.get("text") or "")
    letters = text.removeprefix(LONG) if text.startswith(LONG) else ""
    said = "x" * int(letters) if letters.isdigit() else FIXED
    intent = {"name": "ask_rights"}
    after = [
        {"event": "user", "parse_data": {"intent": intent, "entities": []}},
        {"event": "action", "name": "utter_rights"},
        {"event": "action", "name": "action_listen"},
    ]
    return {
        "replies": [{"text": said, "buttons": []}],
        "state": [*asked.get("state", []), *after][-_REMEMBERED:],
        "form_active": False,
        "intent": intent["name"],
        "topic": "T65",
        "confidence": 1.0,
    }


def main() -> None:
    """Serves on loopback until it is ended."""
    parser = argparse.ArgumentParser(prog="bench.fixed_bot", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--turn-seconds", type=float, default=0.0)
    options = parser.parse_args()
    app = make_app(os.environ["WAYMARK_SECRET"], options.turn_seconds)
    web.run_app(app, host="127.0.0.1", port=options.port, access_log=None, print=None)


if __name__ == "__main__":
    main()
