"""Row 20: disk full, database locked, clock set back, key file missing.

A clear error, nothing acknowledged that is not kept, and the emergency numbers are still there.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from html import unescape
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest

from helpline.settings import Settings
from tests.alone import Alone, service_in
from tests.attacks.support import LOGINS, log_of
from tests.conftest import ROOT, free_port
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

RETURN = "/api/conversations/return"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with service_in(tmp_path_factory.mktemp("broken")) as running:
        yield running


def process_of(alone: Alone) -> psutil.Process:
    """The process of the service with that state folder."""
    for child in psutil.Process().children(recursive=True):
        if "helpline.app" in child.cmdline() and child.environ()["WAYMARK_HOME"] == str(alone.home):
            return child
    raise AssertionError("the service does not run")


@contextmanager
def no_room(alone: Alone) -> Iterator[None]:
    """No file of the service can grow, as on a full disk."""
    process = process_of(alone)
    before = process.rlimit(resource.RLIMIT_FSIZE)
    process.rlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        process.rlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(alone: Alone) -> Iterator[None]:
    """Another program holds the database and does not let go."""
    with closing(sqlite3.connect(alone.home / "waymark.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("ROLLBACK")


def the_numbers_are_there(alone: Alone) -> None:
    """The start page loads, with the emergency numbers, and the way out works."""
    page = httpx.get(alone.url, timeout=10)
    assert page.status_code == 200
    assert "999" in page.text
    assert "0800 1111" in unescape(page.text).replace("\u00a0", " ")
    assert httpx.get(f"{alone.url}/exit", timeout=10).status_code == 303


@pytest.mark.parametrize("trouble", [no_room, locked])
def test_20_nothing_is_acknowledged_that_is_not_kept(running: Alone, trouble: object) -> None:
    with YoungPerson(running.url) as young, Worker(running.url, LOGINS["robin"]) as robin:
        # Given a chat that goes well
        kept = [f"before {n}" for n in range(3)]
        assert all(young.post(text).status_code == 201 for text in kept)
        with trouble(running):
            # When the disk is full, or the database is locked, and everybody goes on
            with ThreadPoolExecutor(3) as pool:
                sent = {f"during {n}": pool.submit(young.post, f"during {n}") for n in range(3)}
                answers = {text: answer.result() for text, answer in sent.items()}
            # Then what is not kept is refused in one clear sentence
            refused = [answer for answer in answers.values() if answer.status_code != 201]
            assert refused
            for answer in refused:
                assert answer.status_code == 503
                assert answer.json()["error"]["code"] == "part_down"
                assert "waymark.db" not in answer.text
            kept += [text for text, answer in answers.items() if answer.status_code == 201]
            # And the page with the numbers is served, and what was kept can be read
            the_numbers_are_there(running)
            assert mine(young) == kept
            # And a worker is told as clearly
            answer = robin.http.post("/desk/presence", data={"presence": "busy"})
            assert answer.status_code in {204, 503}
        # And once there is room again, all goes on, and the refused can be sent again
        again = young.post("after")
        assert again.status_code == 201
        assert sorted(mine(young)) == sorted([*kept, "after"])
        numbers = [event["number"] for event in young.events()]
        assert numbers == list(range(1, len(numbers) + 1))
        assert robin.http.get("/desk/queue").status_code == 200
    assert "database does not answer" in log_of(running)
    assert "during" not in log_of(running)


def mine(young: YoungPerson) -> list[str]:
    return [e["text"] for e in young.events() if e.get("from") == "young_person"]


def test_20_a_refused_message_sent_again_with_its_id_is_kept_once(running: Alone) -> None:
    with YoungPerson(running.url) as young:
        sent = {"id": str(uuid4()), "text": "once"}
        with no_room(running):
            young.post(**sent)
        assert young.post(**sent).status_code in {200, 201}
        assert young.post(**sent).status_code == 200
        assert mine(young) == ["once"]


def test_20_a_database_that_is_gone_or_no_database_is_a_clear_error(tmp_path: Path) -> None:
    # Given a service whose database file is overwritten behind its back
    with service_in(tmp_path, staff=False) as alone, YoungPerson(alone.url) as young:
        assert young.post("hello").status_code == 201
        for name in ("waymark.db-wal", "waymark.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / "waymark.db").write_bytes(b"not a database " * 1000)
        # Then it says so, and the numbers are there
        statuses = {young.post(f"again {n}").status_code for n in range(5)}
        assert statuses <= {201, 503}
        the_numbers_are_there(alone)
        assert "Traceback" not in log_of(alone)
    # And it does not start with such a file, in one sentence
    done = start(tmp_path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr.decode()


def start(home: Path) -> subprocess.CompletedProcess[bytes]:
    """Starts a service that should not start."""
    settings = Settings(home=home, port=free_port())
    return subprocess.run(
        [sys.executable, "-m", "helpline.app"],
        cwd=ROOT,
        env={**os.environ, **settings.to_environment()},
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("content", [b"short", None], ids=repr)
def test_20_a_broken_pepper_stops_the_start_with_one_sentence(
    tmp_path: Path, content: bytes | None
) -> None:
    # Given a file for the pepper that holds none
    file = tmp_path / "pepper"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    # When the service starts
    done = start(tmp_path)
    # Then it does not, and says why in one sentence; the file is left as it is
    assert done.returncode == 2
    assert len(done.stderr.decode().splitlines()) == 1
    assert file.is_dir() if content is None else file.read_bytes() == content


def test_20_a_pepper_lost_while_it_runs_costs_nothing_until_the_next_start(
    running: Alone,
) -> None:
    # Given a chat with a code
    with YoungPerson(running.url) as young, httpx.Client(base_url=running.url, timeout=60) as other:
        code = young.http.post("/api/conversation/return-code").json()["code"]
        pepper = running.home / "pepper"
        kept = pepper.read_bytes()
        # When the file goes
        pepper.unlink()
        try:
            # Then codes are taken and given as before, and no other file is made in its place
            assert other.post(RETURN, json={"code": code}).status_code == 201
            assert not pepper.exists()
            the_numbers_are_there(running)
        finally:
            pepper.write_bytes(kept)
