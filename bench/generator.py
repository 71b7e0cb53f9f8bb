"""The way to the load, which is a process of its own (`bench.streams`); decides nothing."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.errors import BenchError


class Generator:
    """A crowd's process; leaving the `with` block ends it, and all its streams with it."""

    def __init__(self, project: Path, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.streams", str(port)],
            cwd=project,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the benchmark, which stops the rest
        )

    def __enter__(self) -> "Generator":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, do: str, **what: object) -> dict[str, Any]:
        """Has the crowd do one thing (a method of `streams.Crowd`) and returns what it says.

        Raises BenchError with the reason when it could not be done.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **what}).encode() + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline() or "{}")
        if not answer:
            raise BenchError("The load ended by itself.")
        if "error" in answer:
            raise BenchError(answer["error"])
        return answer
