"""The table of routes as docs/routes.md shows it."""

from collections.abc import Iterable
from typing import Final

from helpline.limits import connections, enforcing, turns
from helpline.limits.paces import ALL
from helpline.limits.row import Row
from helpline.limits.table import TABLE

_HEAD: Final = """# Every route

Made by `.venvs/service/bin/python -m helpline.limits > docs/routes.md` from
`helpline/limits/table.py`, which the service enforces its limits from. A route that is not in the
table opens to nobody. `tests/attacks/test_routes.py` holds this page, the table and the running
service to each other.

Nobody is shut out. Who asks for much waits, and is told when to come back (429, `Retry-After`)
where a short wait is not enough; who comes from another address does not wait for them. Addresses
and chats are counted in memory, in buckets under a seed that changes every hour, and are written
nowhere. Behind a proxy the address comes from `Forwarded`, if it carries the setting
`forwarded_secret` (`for=…;secret=…`); every other header that names an address is ignored.
"""


def page() -> str:
    """The whole page, ending in a line feed."""
    parts = (
        _HEAD,
        _paces(),
        _shares(),
        _rows("The young person's", False),
        _rows("The desk", True),
    )
    return "\n".join(parts)


def _paces() -> str:
    rows = (
        (
            pace.name,
            pace.per,
            str(pace.at_once),
            f"{pace.per_second:g}",
            f"{pace.longest:g} s" if pace.longest else "none",
            pace.why,
        )
        for pace in ALL
    )
    head = ("what", "for each", "at once", "then a second", "waits at most", "because")
    return "## Paces\n\n" + _table(head, rows)


def _shares() -> str:
    rows = (
        ("requests worked on, of one address", f"{turns.AT_ONCE}", f"{turns.IN_LINE} wait in line"),
        ("streams of one chat", f"{enforcing.STREAMS_OF_A_CHAT}", "the oldest is closed"),
        (
            "streams of young people in all",
            f"{enforcing.STREAMS_OF_ALL:.0%} of the connections",
            "the address that has most gives up its oldest",
        ),
        (
            "streams of one desk session",
            f"{enforcing.STREAMS_OF_A_SESSION}",
            "the oldest is closed",
        ),
        (
            "streams of desks in all",
            f"{enforcing.STREAMS_OF_THE_DESK}",
            "the address that has most gives up its oldest",
        ),
        (
            "connections in all",
            f"{connections.MOST_CONNECTIONS}, or the open files allowed less "
            f"{connections.KEPT_BACK}",
            "the address that has most gives up its oldest",
        ),
        (
            "seconds for a connection's first byte",
            f"{connections.FIRST_BYTE_S:g}",
            "it is closed",
        ),
        ("seconds for a whole request", f"{connections.WHOLE_REQUEST_S:g}", "408, and closed"),
        (
            "tries to sign in that wait, of one address",
            f"{enforcing.SIGN_INS_AT_ONCE}",
            "429; wrong ones wait ever longer, up to 10 s",
        ),
    )
    return "## Shares\n\n" + _table(("what", "at most", "beyond it"), rows)


def _rows(title: str, desk: bool) -> str:
    rows = (
        (f"`{method} {path}`", row.who, f"{row.largest:,}", _limits(row), row.stores)
        for (method, path), row in TABLE.items()
        if path.startswith("/desk") is desk
    )
    head = ("route", "who may call it", "bytes", "limited by", "what it stores")
    return f"## {title}\n\n" + _table(head, rows)


def _limits(row: Row) -> str:
    said = [pace.name for pace in row.paces]
    if row.turn:
        said.append("the address's line")
    if row.stream:
        said.append("streams")
    if row.more:
        said.append(row.more)
    return "; ".join(said) or "never"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
