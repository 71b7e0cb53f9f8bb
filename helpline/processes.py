"""`waymark up`: refuses what cannot work, starts every part, watches them, stops them all."""

import errno
import fcntl
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, Never

from bot import models
from helpline.home import HomeUnusable, make_home, ready_mark
from helpline.settings import ROOT, Settings
from helpline.supervision import Part, Supervisor, SupervisorGone

BOT_PYTHON: Final = ROOT / ".venvs" / "bot" / "bin" / "python"
STARTS_WITHIN_S: Final = 120.0  # the first time; on two busy cores the assistant has taken 30
RESTARTS_WITHIN_S: Final = 60.0
SILENT_FOR_S: Final = 10.0  # a part that answered before and is silent this long is restarted
LOOK_EVERY_S: Final = 2.0
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StartRefused(Exception):
    """Something outside has to change first; the message is one sentence. Exit code 2."""


class PartFailed(Exception):
    """A part did not start or was lost; the message is one sentence. Exit code 1."""


class _Stop(BaseException):
    """A signal asked to stop."""


def up(settings: Settings, parts_of: Callable[[Settings], tuple[Part, ...]] | None = None) -> None:
    """Run every part until a signal comes; `parts_of` says which (default: `parts`).

    Raises StartRefused before anything was started, PartFailed after; nothing is left running.
    """
    if settings.demo and not settings.on_loopback:
        raise StartRefused("Demo mode runs on loopback only: leave --demo out or the host at home.")
    run, log = _folders(settings.home)
    with _alone(run) as lock, _stopped_by_signals():
        _refuse_used_port(settings)
        bot_port, actions_port = _free_ports(2)
        settings = settings.model_copy(
            update={
                "bot_url": f"http://127.0.0.1:{bot_port}",
                "actions_url": f"http://127.0.0.1:{actions_port}",
                "secret": secrets.token_urlsafe(32),
            }
        )
        started = (parts_of or parts)(settings)
        environment = os.environ | settings.to_environment()
        environment |= {"RASA_TELEMETRY_ENABLED": "false", "PYTHONPATH": str(ROOT)}
        supervisor = Supervisor(run=run, log=log, parts=started)
        try:
            ready_mark(settings.home).unlink(missing_ok=True)
            supervisor.start(environment, keep_open=lock)
            _run(settings, supervisor, started, environment)
        except SupervisorGone:
            supervisor.kill()
            raise PartFailed(f"The process manager stopped; its log is in {log}.") from None
        except BaseException:
            _stop(supervisor)
            raise


def parts(settings: Settings) -> tuple[Part, ...]:
    """The three parts of Waymark, the slowest first. Raises StartRefused."""
    try:
        model = models.check(ROOT / "models" / models.name_for(ROOT))
    except models.ModelRefused:
        model = None
    if model is None or not BOT_PYTHON.exists():
        raise StartRefused(
            "There is no assistant trained on the present data in models/: run `make setup`."
        )
    bot_port, actions_port = (_port(url) for url in (settings.bot_url, settings.actions_url))
    bot, theirs = str(BOT_PYTHON), ("DATABASE_URL", "WAYMARK_ALERTS")
    served = ("--model", str(model), "--actions-url", f"{settings.actions_url}/webhook")
    logged = ("--log-level", settings.log_level)
    server = (bot, "-m", "bot.server", "--port", str(bot_port), *served, *logged)
    actions = (bot, "-m", "bot.action_server", "--port", str(actions_port), *logged)
    return (
        Part("bot", "the assistant", server, bot_port, theirs),
        Part("actions", "the action server", actions, actions_port, theirs),
        Part("service", "the service", (sys.executable, "-m", "helpline.app"), settings.port),
    )


def _run(
    settings: Settings,
    supervisor: Supervisor,
    started: tuple[Part, ...],
    environment: Mapping[str, str],
) -> Never:
    *behind, service = started
    print("Starting the parts …", file=sys.stderr, flush=True)
    for part in behind:
        supervisor.start_part(part)
    logins = _demo_logins(environment) if settings.demo else []
    supervisor.start_part(service)
    _until_ready(settings, supervisor, started)
    ready_mark(settings.home).touch(mode=0o600)
    print(f"READY {settings.address}")
    print(f"  chat  {settings.address}")
    print(f"  desk  {settings.address}desk")
    for login in logins:
        print(f"  demo login  {login['name']}  ({login['role']})  password {login['password']}")
    sys.stdout.flush()
    _watch(settings, supervisor, started)


