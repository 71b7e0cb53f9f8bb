"""Who may use which address of the desk: every route of the running app, as every role."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest

from helpline.conversation import staffing
from helpline.desk import roles
from helpline.settings import Settings
from helpline.store.database import Database
from tests.alone import Alone, service_in
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

EVERYBODY: Final = "worker supervisor editor admin auditor"
HELPERS: Final = "worker supervisor"
OPEN: Final = "nobody signed in"

TABLE: Final = {
    # signing in and out
    "GET /desk/login": OPEN,
    "POST /desk/login": OPEN,
    "GET /desk": EVERYBODY,
    "POST /desk/sign-out": EVERYBODY,
    # the queue and chats
    "GET /desk/queue": HELPERS,
    "GET /desk/stream": HELPERS,
    "POST /desk/here": HELPERS,
    "POST /desk/active": HELPERS,
    "GET /desk/chat/<conversation>": HELPERS,
    "GET /desk/chat/<conversation>/messages": HELPERS,
    "POST /desk/chat/<conversation>/messages": HELPERS,
    "POST /desk/chat/<conversation>/take": HELPERS,
    "POST /desk/chat/<conversation>/typing": HELPERS,
    "POST /desk/chat/<conversation>/end": HELPERS,
    # who holds a chat, who is here, who looks in
    "GET /desk/chat/<conversation>/brief": HELPERS,
    "GET /desk/chat/<conversation>/pass-on": HELPERS,
    "POST /desk/chat/<conversation>/pass-on": HELPERS,
    "POST /desk/chat/<conversation>/hand-back": HELPERS,
    "POST /desk/chat/<conversation>/ask-again": HELPERS,
    "POST /desk/chat/<conversation>/look": "supervisor",
    "POST /desk/chat/<conversation>/stop-looking": "supervisor",
    "POST /desk/chat/<conversation>/take-over": "supervisor",
    "POST /desk/chat/<conversation>/open": HELPERS,
    "POST /desk/chat/<conversation>/open/decide": "supervisor",
    "GET /desk/people": HELPERS,
    "POST /desk/presence": HELPERS,
    "GET /desk/chats": HELPERS,
    # alarms
    "GET /desk/alarms": HELPERS,
    # the desk's tools: replies, topics, services
    "GET /desk/chat/<conversation>/replies": HELPERS,
    "GET /desk/chat/<conversation>/topics": HELPERS,
    "POST /desk/chat/<conversation>/topics": HELPERS,
    "GET /desk/chat/<conversation>/services": HELPERS,
    "GET /desk/chat/<conversation>/notes": HELPERS,
    "POST /desk/chat/<conversation>/notes": HELPERS,
    # the record of a chat
    "GET /desk/chat/<conversation>/record": HELPERS,
    "POST /desk/chat/<conversation>/record": HELPERS,
    "POST /desk/chat/<conversation>/record/finish": HELPERS,
    "GET /desk/records": HELPERS,
    "POST /desk/records": HELPERS,
    "GET /desk/records/<number>": HELPERS,
    "POST /desk/records/<number>": HELPERS,
    "POST /desk/records/<number>/finish": HELPERS,
    "POST /desk/records/<number>/reopen": "supervisor",
    "POST /desk/records/<number>/talk-seen": "supervisor",
    "GET /desk/asks": HELPERS,
    # breaking confidentiality
    "GET /desk/chat/<conversation>/breaking": HELPERS,
    "POST /desk/chat/<conversation>/breaking": HELPERS,
    "POST /desk/chat/<conversation>/breaking/decide": HELPERS,
    "GET /desk/breaking/<number>": HELPERS,
    "GET /desk/breaking/<number>/steps": HELPERS,
    "POST /desk/breaking/<number>": HELPERS,
    "POST /desk/breaking/<number>/decide": HELPERS,
    "POST /desk/breaking/<number>/share": HELPERS,
    "POST /desk/breaking/<number>/add": HELPERS,
    "POST /desk/breaking/<number>/view": HELPERS,
    # chats held as evidence
    "GET /desk/holds": "supervisor",
    "POST /desk/holds/<conversation>": "supervisor",
    "POST /desk/holds/<conversation>/read": "supervisor",
    # numbers
    "GET /desk/numbers": "supervisor",
    # staff, sessions, the audit log
    "GET /desk/account": EVERYBODY,
    "POST /desk/account/password": EVERYBODY,
    "POST /desk/account/sessions/<reference>/end": EVERYBODY,
    "POST /desk/account/sessions/end-others": EVERYBODY,
    "GET /desk/staff": "supervisor admin",
    "POST /desk/staff/<person>/at-once": "supervisor admin",
    "POST /desk/staff/<person>/leave": "supervisor admin",
    "POST /desk/staff/<person>/access": "supervisor",
    "GET /desk/audit": "supervisor auditor",
}
"""Every address of the desk, and who may use it: add a line for each new route."""

FILLED: Final = {"conversation": "0" * 32, "reference": "0" * 16}
"""What stands in an address in place of <name>, where a number will not do."""

JSON: Final = {"Accept": "application/json"}
PASSWORD: Final = "a long enough password"
PRINT_ROUTES: Final = """
from helpline.app import create_app
from helpline.settings import Settings
for route in create_app(Settings.load()).router.routes:
    for method in route.methods:
        print(method, "/" + route.path)
