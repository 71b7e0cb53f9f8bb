"""After a chat, the address it came from stands in no file: database, logs, whatever is printed."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.alone import service_in
from tests.privacy.scan import find
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

DANGER = "he wont let me leave, the door is locked"
OWN = "127.83.29.117"  # every address that begins with 127 is this machine
BEFORE = "203.0.113.87"  # reserved for documentation; as a proxy would name it


def test_no_ip_address_is_kept(tmp_path: Path) -> None:
    # Given a young person at an address of their own, behind a proxy that names another
    named = {"X-Forwarded-For": BEFORE, "X-Real-IP": BEFORE, "Forwarded": f"for={BEFORE}"}
    with (
        service_in(tmp_path) as running,
        Worker(running.url, running.worker),
        YoungPerson(running.url) as young,
        httpx.Client(
            base_url=running.url,
            transport=httpx.HTTPTransport(local_address=OWN),
            headers={"Authorization": f"Bearer {young.token}", **named},
        ) as own,
    ):
        # When they chat, are in danger, ask for a person, get things wrong, and leave
        for body in ({"text": "hello"}, {"text": DANGER}, {"button": "none"}, {}):
            own.post("/api/conversation/messages", json={"id": str(uuid4()), **body})
        assert own.post("/api/conversation/handoff").status_code == 204
        assert own.post("/api/conversation/messages", content=b"\xff").status_code == 400
        assert own.get("/nothing").status_code == 404
        assert len(young.events()) > 5
        assert own.get("/", headers={"Referer": f"http://{BEFORE}/"}).status_code == 200
        assert own.post("/exit", data={"token": young.token}).status_code == 303
        # Then no file that the service wrote holds either address while it runs
        assert (tmp_path / "waymark.db").stat().st_size > 0
        assert find([tmp_path], [OWN, BEFORE]) == []
    # And none after it stopped
    assert find([tmp_path], [OWN, BEFORE]) == []
