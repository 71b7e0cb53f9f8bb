"""After a chat, the address it came from stands in no file: database, logs, whatever is printed."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.alone import service_in
from tests.privacy import places
from tests.privacy.marks import Marks
from tests.privacy.scan import Scanner
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

DANGER = "he wont let me leave, the door is locked"


def test_no_ip_address_is_kept(tmp_path: Path) -> None:
    # Given a young person at an address of their own, behind a proxy that names another
    marks = Marks()
    here, before = marks.own_address(), marks.foreign_address()
    named = {"X-Forwarded-For": before, "X-Real-IP": before, "Forwarded": f'for="[{before}]"'}
    with (
        service_in(tmp_path) as running,
        Worker(running.url, running.worker),
        YoungPerson(
            running.url, headers=named, transport=httpx.HTTPTransport(local_address=here)
        ) as young,
    ):
        # When they chat, are in danger, ask for a person, get things wrong, and leave
        own = young.http
        for body in ({"text": "hello"}, {"text": DANGER}, {"button": "none"}, {}):
            own.post("/api/conversation/messages", json={"id": str(uuid4()), **body})
        assert own.post("/api/conversation/handoff").status_code == 204
        assert own.post("/api/conversation/messages", content=b"\xff").status_code == 400
        assert own.get("/nothing").status_code == 404
        assert len(young.events()) > 5
        assert own.get("/", headers={"Referer": f"http://[{before}]/"}).status_code == 200
        assert own.post("/exit", data={"token": young.token}).status_code == 303
        # Then no file that the service wrote holds either address while it runs
        assert (tmp_path / "waymark.db").stat().st_size > 0
        while_it_runs = Scanner(marks.looks).search(places.files("state file", tmp_path))
    # And none after it stopped
    after = Scanner(marks.looks).search(places.files("state file", tmp_path))
    assert sorted(while_it_runs.finds | after.finds) == []
    assert while_it_runs.places["state file"] >= 3
    assert while_it_runs.not_searched + after.not_searched == []
