"""Starts the measured processes, weighs them and leaves none behind; what they do is not known."""

import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

from bench.errors import BenchError

# Inherited by every process of a group, so that those that left the tree are found too. Not
# WAYMARK_…: the service refuses settings it does not know.
_MARKER = "BENCH_GROUP"
_PATIENCE = 20.0


@dataclass(frozen=True)
class Part:
    """A command to start: its words, where, with which additions to the environment."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    log: Path
    more_logs: Path | None = None  # a folder in which it writes logs of its own


class Group:
    """Processes that start and stop together; leaving the `with` block stops every one."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._mark = uuid.uuid4().hex
        self._roots: list[subprocess.Popen[bytes]] = []
        self.started = 0.0

    def __enter__(self) -> "Group":
        self.started = time.perf_counter()
        try:
            for part in self._parts:
                self._roots.append(self._start(part))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self, part: Part) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **part.environment, _MARKER: self._mark}
        try:
            with part.log.open("wb") as log:
                return subprocess.Popen(
                    part.command,
                    cwd=part.folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C reaches the benchmark, which stops the rest
                )
        except OSError as error:
            raise BenchError(f"{part.name} cannot be started: {error.strerror}.") from error

    def check(self) -> None:
        """Raises BenchError with the end of its output if a part has stopped by itself."""
        for part, process in zip(self._parts, self._roots, strict=True):
            if process.poll() is not None:
                raise BenchError(
                    f"{part.name} stopped with exit code {process.returncode}. "
                    "Its last words:\n  " + "\n  ".join(_last_words(part))
                )

    def said(self, word: str) -> bool:
        """Whether a part has written `word` to its output so far."""
        return any(word.encode() in part.log.read_bytes() for part in self._parts)

    def finish(self) -> None:
        """Waits until every part has ended; raises BenchError if one did not end well."""
        for process in self._roots:
            process.wait()
        if any(process.returncode for process in self._roots):
            self.check()

    def members(self) -> list[psutil.Process]:
        """Every living process of the group: the trees, and whoever carries the marker."""
        found: set[psutil.Process] = set()
        for root in self._roots:
            try:
                process = psutil.Process(root.pid)
                found.update([process, *process.children(recursive=True)])
            except psutil.NoSuchProcess:
                continue
        for process in psutil.process_iter():
            try:
                if process.environ().get(_MARKER) == self._mark:
                    found.add(process)
            except (psutil.Error, OSError):
                continue
        return [process for process in found if _alive(process)]

    def memory(self) -> dict[str, int]:
        """Proportional set size in bytes for each process, keyed by id and name.

        A page shared by n processes counts 1/n in each, so the sum counts it once. It is
        only the group's own if no other process shares its libraries at the time.
        """
        sizes: dict[str, int] = {}
        for process in self.members():
            try:
                sizes[f"{process.pid} {process.name()}"] = process.memory_full_info().pss
            except psutil.NoSuchProcess:
                continue
        return sizes

    def processor_seconds(self) -> float:
        """What the living processes of the group have used of the processors so far."""
        spent = 0.0
        for process in self.members():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            spent += times.user + times.system
        return spent

    def stop(self) -> None:
        """Asks every part to stop as Ctrl-C would, then ends what is left."""
        everyone = self.members()
        for root in self._roots:
            if root.poll() is None:
                root.send_signal(signal.SIGINT)
        psutil.wait_procs(everyone, timeout=_PATIENCE)
        left = {process for process in [*everyone, *self.members()] if _alive(process)}
        for process in left:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(list(left), timeout=_PATIENCE)
        for root in self._roots:
            root.wait(timeout=_PATIENCE)
        if self.members():
            raise BenchError("A measured process could not be stopped.")


def _last_words(part: Part) -> list[str]:
    logs = [part.log, *(sorted(part.more_logs.glob("*.log")) if part.more_logs else [])]
    return [
        line
        for log in logs
        for line in log.read_text("utf-8", errors="replace").strip().splitlines()[-4:]
    ]


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def free_port() -> int:
    """A port on loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
