"""A database that is lost or full: nothing is acknowledged that is not kept, nobody sees a 500."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil
import pytest
from sqlalchemy.exc import DBAPIError

from helpline.app import _database_is_down
from tests.alone import service_in
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

PEOPLE = 12


@contextmanager
def full_disk(pid: int, bytes_left: int) -> Iterator[None]:
    """No file of the service can grow past so many bytes: each write fails as on a full disk."""
    service = psutil.Process(pid)
    _, most = service.rlimit(psutil.RLIMIT_FSIZE)
    service.rlimit(psutil.RLIMIT_FSIZE, (bytes_left, most))
    try:
        yield
    finally:
        service.rlimit(psutil.RLIMIT_FSIZE, (most, most))


def size_of_log(home: Path) -> int:
    return (home / "waymark.db-wal").stat().st_size


async def terminate_all(url: str) -> int:
    """Ends every connection to the database; returns how many that were."""
    connection = await asyncpg.connect(url)
    try:
        ended = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            " AND datname = current_database()"
        )
        return len(ended)
    finally:
        await connection.close()


def send_until_kept(young: YoungPerson, text: str, statuses: set[int]) -> int:
    """As the page does: again under the same id until it is acknowledged."""
    identity = str(uuid4())
    for _ in range(10):
        answer = young.post(text, id=identity)
        statuses.add(answer.status_code)
        if answer.is_success:
            return int(answer.json()["number"])
    raise AssertionError("never kept")


def said(young: YoungPerson) -> dict[int, str]:
    return {e["number"]: e["text"] for e in young.events() if e.get("from") == "young_person"}


def test_when_every_connection_to_the_database_is_cut_it_is_503_and_then_kept_once(
    tmp_path, postgres
):
    # Given a dozen chats on PostgreSQL, each with a message
    with service_in(tmp_path, staff=False, database_url=postgres) as service:
        people = [YoungPerson(service.url) for _ in range(PEOPLE)]
        kept = [{young.post("hello").json()["number"]: "hello"} for young in people]
        statuses: set[int] = set()
        # When every connection is cut, again and again while they write
        for turn in range(3):
            assert asyncio.run(terminate_all(postgres)) > 0
            for young, numbers in zip(people, kept, strict=True):
                text = f"are you there {turn}"
                numbers[send_until_kept(young, text, statuses)] = text
        # Then they were told to try again, or noticed nothing
        assert statuses <= {200, 201, 503}
        # And each message stands there once, under the number that was acknowledged
        for young, numbers in zip(people, kept, strict=True):
            assert said(young) == numbers
            young.http.close()


@pytest.mark.parametrize("room", ["none", "half a transaction"])
def test_on_a_full_disk_nothing_is_acknowledged_that_is_not_kept_and_the_numbers_are_there(
    tmp_path, room
):
    with service_in(tmp_path, staff=False) as service, YoungPerson(service.url) as young:
        # Given a chat, and a disk that is full
        numbers = {young.post("hello").json()["number"]: "hello"}
        statuses, refused = set[int](), str(uuid4())
        left = 0 if room == "none" else size_of_log(tmp_path) + 2000
        with full_disk(service.pid, left):
            # When they write until it no longer fits
            for turn in range(20):
                answer = young.post(f"are you there {turn}", id=refused)
                statuses.add(answer.status_code)
                if not answer.is_success:
                    break
                numbers[answer.json()["number"]] = f"are you there {turn}"
                refused = str(uuid4())
            # Then it is refused in one clear sentence, what was kept can be read, and the page with
            # the emergency numbers loads
            assert answer.status_code == 503
            assert answer.json()["error"]["code"] == "part_down"
            assert said(young).items() >= numbers.items()
            assert "999" in young.http.get("/").text
        # And with room again the message is kept, once, and the chat goes on
        numbers[send_until_kept(young, f"are you there {turn}", statuses)] = f"are you there {turn}"
        assert statuses <= {200, 201, 503}
        assert said(young) == numbers


def test_a_database_that_another_process_holds_is_503_and_then_kept(tmp_path):
    with service_in(tmp_path, staff=False) as service, YoungPerson(service.url) as young:
        # Given another process that holds the database for itself
        other = sqlite3.connect(tmp_path / "waymark.db", isolation_level=None)
        with closing(other):
            other.execute("BEGIN EXCLUSIVE")
            # When they write, then they are told to try again, and can read meanwhile
            identity = str(uuid4())
            assert young.post("are you there", id=identity).status_code == 503
            assert said(young) == {}
            assert "999" in young.http.get("/").text
            other.execute("ROLLBACK")
        # And the same message is kept once it lets go
        number = young.post("are you there", id=identity).json()["number"]
        assert said(young) == {number: "are you there"}


@pytest.mark.parametrize(
    ("state", "down"),
    [("57P03", True), ("53100", True), ("08006", True), ("23505", False), ("", False)],
    ids=["starts", "disk full", "connection lost", "same key twice", "none given"],
)
def test_what_postgresql_says_of_itself_is_told_from_a_fault_of_ours(state, down):
    said = asyncpg.PostgresError("")
    said.sqlstate = state
    assert _database_is_down(DBAPIError("", None, said)) is down
