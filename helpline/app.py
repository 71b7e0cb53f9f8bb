"""Puts the service together from its parts; started by `waymark up` as `python -m helpline.app`."""

import asyncio
import gc
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from sanic import Request, Sanic
from sanic.exceptions import PayloadTooLarge, SanicException
from sanic.response import BaseHTTPResponse, HTTPResponse, json
from sanic_ext import Extend
from sqlalchemy.exc import InterfaceError, OperationalError

from helpline.broadcast import Broadcast
from helpline.chat.routes import blueprint as chat
from helpline.conversation import Answering, DeskSide, Heart, Sessions, YoungPersonSide
from helpline.conversation.errors import PartDown, SlowDown, TooLong, WaymarkError
from helpline.conversation.offered import Offered
from helpline.conversation.retention import purge_now
from helpline.conversation.wording import Wording, WordingBroken
from helpline.desk.routes import blueprint as desk
from helpline.dialogue import Dialogue
from helpline.facts import Facts, FactsError, values_of
from helpline.headers import security_headers
from helpline.openapi import ONLY_DESCRIPTION, Description
from helpline.settings import Settings, SettingsError
from helpline.store.database import Database
from safeguarding import Policy, SafeguardingError, Screener

DATA = Path(__file__).resolve().parent.parent / "data"
LONGEST_REQUEST = 100_000
PURGE_EVERY_S = 3600.0

log = logging.getLogger("waymark")


def create_app(settings: Settings) -> Sanic:  # type: ignore[type-arg]
    """Builds the service; reads data/ at once, opens the database when it starts.

    Raises SafeguardingError or WordingBroken, each one sentence with file and line, for a mistake
    in data/.
    """
    heart = Heart(
        database=Database.open(settings.database_url),
        broadcast=Broadcast(),
        offered=Offered(),
        dialogue=Dialogue(
            url=settings.bot_url or "",
            actions_url=settings.actions_url or "",
            secret=settings.secret or "",
        ),
        screener=Screener.load(DATA / "safeguarding"),
        policy=Policy.load(DATA / "safeguarding"),
        facts=Facts.load(DATA / "facts", values_of(settings)),
        wording=Wording.load(DATA / "service" / "wording.yml"),
        clock=lambda: datetime.now(UTC),
        opens=settings.opens,
    )
    answering = Answering(heart)
    app = Sanic("waymark", configure_logging=False)
    app.config.update(
        ACCESS_LOG=False,
        REQUEST_MAX_SIZE=LONGEST_REQUEST,
        KEEP_ALIVE_TIMEOUT=75,
        GRACEFUL_SHUTDOWN_TIMEOUT=1.0,
        MOTD=False,
        FALLBACK_ERROR_FORMAT="json",
    )
    app.ctx.settings = settings
    app.ctx.heart = heart
    app.ctx.young_person = YoungPersonSide(heart, answering)
    app.ctx.desk = DeskSide(heart, Sessions(heart, demo=settings.demo))
    Extend(app, extensions=[Description], built_in_extensions=False, config=ONLY_DESCRIPTION)
    app.ext.openapi.add_security_scheme("token", "http", scheme="bearer")
    app.blueprint(chat)
    app.blueprint(desk)
    app.add_route(_health, "/health", methods=["GET"])
    app.error_handler.add(Exception, _refuse)
    app.on_response(_add_headers)  # type: ignore[no-untyped-call]

    @app.before_server_start
    async def open_parts(_: Sanic) -> None:  # type: ignore[type-arg]
        await heart.database.upgrade()
        await heart.dialogue.open()
        gc.collect()
        gc.freeze()

    @app.after_server_start
    async def keep_purging(app: Sanic) -> None:  # type: ignore[type-arg]
        app.add_task(_purge_hourly(heart, settings), name="purge")

    @app.before_server_stop
    async def stop_purging(app: Sanic) -> None:  # type: ignore[type-arg]
        await app.cancel_task("purge")

    @app.after_server_stop
    async def close_parts(_: Sanic) -> None:  # type: ignore[type-arg]
        await answering.finish()
        await heart.dialogue.close()
        await heart.database.close()

    return app


async def _purge_hourly(heart: Heart, settings: Settings) -> None:
    while True:
        try:
            await purge_now(heart.database, settings, heart.clock())
        except Exception as error:
            log.error("purging failed: %s", type(error).__name__)
        await asyncio.sleep(PURGE_EVERY_S)


async def _health(request: Request) -> HTTPResponse:
    """Says which parts answer, no more; 503 while one does not."""
    parts = {"service": True, **await request.app.ctx.heart.dialogue.answering_parts()}
    return json(parts, status=200 if all(parts.values()) else 503)


def _refuse(request: Request, error: Exception) -> HTTPResponse:
    """Turns any error into the contract's JSON; an unexpected one is logged without its words."""
    headers = {}
    if isinstance(error, PayloadTooLarge):
        error = TooLong()
    if isinstance(error, OperationalError | InterfaceError | OSError):
        log.error("the database does not answer: %s", type(error).__name__)
        error = PartDown()
    if isinstance(error, WaymarkError):
        if isinstance(error, SlowDown):
            headers["Retry-After"] = str(error.retry_after)
        return json(error.public(), status=error.status, headers=headers)
    status = error.status_code if isinstance(error, SanicException) else 500
    if status >= 500:
        frames = traceback.extract_tb(error.__traceback__)
        where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-4:]))
        log.error("%s at %s", type(error).__name__, where)
    refusal = WaymarkError("There is nothing here." if status == 404 else None)
    refusal.code = {404: "not_found", 405: "method_not_allowed"}.get(status, "error")
    return json(refusal.public(), status=status)


def _add_headers(request: Request, response: BaseHTTPResponse) -> None:
    for name, value in security_headers(request.path, request.app.ctx.settings).items():
        response.headers.setdefault(name, value)


def main() -> None:
    """Starts the service; one sentence and exit code 2 when it cannot."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s"
    )
    try:
        settings = Settings.load()
        app = create_app(settings)
    except (SettingsError, SafeguardingError, WordingBroken, FactsError) as error:
        sys.exit(f"waymark: {error}")
    app.run(host=settings.host, port=settings.port, single_process=True, access_log=False)


if __name__ == "__main__":
    main()
