"""Runs the parts under supervisord and asks after them; when to start or stop is left to others."""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
import xmlrpc.client  # speaks only to our own supervisord, over a socket of mode 0600
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import join
from typing import Any, Final

from supervisor.xmlrpc import SupervisorTransport

from helpline.settings import ROOT

TIED: Final = Path(__file__).with_name("tied.py")
STOP_WAIT_S: Final = 5  # between the polite signal to a part and SIGKILL to its whole group
LONGEST_SOCKET_PATH: Final = 100  # bytes; the kernel's own limit is 107 (man 7 unix)


@dataclass(frozen=True)
class Part:
    """One program of Waymark: what a person calls it, its command, and where it listens."""

    name: str
    title: str
    command: tuple[str, ...]
    port: int
    forget: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """What supervisord says of a part; `pid` is 0 when it does not run."""

    running: bool
    given_up: bool
    pid: int


class SupervisorGone(Exception):
    """supervisord itself has ended or does not answer."""


class Supervisor:
    """supervisord over `parts`, its configuration and socket in `run`, its logs in `log`."""

    def __init__(self, *, run: Path, log: Path, parts: Iterable[Part]) -> None:
        self._run, self._log = run, log
        self._parts = tuple(parts)
        self._process: subprocess.Popen[bytes] | None = None
        self._pids: set[int] = set()
        self._socket = run / "control.sock"
        if len(os.fsencode(self._socket)) > LONGEST_SOCKET_PATH:
            self._socket = Path(tempfile.mkdtemp(prefix="waymark-")) / "control.sock"

    def log_of(self, part: Part) -> Path:
        """The file that holds what a part printed."""
        return self._log / f"{part.name}.log"

    def start(self, environment: Mapping[str, str], *, keep_open: int) -> None:
        """Start supervisord, all parts still stopped. It inherits `environment` (the secret is
        nowhere else) and the file descriptor `keep_open`. Raises SupervisorGone.
        """
        configuration = self._run / "supervisord.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(self._configuration(), encoding="utf-8")
        program = (sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(configuration))
        said = self._log / "supervisord-errors.log"
        said.touch(mode=0o600)
        with said.open("wb") as errors:
            self._process = subprocess.Popen(
                _tied(signal.SIGTERM, (), program),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                umask=0o077,
                start_new_session=True,  # a terminal's Ctrl-C reaches it only through us
                pass_fds=(keep_open,),
            )
        give_up_at = time.monotonic() + 20
        while True:
            try:
                self._ask("getState")
                return
            except (OSError, http.client.HTTPException):
                if self._process.poll() is not None or time.monotonic() > give_up_at:
                    raise SupervisorGone from None
                time.sleep(0.05)

    def start_part(self, part: Part) -> None:
        """Start a part, also one that supervisord has given up on."""
        self._call("startProcess", f"waymark:{part.name}", False)

    def restart(self, part: Part) -> None:
        """SIGKILL to a part and all it started; supervisord starts it again."""
        pid = self.statuses()[part.name].pid
        if pid:
            _kill_group(pid)

    def statuses(self) -> dict[str, Status]:
        """What every part does now. Raises SupervisorGone."""
        told = self._call("getAllProcessInfo")
        statuses = {
            one["name"]: Status(
                running=one["statename"] == "RUNNING",
                given_up=one["statename"] == "FATAL",
                pid=one["pid"],
            )
            for one in told
        }
        self._pids = {status.pid for status in statuses.values() if status.pid}
        return statuses

    def stop(self) -> None:
        """Stop every part, politely at first; returns when nothing of it runs."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_WAIT_S + 5)
        except subprocess.TimeoutExpired:
            self.kill()
        self._clean()

    def kill(self) -> None:
        """SIGKILL to supervisord and to every part with all that it started."""
        if self._process is None:
            return
        with suppress(SupervisorGone):
            self.statuses()
        self._process.kill()
        self._process.wait()
        for pid in self._pids:
            _kill_group(pid)
        self._clean()

    def _clean(self) -> None:
        self._socket.unlink(missing_ok=True)
        if self._socket.parent != self._run:
            self._socket.parent.rmdir()

    def _call(self, method: str, *arguments: object) -> Any:
        if self._process is None or self._process.poll() is not None:
            raise SupervisorGone
        try:
            return self._ask(method, *arguments)
        except xmlrpc.client.Fault:
            return []  # it already is as asked
        except (OSError, http.client.HTTPException):
            raise SupervisorGone from None

    def _ask(self, method: str, *arguments: object) -> Any:
        # A new connection each time: after one failure supervisor's own never answers again.
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            control = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            return getattr(control.supervisor, method)(*arguments)
        finally:
            transport.close()

    def _configuration(self) -> str:
        names = ",".join(part.name for part in self._parts)
        sections = [
            f"""[supervisord]
nodaemon=true
silent=true
umask=077
logfile={_plain(self._log / "supervisord.log")}
logfile_maxbytes=1MB
logfile_backups=2
pidfile={_plain(self._run / "supervisord.pid")}
[unix_http_server]
file={_plain(self._socket)}
chmod=0600
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[group:waymark]
programs={names}
"""
        ]
        # Fewer than `startsecs` seconds alive, three times in a row: supervisord gives up on it.
        sections += [
            f"""[program:{part.name}]
command={_plain(join(_tied(signal.SIGKILL, part.forget, part.command)))}
directory={_plain(ROOT)}
autostart=false
autorestart=true
startsecs=8
startretries=2
stopwaitsecs={STOP_WAIT_S}
killasgroup=true
redirect_stderr=true
stdout_logfile={_plain(self.log_of(part))}
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=2
"""
            for part in self._parts
        ]
        return "".join(sections)


def _tied(with_signal: signal.Signals, forget: Iterable[str], program: Iterable[str]) -> list[str]:
    start = [sys.executable, "-I", "-S", str(TIED), str(int(with_signal)), ",".join(forget)]
    return [*start, *program]


def _plain(words: object) -> str:
    return str(words).replace("%", "%%")


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
