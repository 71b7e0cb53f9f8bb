"""`python -m bench`: runs both sides in turn; measuring and reporting lie in the modules beside."""

import argparse
import signal
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import aiohttp

from bench import machine, report, rounds, stock
from bench.breakdown import Share
from bench.errors import BenchError
from bench.figures import median_of_rounds
from bench.load import read_messages
from bench.rounds import Round

_HERE = Path(__file__).resolve().parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when everything was measured, whatever the ratios; else 1 and one sentence."""
    options = _options(arguments)
    # Being ended must stop the measured processes as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run(options)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except (aiohttp.ClientError, TimeoutError) as error:
        print(f"bench: a measured part broke off ({type(error).__name__}).", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: stopped.", file=sys.stderr)
        return 130
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=3, help="rounds of each side, alternating (default: 3)"
    )
    parser.add_argument(
        "--only",
        choices=("stock", "waymark"),
        help="measure one side alone; writes no results.json",
    )
    parser.add_argument(
        "--project",
        type=Path,
        default=_HERE.parent,
        help="folder with domain.yml, data/ and actions/ (default: this project)",
    )
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


def _run(options: argparse.Namespace) -> None:
    project = options.project.resolve()
    rasa = _HERE.parent / ".venvs" / "bot" / "bin" / "rasa"
    if not rasa.is_file():
        raise BenchError("Rasa is not installed in .venvs/bot; run `make setup` first.")
    messages = read_messages(_HERE / "messages.txt")
    described = machine.describe(_HERE.parent)
    model = stock.model(project, rasa) if options.only != "waymark" else None
    theirs: list[Round] = []
    ours: list[Round] = []
    shares: list[Share] = []
    for number in range(1, options.rounds + 1):
        if model:
            _progress(number, options.rounds, "stock Rasa")
            theirs.append(rounds.stock_round(project, rasa, model, messages))
            _show(theirs[-1])
        if options.only != "stock":
            _progress(number, options.rounds, "Waymark")
            last = number == options.rounds
            measured, shares = rounds.waymark_round(project, messages, take_apart=last)
            ours.append(measured)
            _show(measured)
    for name, measured_rounds in (("Stock Rasa", theirs), ("Waymark", ours)):
        if sentence := report.unanswered(name, measured_rounds):
            print(sentence)
    if not (theirs and ours):
        print(report.breakdown_table(shares))
        return
    comparisons = report.compare(theirs, ours)
    print("\n" + report.table(comparisons) + "\n" + report.breakdown_table(shares))
    results = report.as_json(described, comparisons, shares, theirs, ours)
    report.add(results, _HERE / "results.json")
    print("\nWritten to bench/results.json.")


def _progress(number: int, count: int, name: str) -> None:
    print(f"round {number} of {count}: {name} …", flush=True)


def _show(measured: Round) -> None:
    replies = [seconds * 1000 for seconds in measured.replies]
    print(
        f"  start {measured.start:.1f} s · reply median {statistics.median(replies):.1f} ms, "
        f"95 % {median_of_rounds([replies], 0.95):.1f} ms · {measured.rate:.1f} replies/s · "
        f"{measured.whole_memory / 2**20:.0f} MiB in {len(measured.memory)} processes",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
