"""The headers that keep a page from leaking."""

from dataclasses import dataclass

import pytest

from helpline.headers import security_headers


@dataclass(frozen=True)
class Site:
    exit_address: str = "https://example.org/weather?x=1"
    website: tuple[str, ...] = ()


EMBEDDED = Site(website=("https://charity.example", "https://www.charity.example"))
PATHS = ("/", "/say", "/exit", "/desk", "/desk/queue", "/api/conversations", "/embed.js", "/x")


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_allowed_by_default_and_nothing_inline_ever(path: str) -> None:
    headers = security_headers(path, EMBEDDED)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; base-uri 'none'")
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/embed.js"])
def test_nothing_is_stored(path: str) -> None:
    assert security_headers(path, Site())["Cache-Control"] == "no-store"


def test_only_the_configured_websites_may_frame_and_only_the_chat() -> None:
    chat = security_headers("/", EMBEDDED)
    assert (
        "frame-ancestors https://charity.example https://www.charity.example;"
        in (chat["Content-Security-Policy"])
    )
    assert "X-Frame-Options" not in chat
    for path, site in (("/", Site()), ("/desk", EMBEDDED), ("/deskx", EMBEDDED)):
        headers = security_headers(path, site)
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"


def test_script_on_the_chat_may_never_make_html_of_text() -> None:
    policy = security_headers("/", Site())["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy


def test_a_form_may_lead_to_the_exit_and_nowhere_else() -> None:
    policy = security_headers("/say", Site())["Content-Security-Policy"]
    assert "form-action 'self' https://example.org;" in policy
