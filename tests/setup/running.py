"""Starts Waymark as a person would, for the tests of set-up; says nothing about what it answers."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil
import pytest

from helpline.settings import ROOT

WAYMARK = ROOT / "waymark"


def plain_environment(**more: str) -> dict[str, str]:
    """This process's environment without any setting of Waymark."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("WAYMARK_")
    }
    return kept | more


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def waymark(
    *words: str, stdin: str = "", cwd: Path = ROOT, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run one command of Waymark to its end."""
    return subprocess.run(
        [WAYMARK, *words],
        input=stdin,
        cwd=cwd,
        env=plain_environment(**settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def wait_for(what: Callable[[], bool], *, seconds: float, saying: str) -> float:
    """Wait until `what` holds; returns the seconds it took, fails after `seconds`."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, saying
        time.sleep(0.05)
    return time.monotonic() - began


@dataclass(frozen=True)
class Running:
    """`waymark up` at work."""

    launcher: psutil.Popen
    home: Path
    port: int
    printed: tuple[str, ...]
    said: Path

    @classmethod
    def start(cls, home: Path, *options: str, settings: Mapping[str, str] | None = None) -> Self:
        """Start it with `home` and wait until it says READY."""
        port = free_port()
        said = home.with_name(f"{home.name}.stderr")
        with said.open("w") as errors:
            launcher = psutil.Popen(
                [WAYMARK, "up", "--home", home, "--port", str(port), *options],
                cwd=ROOT,
                env=plain_environment(**(settings or {})),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        printed: list[str] = []
        with launcher.stdout as lines:
            for line in lines:
                printed.append(line.rstrip("\n"))
                if "  desk  " in line:
                    break
        if not printed:
            launcher.wait(timeout=30)
            pytest.fail(f"`waymark up` was never ready: {said.read_text()}")
        return cls(launcher, home, port, tuple(printed), said)

    def processes(self) -> list[psutil.Process]:
        """The launcher and all that it started."""
        return [psutil.Process(self.launcher.pid), *self.launcher.children(recursive=True)]

    def part(self, module: str) -> psutil.Process | None:
        """The process that runs `python -m module`, if there is one now."""
        for process in self.processes():
            try:
                if module in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                    return process
            except psutil.NoSuchProcess:
                continue
        return None

    def answers(self, port: int) -> bool:
        """Whether something accepts on this port of loopback and answers a request."""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
                link.sendall(b"GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                return link.recv(5) == b"HTTP/"
        except OSError:
            return False

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        if self.launcher.poll() is None:
            self.launcher.send_signal(signal.SIGINT)
        code: int = self.launcher.wait(timeout=30)
        return code


def port_of(part: psutil.Process) -> int:
    """The port that a part of Waymark was started with."""
    words = part.cmdline()
    return int(words[words.index("--port") + 1])
