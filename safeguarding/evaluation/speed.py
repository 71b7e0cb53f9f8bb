"""How long the whole path of screening takes on one core, and what it needs to be ready."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from safeguarding.screen import Screener

_SHORT, _LONG = 160, 2000
_READY = """
import resource, time
began = time.perf_counter()
from safeguarding.cli import FOLDER
from safeguarding.screen import Screener
screener = Screener.load(FOLDER)
took = time.perf_counter() - began
screener.screen("hello, can somebody help me with something " * 46)
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@dataclass(frozen=True)
class Speed:
    """Milliseconds: median and 95th percentile to 160 characters, alone and after three such
    messages, the slowest of 2,000; seconds until ready and MiB at most of a process that only
    screens."""

    median: float
    p95: float
    median_after: float
    p95_after: float
    longest: float
    ready: float
    memory: float


def measure_speed(screener: Screener, texts: Sequence[str]) -> Speed:
    """Measures on one core, after a warm-up, with the given messages."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        short = [text for text in texts if len(text) <= _SHORT]
        for text in short[:50]:
            screener.screen(text)
        took = sorted(_milliseconds(screener, text) for text in short)
        after = sorted(
            _milliseconds(screener, text, short[place - 3 : place])
            for place, text in enumerate(short)
            if place >= 3
        )
        joined = " ".join(texts)
        cuts = range(0, min(len(joined) - _LONG, 20 * _LONG), _LONG)
        awkward = ["a" * _LONG, "🆘" * _LONG, "x9 " * 666, "qz" * 1000]
        long = [joined[start : start + _LONG] for start in cuts] + awkward
        longest = max(_milliseconds(screener, text) for text in long)
    finally:
        os.sched_setaffinity(0, cores)
    ready, memory = _fresh()
    return Speed(*_middle(took), *_middle(after), longest, ready, memory)


def _middle(took: Sequence[float]) -> tuple[float, float]:
    return took[len(took) // 2], took[int(len(took) * 0.95)]


def _milliseconds(screener: Screener, text: str, before: Sequence[str] = ()) -> float:
    began = time.perf_counter()
    screener.screen(text, before=before)
    return (time.perf_counter() - began) * 1000


def _fresh() -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _READY], capture_output=True, text=True, check=True
    )
    ready, memory = map(float, done.stdout.split())
    return ready, memory
