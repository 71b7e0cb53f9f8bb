"""Starts the assistant on loopback with two routes, the turn and ``/health``; the rest of Rasa's
HTTP interface does not exist here.

Run as ``python -m bot.server --port P --model FILE --actions-url URL``, with WAYMARK_SECRET set.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bot import cores, models, quiet, secret
from bot.lean import serve_only

if TYPE_CHECKING:
    from sanic import Sanic

    from bot.assistant import Assistant

HOST = "127.0.0.1"
LARGEST_REQUEST = 1_000_000  # bytes; a state of 60 turns is below 20,000


def make_app(assistant: Assistant, shared: str) -> Sanic:
    """Return the app: ``POST /webhooks/turn/turn`` and ``GET /health``."""
    from rasa.core.channels.channel import register  # noqa: PLC0415  # after the logs are quiet
    from sanic import Sanic  # noqa: PLC0415
    from sanic.exceptions import SanicException  # noqa: PLC0415
    from sanic.request import Request  # noqa: PLC0415
    from sanic.response import HTTPResponse, json  # noqa: PLC0415

    from bot.turns import TurnInput  # noqa: PLC0415

    app = Sanic("waymark_bot", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = LARGEST_REQUEST
    app.config.MOTD = False
    register([TurnInput(assistant, shared)], app, route="/webhooks/")

    @app.get("/health")
    async def health(_: Request) -> HTTPResponse:
        return json({"model": True})

    @app.exception(Exception)
    async def failed(_: Request, error: Exception) -> HTTPResponse:
        status = error.status_code if isinstance(error, SanicException) else 500
        return json({"error": type(error).__name__}, status=status or 500)

    return app


def main() -> int:
    """Serve until stopped; on bad input one sentence, and the exit code is 2."""
    started = time.monotonic()
    arguments = _arguments()
    cores.forbid()
    quiet.keep_logs_free_of_words(getattr(logging, arguments.log_level))
    os.environ.update(RASA_TELEMETRY_ENABLED="false", SQLALCHEMY_SILENCE_UBER_WARNING="1")
    # A turn's matrices are small: more threads would only spin between turns, which took 61 ms of
    # processor for a turn in place of 6 (10 turns a second, two cores).
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    try:
        shared = secret.from_environment()
        model = models.check(arguments.model)
    except (secret.NoSecret, models.ModelRefused) as refused:
        print(refused, file=sys.stderr)
        return 2
    serve_only()
    from bot.assistant import Assistant, UnusableModel  # noqa: PLC0415

    try:
        assistant = Assistant.load(
            model,
            actions_url=arguments.actions_url,
            secret=shared,
            whole_state=arguments.whole_state,
        )
    except UnusableModel as refused:
        print(refused, file=sys.stderr)
        return 2
    app = make_app(assistant, shared)
    gc.collect()
    gc.freeze()  # what was loaded lives as long as the process: later collections skip it

    @app.after_server_start
    async def ready(*_: object) -> None:
        took = time.monotonic() - started
        print(f"the assistant answers on {HOST}:{arguments.port} ({took:.1f} s)", flush=True)

    try:
        app.run(HOST, arguments.port, access_log=False, debug=False, motd=False)
    except OSError:
        print(f"Port {arguments.port} is in use.", file=sys.stderr)
        return 2
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bot.server", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True, metavar="FILE")
    parser.add_argument("--actions-url", required=True, metavar="URL")
    parser.add_argument(
        "--log-level", default="WARNING", choices=["DEBUG", "INFO", "WARNING", "ERROR"]
    )
    parser.add_argument(
        "--whole-state", action="store_true", help="do not trim the state (for tests)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