"""


@dataclass(frozen=True)
class Desk:
    """A running service with somebody of every role signed in to it, and its routes."""

    service: Alone
    routes: frozenset[str]
    signed_in: dict[str, httpx.Client] = field(repr=False)

    def as_role(self, role: str, route: str) -> httpx.Response:
        """What this role is answered; a session that this ends is begun anew."""
        answer = request(self.signed_in[role], route)
        if route == "POST /desk/sign-out":
            sign_in(self.signed_in[role], role)
        return answer


def request(client: httpx.Client, route: str) -> httpx.Response:
    """Asks for an address with nothing in it; reads no more of a stream than how it begins."""
    method, path = route.split()
    path = re.sub(r"<(\w+)>", lambda name: FILLED.get(name[1], "999999"), path)
    with client.stream(method, path) as answer:
        if "event-stream" not in answer.headers.get("Content-Type", ""):
            answer.read()
        return answer


def sign_in(client: httpx.Client, role: str) -> None:
    form = {"name": f"demo-{role}", "password": PASSWORD}
    assert client.post("/desk/login", data=form).status_code == 303
    page = client.get("/desk/account").text
    csrf = re.search(r'name="csrf" value="(\w+)"', page)
    assert csrf
    client.headers["X-CSRF-Token"] = csrf[1]


async def add_everybody(home: Path) -> None:
    """Somebody of each role, without a second factor as in a demo."""
    database = Database.open(Settings(home=home).database_url)
    await database.upgrade()
    for role in ("supervisor", "worker", "editor", "admin", "auditor"):
        await staffing.add(
            database,
            name=f"demo-{role}",
            alias=role,
            role=role,
            password=PASSWORD,
            second_factor=False,
            now=0.0,
        )
    await database.close()


def plain(route: str) -> str:
    """A route as the table writes it: "<person:int>" is "<person>", "/desk/" is "/desk"."""
    method, path = re.sub(r"<(\w+):[^>]*>", r"<\1>", route).split()
    return f"{method} {path.rstrip('/')}"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("roles")
    asyncio.run(add_everybody(home))
    printed = subprocess.run(
        [sys.executable, "-c", PRINT_ROUTES],
        cwd=ROOT,
        env=Settings(home=home).to_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    routes = {plain(line) for line in printed.stdout.splitlines()}
    with service_in(home) as service, ExitStack() as open_clients:
        clients = {
            role: open_clients.enter_context(httpx.Client(base_url=service.url, headers=JSON))
            for role in EVERYBODY.split()
        }
        for role, client in clients.items():
            sign_in(client, role)
        give_access(clients["supervisor"], "demo-worker")
        yield Desk(service, frozenset(routes), clients)


def give_access(supervisor: httpx.Client, name: str) -> None:
    page = supervisor.get("/desk/staff").text
    person = re.search(rf'id="person-(\d+)">\s*<div[^>]*>\s*<h3><bdi>{name}</bdi>', page)
    assert person
    assert supervisor.post(f"/desk/staff/{person[1]}/access").status_code == 204


def of_the_desk(route: str) -> bool:
    """Whether it is an address of the desk; its static files are for anybody."""
    return "/desk" in route and "/desk/static" not in route


def test_every_route_of_the_running_app_is_in_this_table_and_in_the_desks_own(desk: Desk) -> None:
    # Given the routes of the app as it runs
    routes = {route for route in desk.routes if of_the_desk(route)}
    assert len(routes) > 20
    # Then each is written down here, and nothing else is
    assert routes == set(TABLE)
    # And the desk's own table says the same of each
    own = {f"{method} {path}": allowed for (method, path), allowed in roles.ALLOWED.items()}
    own |= {f"{method} {path}": frozenset(OPEN.split()) for method, path in roles.OPEN}
    assert own == {route: frozenset(allowed.split()) for route, allowed in TABLE.items()}


@pytest.mark.parametrize("role", EVERYBODY.split())
def test_each_role_may_use_what_the_table_says_and_nothing_else(desk: Desk, role: str) -> None:
    wrong = []
    for route, allowed in TABLE.items():
        if allowed == OPEN:
            continue
        answer = desk.as_role(role, route)
        refused = answer.status_code == 403 and '"not_allowed"' in answer.text
        assert answer.status_code != 401, route
        assert answer.status_code < 500, route
        if refused is (role in allowed.split()):
            wrong.append(f"{route}: {answer.status_code}")
    assert wrong == []


def test_nobody_gets_further_than_the_sign_in_page_without_a_session(desk: Desk) -> None:
    with httpx.Client(base_url=desk.service.url) as stranger:
        for route, allowed in TABLE.items():
            answer = request(stranger, route)
            if allowed == OPEN:
                assert answer.status_code in {200, 401}, route
            elif answer.status_code == 302:
                assert answer.headers["Location"] == "/desk/login", route
            else:
                assert answer.status_code == 401, route


@pytest.mark.parametrize("role", ["editor", "admin", "auditor"])
def test_a_role_without_chats_is_shown_what_it_can_do_and_no_queue(desk: Desk, role: str) -> None:
    page = desk.signed_in[role].get("/desk", headers={"Accept": "text/html"})
    assert page.status_code == 200
    links = set(re.findall(r'<a href="(/desk/[\w-]+)"', page.text))
    may = {route.split()[1] for route, allowed in TABLE.items() if role in allowed.split()}
    assert links
    assert links <= may
    assert "queue-title" not in page.text


def test_a_route_that_nobody_wrote_down_opens_to_nobody() -> None:
    class Unknown:
        class route:
            path = "desk/new-thing"

        method = "GET"

    for role in EVERYBODY.split():
        with pytest.raises(roles.NotAllowed):
            roles.check(Unknown, role)
