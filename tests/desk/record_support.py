"""The real service with its demo staff, and chats that a worker holds there: for records."""

from __future__ import annotations

import re

import httpx

from helpline import demo
from tests.alone import Alone
from tests.conftest import Login
from tests.desk.support import YoungPerson
from tests.worker import Worker

LOGINS = {login.name: Login(login.name, login.password) for login in demo.LOGINS}
WHOLE = {
    "q.phone_seen_by": "partner",
    "q.contact": "self",
    "q.categories": ["home.hurt", "missing.away_now"],
    "q.confidentiality": "kept",
    "q.outcome": "safer",
}
DECISION = {
    "q.danger_now": "no",
    "q.reason": "They said where they are",
    "q.ground": "harm_to_self",
    "q.told": "That I would ring",
    "q.said": "ok",
    "q.decided_by": "me",
}
SHARING = {"q.to": "police_999", "q.whom": "Officer Reed", "q.words": "A young person is at risk"}


def worker(alone: Alone, name: str) -> Worker:
    """That member of the demo's staff, signed in and at the desk."""
    return Worker(alone.url, LOGINS[name])


def held(alone: Alone, by: Worker, words: str | None = None) -> tuple[YoungPerson, str]:
    """A chat that this worker took; those they held before are ended: they take only so many."""
    for other in re.findall(r'data-mine="(\w+)"', by.http.get("/desk/queue").text):
        assert by.end(other).status_code == 200
    before = set(by.queue())
    young_person = YoungPerson(alone.url)
    young_person.lets_a_person_in()
    [waiting] = set(by.queue()) - before
    assert by.take(waiting).status_code == 200
    if words:
        young_person.writes(words)
    return young_person, waiting


def hidden(page: str) -> dict[str, str]:
    """What the first form that saves itself carries beside its fields."""
    form = page[page.index("data-saves") :]
    return dict(
        re.findall(r'<input type="hidden"(?: id="[\w-]+")? name="(\w+)" value="(\w*)">', form)
    )


def part(by: Worker, path: str) -> httpx.Response:
    """A part of a page, as htmx asks for it."""
    return by.http.get(path, headers={"HX-Request": "true"})


def send(by: Worker, path: str, fields: object, **more: str) -> httpx.Response:
    """Posts a form as htmx does, with what the page carried."""
    assert isinstance(fields, dict)
    return by.http.post(path, data={**fields, **more}, headers={"HX-Request": "true"})