def _until_ready(settings: Settings, supervisor: Supervisor, started: tuple[Part, ...]) -> None:
    began = time.monotonic()
    while not all(_answers(settings, part, well=True) for part in reversed(started)):
        statuses = supervisor.statuses()
        late = time.monotonic() - began > STARTS_WITHIN_S
        for part in started:
            if statuses[part.name].given_up or (late and not _answers(settings, part, well=True)):
                raise PartFailed(
                    f"{part.title.capitalize()} does not start: see {supervisor.log_of(part)}."
                )
        time.sleep(0.1)


def _watch(settings: Settings, supervisor: Supervisor, started: tuple[Part, ...]) -> Never:
    now = time.monotonic()
    pids = {name: status.pid for name, status in supervisor.statuses().items()}
    answered: dict[str, float | None] = {part.name: now for part in started}
    while True:
        time.sleep(LOOK_EVERY_S)
        statuses = supervisor.statuses()
        for part in started:
            status, name = statuses[part.name], part.name
            if status.pid != pids[name]:  # restarted: it may take its time until it answers
                pids[name], answered[name] = status.pid, None
            if status.given_up:
                supervisor.start_part(part)
            elif not status.pid:
                continue
            elif _answers(settings, part):
                answered[name] = time.monotonic()
            elif (last := answered[name]) is None:
                answered[name] = time.monotonic() + RESTARTS_WITHIN_S - SILENT_FOR_S
            elif time.monotonic() - last > SILENT_FOR_S:
                print(f"{part.title.capitalize()} hangs: restarting it.", file=sys.stderr)
                supervisor.restart(part)


def _answers(settings: Settings, part: Part, *, well: bool = False) -> bool:
    host = settings.host if part.name == "service" else "127.0.0.1"
    unspecified = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- compared, not bound
    connection = http.client.HTTPConnection(unspecified.get(host, host), part.port, timeout=3)
    shown = {} if part.name == "service" else {"Authorization": f"Bearer {settings.secret}"}
    try:
        connection.request("GET", "/health", headers=shown)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return status == http.HTTPStatus.OK or not well


def _demo_logins(environment: Mapping[str, str]) -> list[dict[str, str]]:
    command = (sys.executable, "-m", "helpline.demo_cli")
    made = subprocess.run(
        command, env=dict(environment), cwd=ROOT, capture_output=True, check=False
    )
    if made.returncode:
        last = made.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise PartFailed(f"The demo's logins could not be made: {''.join(last)}")
    logins: list[dict[str, str]] = json.loads(made.stdout)
    return logins


def _folders(home: Path) -> tuple[Path, Path]:
    try:
        make_home(home, "run", "log")
    except HomeUnusable as error:
        raise StartRefused(str(error)) from None
    return home / "run", home / "log"


@contextmanager
def _alone(run: Path) -> Iterator[int]:
    """Hold the state folder: supervisord inherits the descriptor, so it holds until all ended."""
    try:
        lock = os.open(run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        raise StartRefused(f"The state folder {run.parent} cannot be read and written.") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartRefused(
                f"Waymark already runs with the state folder {run.parent}: stop it or choose"
                " another with --home."
            ) from None
        yield lock
    finally:
        os.close(lock)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _Stop

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    except _Stop:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(supervisor: Supervisor) -> None:
    """Stop everything; one more signal and it is killed."""
    print("Stopping …", file=sys.stderr, flush=True)
    try:
        supervisor.stop()
    except _Stop:
        supervisor.kill()


def _refuse_used_port(settings: Settings) -> None:
    sentences = {
        errno.EADDRINUSE: "is already in use: stop what uses it or choose another with --port",
        errno.EACCES: "may not be used by this account: choose one from 1024 with --port",
    }
    family, kind, _, _, address = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM
    )[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            default = f"cannot be used: {settings.host} is no address of this machine"
            reason = sentences.get(error.errno or 0, default)
            raise StartRefused(f"Port {settings.port} {reason}.") from None


def _free_ports(count: int) -> list[int]:
    """Ports of loopback that are free now; all are held until the last is found."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


def _port(url: str | None) -> int:
    return int(str(url).rpartition(":")[2])
