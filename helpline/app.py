"""Puts the service together from its parts; started by `waymark up` as `python -m helpline.app`."""

import asyncio
import gc
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sanic import Request, Sanic
from sanic.exceptions import PayloadTooLarge, SanicException
from sanic.response import BaseHTTPResponse, HTTPResponse, json
from sanic_ext import Extend, openapi
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from bot import cores, emptied
from helpline.broadcast import Broadcast
from helpline.chat.routes import blueprint as chat
from helpline.clock import RisingClock
from helpline.conversation import Answering, DeskSide, Heart, Sessions, YoungPersonSide
from helpline.conversation.after import AfterWords
from helpline.conversation.alerting import Alerting
from helpline.conversation.errors import PartDown, SlowDown, TooLong, WaymarkError
from helpline.conversation.forms import FormBroken, Forms
from helpline.conversation.lookout import Lookout
from helpline.conversation.offered import Offered
from helpline.conversation.retention import purge_now
from helpline.conversation.returning import Returning
from helpline.conversation.wording import Wording, WordingBroken
from helpline.desk.alarms_routes import blueprint as desk_alarms
from helpline.desk.breaking_routes import blueprint as desk_breaking
from helpline.desk.holds_routes import blueprint as desk_holds
from helpline.desk.notes_routes import blueprint as desk_notes
from helpline.desk.numbers_routes import blueprint as desk_numbers
from helpline.desk.owning_routes import blueprint as desk_owning
from helpline.desk.record_routes import blueprint as desk_record
from helpline.desk.routes import blueprint as desk
from helpline.desk.staff_routes import blueprint as desk_staff
from helpline.desk.tools_routes import blueprint as desk_tools
from helpline.dialogue import Dialogue
from helpline.facts import Facts, FactsError, values_of
from helpline.headers import security_headers
from helpline.home import HomeUnusable, SecretBroken, kept_secret, ready_mark
from helpline.limits.connections import BACKLOG, Connection, look_through, most_connections
from helpline.limits.enforcing import enforce
from helpline.limits.table import LARGEST
from helpline.openapi import ONLY_DESCRIPTION, Description
from helpline.settings import Settings, SettingsError
from helpline.store import returns
from helpline.store.database import Database
from helpline.tools import Tools, ToolsBroken
from helpline.vault.return_code import PEPPER_BYTES, WordsBroken, load_words
from safeguarding import Policy, SafeguardingError, Screener
from safeguarding.signals import load_signals

DESK = (
    desk,
    desk_alarms,
    desk_owning,
    desk_tools,
    desk_notes,
    desk_record,
    desk_breaking,
    desk_holds,
    desk_staff,
    desk_numbers,
)
DATA = Path(__file__).resolve().parent.parent / "data"
POSTGRES_IS_DOWN = ("08", "53", "57P")
"""Beginnings of its SQLSTATEs: no connection, no resources (disk, places), starting or stopping."""
PURGE_EVERY_S = 3600.0
OPENS_WITHIN_S = 5.0
"""A service that is started again goes on without a database that does not open within this."""
SWITCH_S = 0.0005
"""A thread that reads or writes lets the event loop go on after so long (Python: 5 ms)."""

log = logging.getLogger("waymark")


