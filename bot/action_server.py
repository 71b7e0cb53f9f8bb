"""Serves the actions of ``actions/`` on loopback, behind the shared secret.

Rasa's own action server listens on every address and answers anyone, so only its executor is used.
Run as ``python -m bot.action_server --port P``, with WAYMARK_SECRET set.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from typing import TYPE_CHECKING

from actions.services import BadFacts
from bot import cores, emptied, quiet, secret

if TYPE_CHECKING:
    from sanic import Sanic

HOST = "127.0.0.1"
LARGEST_REQUEST = 1_000_000  # bytes

log = logging.getLogger("waymark.actions")


def make_app(shared: str) -> Sanic:
    """Return the app: ``POST /webhook``, as Rasa calls it, and ``GET /health``."""
    from rasa_sdk.executor import ActionExecutor  # noqa: PLC0415  # after the logs are quiet
    from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException  # noqa: PLC0415
    from sanic import Sanic  # noqa: PLC0415
    from sanic.exceptions import SanicException  # noqa: PLC0415
    from sanic.request import Request  # noqa: PLC0415
    from sanic.response import HTTPResponse  # noqa: PLC0415
    from sanic.response import json as answer  # noqa: PLC0415

    app = Sanic("waymark_actions", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = LARGEST_REQUEST
    executor = ActionExecutor()
    executor.register_package("actions")

    @app.get("/health")
    async def health(_: Request) -> HTTPResponse:
        return answer({"actions": sorted(executor.actions)})

    @app.post("/webhook")
    async def webhook(request: Request) -> HTTPResponse:
        if not secret.is_shown(request.headers.get("authorization"), shared):
            return answer({"error": "wrong_secret"}, status=401)
        try:
            call = json.loads(request.body)
            name = call["next_action"]
        except (ValueError, KeyError, TypeError):
            return answer({"error": "not_an_action_call"}, status=400)
        try:
            return answer(await executor.run(call))
        except ActionExecutionRejection:
            return answer({"error": "rejected", "action_name": name}, status=400)
        except ActionNotFoundException:
            return answer({"error": "unknown_action"}, status=404)

    @app.exception(Exception)
    async def failed(_: Request, error: Exception) -> HTTPResponse:
        status = error.status_code if isinstance(error, SanicException) else 500
        if status == 500:
            log.error("action failed: %s", emptied.types_of(error))
        return answer({"error": type(error).__name__}, status=status)

    return app


def main() -> int:
    """Serve until stopped; on bad input one sentence, and the exit code is 2."""
    parser = argparse.ArgumentParser(prog="bot.action_server", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--log-level", default="WARNING", choices=["DEBUG", "INFO", "WARNING", "ERROR"]
    )
    arguments = parser.parse_args()
    cores.forbid()
    quiet.keep_logs_free_of_words(getattr(logging, arguments.log_level))
    try:
        app = make_app(secret.from_environment())
    except (secret.NoSecret, BadFacts) as refused:
        print(refused, file=sys.stderr)
        return 2

    @app.after_server_start
    async def ready(*_: object) -> None:
        print(f"the actions answer on {HOST}:{arguments.port}", flush=True)

    try:
        app.run(HOST, arguments.port, access_log=False, debug=False, motd=False)
    except OSError:
        print(f"Port {arguments.port} is in use.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
