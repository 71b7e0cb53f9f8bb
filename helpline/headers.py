"""The response headers that keep a page from leaking: one function over the path.

The middleware in ``app.py`` sets them; how long a static file is cached is its own route's choice.
"""

from typing import Final, Protocol
from urllib.parse import urlsplit

EMBED: Final = "/embed.js"
STATIC: Final = "/static/"

_POLICY_OF_FEATURES: Final = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
    )
)


class Framing(Protocol):
    """What of the settings the headers depend on."""

    @property
    def exit_address(self) -> str: ...

    @property
    def website(self) -> tuple[str, ...]: ...


def origin(address: str) -> str:
    """``https://host[:port]`` of a web address; an empty string when it has none."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


def security_headers(path: str, settings: Framing) -> dict[str, str]:
    """Header names and values for a response at ``path`` (the path alone, as in ``/desk/queue``).

    The young person's page may be framed by the configured websites only, nothing else by anyone.
    Its forms may lead to the exit address, because a browser holds ``form-action`` against the
    redirect that follows a form. Static files choose their own ``Cache-Control``.
    """
    ancestors = " ".join(settings.website) if _is_chat(path) and settings.website else "'none'"
    foreign = path == EMBED and bool(settings.website)
    headers = {
        "Content-Security-Policy": "; ".join(_policy(path, settings, ancestors)),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": _POLICY_OF_FEATURES,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if foreign else "same-origin",
    }
    if ancestors == "'none'":
        headers["X-Frame-Options"] = "DENY"
    if not path.startswith(STATIC) and path != EMBED:
        headers["Cache-Control"] = "no-store"
    if path != "/":
        headers["X-Robots-Tag"] = "noindex, nofollow"
    return headers


def _is_chat(path: str) -> bool:
    return path in {"/", "/say", "/exit", "/after", "/back"}


def _is_desk(path: str) -> bool:
    return path == "/desk" or path.startswith("/desk/")


def _policy(path: str, settings: Framing, ancestors: str) -> list[str]:
    closed = ["default-src 'none'", "base-uri 'none'", f"frame-ancestors {ancestors}"]
    own = ["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"]
    if _is_chat(path):
        forms = f"form-action 'self' {origin(settings.exit_address)}".rstrip()
        typed = ["require-trusted-types-for 'script'", "trusted-types 'none'"]
        return [*closed, *own, forms, *typed]
    if _is_desk(path):
        return [*closed, *own, "media-src 'self'", "form-action 'self'"]
    return [*closed, "form-action 'none'"]
