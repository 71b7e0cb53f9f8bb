"""What a crowd is put through, phase by phase, and what is read off meanwhile; judges nothing."""

import os
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bench import alone
from bench.errors import BenchError
from bench.figures import ratio
from bench.generator import Generator
from bench.load import read_lines
from bench.processes import Group

ANSWERED_MS: Final = 1000
_READY_SECONDS: Final = 60.0
_WARM_UP: Final = 20
CALM: Final = Path(__file__).with_name("calm.txt")
LETTERS: Final = 20_000
"""So long is each of the replies that clog a stream."""
CLOGGING: Final = 20
"""So many of them: more than one who does not read may hold (`helpline/limits/readers.py`)."""


@dataclass(frozen=True)
class Size:
    """How large a crowd is: streams, messages a second, for how many seconds, who never reads."""

    streams: int
    rate: float
    seconds: float
    slow: int
    patience: float


@dataclass(frozen=True)
class Running:
    """The measured processes, the crowd at their door, and what it says."""

    service: Group
    crowd: Generator
    texts: list[str]


@contextmanager
def service_alone(project: Path, *, turn_seconds: float = 0.0) -> Iterator[Running]:
    """Runs the service with a fixed reply (see `alone.parts`), warmed up."""
    with tempfile.TemporaryDirectory(prefix="waymark-bench-") as folder:
        port, fixed, part = alone.parts(project, Path(folder), turn_seconds=turn_seconds)
        with Group([fixed]), Group([part]) as service:
            _until_ready(port, service)
            with Generator(project, port) as crowd:
                texts = read_lines(CALM)
                crowd.ask("open", count=_WARM_UP)
                crowd.ask("send", texts=texts, rate=20, seconds=1, cards=0, patience=60)
                yield Running(service, crowd, texts)


def many_streams(running: Running, size: Size) -> dict[str, Any]:
    """Opens the streams, sends, and holds everything against everything."""
    before = memory(running.service)
    opened = running.crowd.ask("open", count=size.streams)
    bare = memory(running.service)
    told = send(running, size)
    after = memory(running.service)
    return {
        **told,
        "opening_seconds": opened["seconds"],
        "streams": size.streams,
        "memory_mib": {
            "without streams": round(before / 2**20, 1),
            "with streams": round(bare / 2**20, 1),
            "after the messages": round(after / 2**20, 1),
        },
        "kib_per_stream": round((bare - before) / size.streams / 1024, 1),
        "kib_per_stream_after_the_messages": round((after - before) / size.streams / 1024, 1),
        "audit": running.crowd.ask("audit"),
    }


def slow_readers(running: Running, size: Size) -> dict[str, Any]:
    """Some never read: what they hold, when they are cut off, what the others feel of it."""
    before = memory(running.service)
    usual = send(running, size)
    running.crowd.ask("block", count=size.slow, letters=LETTERS, messages=CLOGGING)
    held = memory(running.service)
    beside = send(running, size)
    cut = running.crowd.ask("unblock", patience=120)
    return {
        **cut,
        "slow": size.slow,
        "kib_held_by_each": round((held - before) / size.slow / 1024, 1),
        "written_to_each_kib": round(LETTERS * CLOGGING / 1024),
        "others_before": usual["ordinary"],
        "others_meanwhile": beside["ordinary"],
        "ratio_of_p95": {
            kind: _ratio(beside["ordinary"], usual["ordinary"], kind)
            for kind in ("POST to 201", "POST to the stream")
        },
        "audit_of_the_others": running.crowd.ask("audit"),
    }


def overload(running: Running, size: Size, usual: float, cards: float) -> dict[str, Any]:
    """First the `usual` rate, then the size's, more than can be answered, each with `cards`."""
    calm = send(running, replace(size, rate=usual), cards=cards)
    over = send(running, size, cards=cards)
    return {
        "usual": calm,
        "overload": over,
        "ratio_of_p95": {
            "POST to 201": _ratio(over["ordinary"], calm["ordinary"], "POST to 201"),
            "POST to reply": _ratio(over["ordinary"], calm["ordinary"], "POST to reply"),
            "POST to card": _ratio(over["grave"], calm["grave"], "POST to card"),
        },
        "audit": running.crowd.ask("audit"),
    }


def find_rate(
    running: Running, rates: Sequence[float], seconds: float
) -> tuple[float, list[dict[str, Any]]]:
    """Goes up the rates while 95 of 100 replies come within ANSWERED_MS; 0 if none does."""
    sustained, steps = 0.0, list[dict[str, Any]]()
    for rate in rates:
        told = send(running, Size(0, rate, seconds, 0, 60))
        steps.append(told)
        replies = told["ordinary"]
        if replies["missing"] or replies["POST to reply"]["p95"] > ANSWERED_MS:
            break
        sustained = rate
    return sustained, steps


def send(running: Running, size: Size, *, cards: float = 0) -> dict[str, Any]:
    """Sends at the size's rate, with `cards` messages of danger a second.

    Adds what the processors did for it, and how busy the machine was with that and all else.
    """
    before, load = running.service.processor_seconds(), os.getloadavg()[0]
    told = running.crowd.ask(
        "send",
        texts=running.texts,
        rate=size.rate,
        seconds=size.seconds,
        cards=cards,
        patience=size.patience,
    )
    spent = running.service.processor_seconds() - before
    running.service.check()
    told["rate"] = size.rate
    told["cpu_ms_per_message"] = round(1000 * spent / (told["messages"] + told["cards"]), 2)
    told["cpu_share"] = round(spent / told["seconds"], 2)
    told["load_average"] = [round(load, 2), round(os.getloadavg()[0], 2)]
    return told


def memory(group: Group) -> int:
    """Bytes (PSS) of all processes of a group."""
    return sum(group.memory().values())


def _ratio(one: dict[str, Any], other: dict[str, Any], kind: str) -> float:
    return round(ratio(one[kind]["p95"], other[kind]["p95"]), 2)


def _until_ready(port: int, service: Group) -> None:
    end = time.perf_counter() + _READY_SECONDS
    while time.perf_counter() < end:
        service.check()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise BenchError(f"The service did not answer within {_READY_SECONDS:.0f} s.")
