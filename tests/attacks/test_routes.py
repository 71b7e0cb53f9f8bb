"""Every route of the running app is in the table of limits, and the table is what it says."""

import re
from pathlib import Path
from typing import Final

import pytest
from sanic import Sanic

from helpline.app import create_app
from helpline.desk import roles
from helpline.limits import page
from helpline.limits.table import TABLE
from helpline.settings import Settings
from tests.conftest import ROOT

PAGE: Final = ROOT / "docs" / "routes.md"


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Method and path of every route that the real app has."""
    home: Path = tmp_path_factory.mktemp("routes")
    app = create_app(Settings(home=home))
    found = {
        roles.named(method, route.path) for route in app.router.routes for method in route.methods
    }
    Sanic.unregister_app(app)
    return found


def missing(routes: set[tuple[str, str]], table: set[tuple[str, str]]) -> set[str]:
    """What is in one of the two and not in the other."""
    return {" ".join(route) for route in routes ^ table}


def test_every_route_has_a_row_and_every_row_a_route(routes: set[tuple[str, str]]) -> None:
    assert len(routes) > 60
    assert missing(routes, set(TABLE)) == set()


def test_a_route_without_a_row_is_noticed_and_so_is_a_row_without_a_route(
    routes: set[tuple[str, str]],
) -> None:
    planted = ("GET", "/api/everything")
    assert missing(routes | {planted}, set(TABLE)) == {"GET /api/everything"}
    assert missing(routes, set(TABLE) | {planted}) == {"GET /api/everything"}


def test_who_may_use_the_desk_is_said_by_the_desks_own_table() -> None:
    said = {
        " ".join(route): row.who for route, row in TABLE.items() if route[1].startswith("/desk")
    }
    for route, allowed in roles.ALLOWED.items():
        who = said.pop(" ".join(route))
        assert who in {", ".join(sorted(allowed)), "everybody on the staff"}, route
        assert (who == "everybody on the staff") is (allowed == roles.EVERYBODY), route
    assert said == dict.fromkeys(said, "anybody")
    assert len(said) == len(roles.OPEN) + 1


def test_what_must_load_during_a_flood_waits_for_nothing() -> None:
    for path in ("/", "/exit", "/embed.js", "/static/chat/<digest>/<name>"):
        row = TABLE["GET", path]
        assert not row.turn
        assert row.paces == ()
        assert row.stores == "nothing"


def test_every_route_that_changes_something_for_a_young_person_has_a_pace() -> None:
    for (method, path), row in TABLE.items():
        if method != "GET" and path.startswith("/api/"):
            assert row.paces or "slowed" in row.more, path


def test_no_route_of_a_young_person_takes_more_than_a_long_message_needs() -> None:
    for (_, path), row in TABLE.items():
        if path.startswith(("/api/", "/say", "/back", "/after", "/exit")):
            assert row.largest <= 64 * 1024, path


def test_the_page_of_routes_is_as_the_table_is() -> None:
    assert PAGE.read_text("utf-8") == page.page(), "run: python -m helpline.limits > docs/routes.md"
    rows = re.findall(r"^\| `(\w+ /\S*)`", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(" ".join(route) for route in TABLE)
