"""What an attacker has in these tests: addresses that would work, raw bytes, the tables."""

from __future__ import annotations

import re
import socket
import sqlite3
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from helpline import demo
from helpline.desk import roles
from tests.alone import Alone
from tests.conftest import Login
from tests.worker import Worker
from tests.young_person import YoungPerson

LOGINS: Final = {login.name: Login(login.name, login.password) for login in demo.LOGINS}
DANGER: Final = "he wont let me leave, the door is locked"
JSON: Final = {"Accept": "application/json"}
MOVES_BY_ITSELF: Final = {"staff_session": {"used_at", "here_at"}, "queue_entry": {"position"}}
"""Columns that change while nobody asks for anything."""
FORM: Final = {
    "text": "x",
    "note": "x",
    "kind": "note",
    "presence": "busy",
    "reason": "life_in_danger",
    "agreed": "yes",
    "chats": "5",
    "verdict": "agree",
    "why": "x",
    "topic": "T01",
    "id": str(uuid4()),
    "present": "x",
    "new": "a very different password",
    "again": "a very different password",
    "page": "p",
    "turn": "9",
    "q.contact": "self",
    "q.reason": "x",
}
"""A field for every form of the desk: each reads its own."""


@dataclass(frozen=True)
class Desk:
    """A running service, its staff signed in, and a chat that robin holds, opened by a yes."""

    alone: Alone
    robin: Worker
    sam: Worker
    young: YoungPerson
    chat: str
    record: str
    breaking: str

    def posts(self) -> list[tuple[Worker, str]]:
        """Every POST of the desk that needs a session, filled in so that it would work, each with
        somebody who may do it.
        """
        return [
            (self.robin if "worker" in allowed else self.sam, self.fill(path))
            for (method, path), allowed in roles.ALLOWED.items()
            if method == "POST"
        ]

    def fill(self, path: str) -> str:
        number = self.breaking if "/breaking/" in path else self.record
        ours = {"conversation": self.chat, "number": number, "person": "3", "reference": "0" * 16}
        return re.sub(r"<(\w+)>", lambda name: ours[name[1]], path)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        return rows_of(self.alone.home)


def send(client: httpx.Client, path: str, headers: Mapping[str, str]) -> httpx.Response:
    """A POST as its page would send it, but for `headers`; one of None takes a header out."""
    body: dict[str, Any] = {"data": FORM}
    if path.endswith("/messages"):
        body = {"json": {"id": str(uuid4()), "text": "forged"}}
    request = client.build_request("POST", path, headers=JSON, **body)
    for name, value in headers.items():
        request.headers.pop(name, None)
        if value is not None:
            request.headers[name] = value
    return client.send(request)


def rows_of(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the running service, but for what moves by itself."""
    with closing(sqlite3.connect(f"file:{home / 'waymark.db'}?mode=ro", uri=True)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        found = {}
        for (table,) in tables.fetchall():
            rows = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 — our own names
            moving = MOVES_BY_ITSELF.get(table, set())
            kept = [i for i, column in enumerate(rows.description) if column[0] not in moving]
            found[table] = sorted((tuple(row[i] for i in kept) for row in rows), key=repr)
    return found


def change(home: Path, statement: str, *values: object) -> int:
    """Changes the database file behind the service's back; returns how many rows."""
    with closing(sqlite3.connect(home / "waymark.db", timeout=10)) as database, database:
        return database.execute(statement, values).rowcount


def log_of(alone: Alone) -> str:
    return (alone.home / "service.log").read_text("utf-8")


def raw(url: str, request: bytes) -> bytes:
    """Sends bytes as they are; returns what came back up to the end of the headers, or nothing."""
    at = urlsplit(url)
    answer = b""
    with socket.create_connection((at.hostname or "", at.port or 80), timeout=10) as connection:
        connection.sendall(request)
        while b"\r\n\r\n" not in answer:
            piece = connection.recv(65536)
            if not piece:
                break
            answer += piece
    return answer


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def alike(
    one: Callable[[], object], other: Callable[[], object], *, within: float, times: int = 40
) -> bool:
    """Whether two calls take the same time: their medians, measured in turn, differ by no more
    than the share `within` of the longer. Another program may be in the way: tried three times.
    """
    for _ in range(3):
        took: tuple[list[float], list[float]] = ([], [])
        for turn in range(2 * times):
            began = time.perf_counter()
            (one, other)[turn % 2]()
            took[turn % 2].append(time.perf_counter() - began)
        first, second = map(statistics.median, took)
        if abs(first - second) <= within * max(first, second):
            return True
    return False