def create_app(settings: Settings) -> Sanic:  # type: ignore[type-arg]
    """Builds the service; reads data/ at once, opens the database when it starts.

    Raises SafeguardingError, WordingBroken, WordsBroken or FormBroken, each one sentence with the
    file, for a mistake in data/, and HomeUnusable or SecretBroken for the state folder.
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
        clock=RisingClock(lambda: datetime.now(UTC), time.monotonic),
        opens=settings.opens,
        on_call=settings.on_call,
        answer_within_s=settings.answer_within_minutes * 60,
        chats_kept_hours=settings.assistant_chats_kept_hours,
    )
    lookout = Lookout(heart, Alerting(settings.alerts, settings.on_call), settings)
    answering = Answering(heart)
    app = Sanic("waymark", configure_logging=False)
    app.config.update(
        ACCESS_LOG=False,
        REQUEST_MAX_SIZE=LARGEST,
        FORWARDED_SECRET=settings.forwarded_secret,
        REAL_IP_HEADER=None,
        PROXIES_COUNT=None,
        KEEP_ALIVE_TIMEOUT=75,
        GRACEFUL_SHUTDOWN_TIMEOUT=1.0,
        MOTD=False,
        FALLBACK_ERROR_FORMAT="json",
        API_TITLE="Waymark: the young person's interface",
    )
    app.ctx.settings = settings
    app.ctx.heart = heart
    app.ctx.young_person = YoungPersonSide(heart, answering)
    pepper, new_pepper = kept_secret(settings.home, "pepper", PEPPER_BYTES)
    app.ctx.after = AfterWords.load(DATA / "service" / "after.yml")
    app.ctx.returning = Returning(
        heart,
        pepper=pepper,
        words=load_words(DATA / "service" / "unfit_words.yml"),
        after=app.ctx.after,
    )
    signals = load_signals(DATA / "safeguarding" / "signals.yml")
    app.ctx.forms = Forms.load(DATA / "desk" / "record.yml", signals)
    app.ctx.tools = Tools.load(DATA, heart.facts)
    app.ctx.desk = DeskSide(heart, Sessions(heart, demo=settings.demo, on_their_phone=time.time))
    Extend(app, extensions=[Description], built_in_extensions=False, config=ONLY_DESCRIPTION)
    app.ext.openapi.add_security_scheme("token", "http", scheme="bearer")
    app.blueprint(chat)
    for blueprint in DESK:
        app.blueprint(blueprint)
        openapi.exclude(bp=blueprint)  # what the desk can do is no stranger's business
    app.add_route(_health, "/health", methods=["GET"])
    enforce(app, most_connections())
    app.error_handler.add(Exception, _refuse)
    app.on_response(_add_headers)  # type: ignore[no-untyped-call]

    @app.before_server_start
    async def open_parts(app: Sanic) -> None:  # type: ignore[type-arg]
        opening = partial(_open_database, heart.database, new_pepper=new_pepper)
        await _open_or_go_on(app, opening, again=ready_mark(settings.home).exists())
        await heart.dialogue.open()
        gc.collect()
        gc.freeze()

    @app.after_server_start
    async def keep_purging(app: Sanic) -> None:  # type: ignore[type-arg]
        app.add_task(_purge_hourly(heart, settings), name="purge")
        app.add_task(lookout.run(), name="lookout")
        app.add_task(look_through(app), name="connections")

    @app.before_server_stop
    async def stop_purging(app: Sanic) -> None:  # type: ignore[type-arg]
        await app.cancel_task("purge")
        await app.cancel_task("lookout")
        await app.cancel_task("connections")
        await app.cancel_task("opening", raise_exception=False)
        await lookout.stop()

    @app.after_server_stop
    async def close_parts(_: Sanic) -> None:  # type: ignore[type-arg]
        await answering.finish()
        await heart.dialogue.close()
        await heart.database.close()

    return app


async def _open_database(database: Database, *, new_pepper: bool) -> None:
    """Brings the tables to the newest migration, and says so if codes to come back are lost."""
    await database.upgrade()
    codes = await database.read(returns.count)
    if new_pepper and codes:
        log.error("the file pepper was missing and is new: codes given before open nothing")


async def _open_or_go_on(
    app: Sanic,  # type: ignore[type-arg]
    opening: Callable[[], Awaitable[None]],
    *,
    again: bool,
) -> None:
    """Opens the database; a service that is started `again` goes on while it cannot.

    The page with the emergency numbers needs no database. It is tried again until it opens.
    """
    try:
        async with asyncio.timeout(OPENS_WITHIN_S if again else None):
            await opening()
    except Exception as error:
        if not (again and _database_is_down(error)):
            raise
        log.error("the database does not answer at the start: %s", type(error).__name__)
        app.add_task(_until_open(opening), name="opening")


async def _until_open(opening: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(OPENS_WITHIN_S)
        with suppress(Exception):
            async with asyncio.timeout(OPENS_WITHIN_S):
                await opening()
            log.warning("the database answers again")
            return


async def _purge_hourly(heart: Heart, settings: Settings) -> None:
    while True:
        try:
            await purge_now(heart.database, settings, heart.clock())
        except Exception as error:
            log.error("purging failed: %s", type(error).__name__)
        await asyncio.sleep(PURGE_EVERY_S)


@openapi.exclude()
async def _health(request: Request) -> HTTPResponse:
    """Says which parts answer, no more; 503 while one does not."""
    parts = {"service": True, **await request.app.ctx.heart.dialogue.answering_parts()}
    return json(parts, status=200 if all(parts.values()) else 503)


def _refuse(request: Request, error: Exception) -> HTTPResponse:
    """Turns any error into the contract's JSON; an unexpected one is logged without its words."""
    headers = {}
    if isinstance(error, PayloadTooLarge):
        error = TooLong()
    if _database_is_down(error):
        log.error("the database does not answer: %s", type(error).__name__)
        error = PartDown()
    if isinstance(error, WaymarkError):
        if isinstance(error, SlowDown):
            headers["Retry-After"] = str(error.retry_after)
        return json(error.public(), status=error.status, headers=headers)
    status = error.status_code if isinstance(error, SanicException) else 500
    if status >= 500:
        log.error("%s", emptied.types_of(error))
    refusal = WaymarkError("There is nothing here." if status == 404 else None)
    if isinstance(error, SanicException):
        headers |= {name: value for name, value in error.headers.items() if name == "Allow"}
    refusal.code = {404: "not_found", 405: "method_not_allowed"}.get(status, "error")
    return json(refusal.public(), status=status, headers=headers)


def _database_is_down(error: Exception) -> bool:
    """Whether it does not answer, lost the connection, or has no room or connection left."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    if state.startswith(POSTGRES_IS_DOWN):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if type(error) is DatabaseError:  # its file is no database any more; a subclass is another
        return True
    return isinstance(error, OperationalError | InterfaceError | NoConnection | OSError)


def _add_headers(request: Request, response: BaseHTTPResponse) -> None:
    for name, value in security_headers(request.path, request.app.ctx.settings).items():
        response.headers.setdefault(name, value)


def main() -> None:
    """Starts the service; one sentence and exit code 2 when it cannot."""
    cores.forbid()
    sys.setswitchinterval(SWITCH_S)
    emptied.keep_logs_free_of_words(shown_as="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        settings = Settings.load()
        for name in ("", "sqlalchemy"):  # which heeds no level but its own
            logging.getLogger(name).setLevel(settings.log_level)
        app = create_app(settings)
    except (
        SettingsError,
        SafeguardingError,
        WordingBroken,
        WordsBroken,
        ToolsBroken,
        FactsError,
        FormBroken,
        HomeUnusable,
        SecretBroken,
    ) as error:
        print(f"waymark: {error}", file=sys.stderr)
        sys.exit(2)
    try:
        app.run(
            host=settings.host,
            port=settings.port,
            single_process=True,
            access_log=False,
            protocol=Connection,
            backlog=BACKLOG,
        )
    except (DBAPIError, ConnectionError) as error:
        print(f"waymark: The database cannot be opened: {type(error).__name__}.", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
