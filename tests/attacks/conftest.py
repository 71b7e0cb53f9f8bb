"""A desk in the middle of a shift, for those who attack it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.alone import Alone, service_in
from tests.attacks.support import LOGINS, Desk
from tests.worker import Worker
from tests.young_person import YoungPerson


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """The service with its demo staff and without an assistant; only its own front doors are used:
    tests that break something start their own.
    """
    with service_in(tmp_path_factory.mktemp("attacks")) as running:
        yield running


@pytest.fixture(scope="module")
def stranger(alone: Alone) -> Iterator[httpx.Client]:
    """Somebody with no token and no session."""
    with httpx.Client(base_url=alone.url, timeout=30) as stranger:
        yield stranger


@pytest.fixture(scope="module")
def desk(alone: Alone) -> Iterator[Desk]:
    """Everybody signed in, and a chat that robin holds, with a record and a broken confidence."""
    with (
        Worker(alone.url, LOGINS["robin"]) as robin,
        Worker(alone.url, LOGINS["sam"]) as sam,
        YoungPerson(alone.url) as young,
    ):
        robin.clear_the_desk()
        assert young.http.post("/api/conversation/handoff").status_code == 204
        [chat] = robin.queue()
        assert robin.take(chat).status_code == 200
        numbers = []
        for what, field in (("record", "q.contact"), ("breaking", "q.reason")):
            kept = robin.http.post(
                f"/desk/chat/{chat}/{what}", data={field: "self", "page": "p", "turn": "1"}
            )
            assert kept.status_code == 303, kept.text
            numbers.append(kept.headers["Location"].rpartition("/")[2])
        yield Desk(alone, robin, sam, young, chat, *numbers)
        robin.end(chat)
