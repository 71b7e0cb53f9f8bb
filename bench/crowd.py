"""`python -m bench.crowd`: many streams, slow readers and overload, into results.json as "crowd".

First the service alone, with a fixed reply in place of the assistant, then the whole of Waymark.
The load is a process of its own (`bench.streams`); its share of the processors is told beside.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp

from bench import machine, phases, report, waymark
from bench.errors import BenchError
from bench.generator import Generator
from bench.load import read_lines
from bench.phases import Running, Size
from bench.processes import Group

_PROJECT: Final = Path(__file__).resolve().parent.parent
_RESULTS: Final = _PROJECT / "bench" / "results.json"
_RATES: Final = (10, 20, 30, 40, 50, 60, 80, 100, 120, 150)
_CARDS: Final = 2.0  # a second


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when everything was measured, whatever the figures; else 1 and one sentence."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        measured = measure(options.streams, options.rate, options.seconds, options.slow)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except (aiohttp.ClientError, TimeoutError) as error:
        print(f"bench: a measured part broke off ({type(error).__name__}).", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: stopped.", file=sys.stderr)
        return 130
    report.add({"crowd": measured}, _RESULTS)
    print(table(measured) + "\n\nWritten to bench/results.json.")
    return 0


def measure(streams: int, rate: float, seconds: float, slow: int) -> dict[str, Any]:
    """All of it, for results.json."""
    described = machine.describe(_PROJECT)
    size = Size(streams, rate, seconds, slow, patience=600)
    with phases.service_alone(_PROJECT) as running:
        _progress(f"the service alone: {streams} streams, {rate:g} messages a second")
        many = phases.many_streams(running, size)
        _progress(f"{slow} who never read")
        slow_ones = phases.slow_readers(running, size)
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": described,
        "service_alone": many,
        "slow_readers": slow_ones,
        "with_the_assistant": _whole(seconds),
        "load_average_after": round(os.getloadavg()[0], 2),
    }


def _whole(seconds: float) -> dict[str, Any]:
    """The whole of Waymark: the rate it sustains, and what happens at twice that."""
    with tempfile.TemporaryDirectory(prefix="waymark-bench-") as folder:
        side, part = waymark.part(_PROJECT, Path(folder))
        with Group([part]) as group:
            asyncio.run(waymark.wait_until_ready(side, group, "hiya"))
            with Generator(_PROJECT, side.port) as crowd:
                running = Running(group, crowd, read_lines(phases.CALM))
                crowd.ask("open", count=500)
                _progress("with the assistant: the rate it sustains")
                found, steps = phases.find_rate(running, _RATES, seconds / 2)
                usual = found or float(_RATES[0])
                crowd.ask("open", count=500)
                size = Size(0, 2 * usual, seconds, 0, patience=600)
                _progress(f"overload: {size.rate:g} messages a second")
                over = phases.overload(running, size, usual / 2, _CARDS)
    return {"sustained_rate": found, "steps": steps, **over}


def table(measured: dict[str, Any]) -> str:
    """The figures that matter, for the terminal."""
    many, slow = measured["service_alone"], measured["slow_readers"]
    whole = measured["with_the_assistant"]
    over = whole["overload"]
    lines = [
        ("streams, service alone", many["streams"]),
        ("messages a second", many["rate"]),
        ("POST to 201, 95 %, ms", many["ordinary"]["POST to 201"]["p95"]),
        ("POST to the stream, 95 %, ms", many["ordinary"]["POST to the stream"]["p95"]),
        ("memory for each stream, KiB", many["kib_per_stream"]),
        ("processor, ms a message", many["cpu_ms_per_message"]),
        ("processor, cores", many["cpu_share"]),
        ("the load's own, cores", many["load"]["cpu_share"]),
        ("lost, doubled, out of order, not kept", _faults(many["audit"]["ordinary"])),
        ("never read; cut off", f"{slow['slow']}; {slow['cut']}"),
        ("until cut off, longest, s", slow["seconds_until_cut"]["longest"]),
        ("held by each, KiB", slow["kib_held_by_each"]),
        ("others, POST to the stream, 95 %, ratio", slow["ratio_of_p95"]["POST to the stream"]),
        ("with the assistant, messages a second", whole["sustained_rate"]),
        ("overload, messages a second", over["rate"]),
        ("overload, POST to 201, 95 %, ms", over["ordinary"]["POST to 201"]["p95"]),
        ("overload, POST to reply, 95 %, ms", over["ordinary"]["POST to reply"]["p95"]),
        ("overload, POST to card, 95 %, ms", over["grave"]["POST to card"]["p95"]),
        ("card, overload to usual, ratio", whole["ratio_of_p95"]["POST to card"]),
        ("overload, lost … not kept; excused", _faults(whole["audit"]["ordinary"])),
        ("load average of the machine after", measured["load_average_after"]),
    ]
    return "\n".join(f"{name:<42}{value:>12}" for name, value in lines)


def _faults(audit: dict[str, int]) -> str:
    never = ("lost", "doubled", "out_of_order", "not_kept", "excused")
    return " ".join(str(audit[name]) for name in never)


def _progress(what: str) -> None:
    print(f"{what} …", flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.crowd", description=__doc__)
    parser.add_argument("--streams", type=int, default=2000, help="open streams (default: 2000)")
    parser.add_argument("--rate", type=float, default=200, help="messages a second (default: 200)")
    parser.add_argument("--seconds", type=float, default=20, help="for how long (default: 20)")
    parser.add_argument("--slow", type=int, default=50, help="who never read (default: 50)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
