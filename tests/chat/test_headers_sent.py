"""The headers of each kind of page, as they leave the running service, byte for byte."""

import re
import socket
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.alone import Alone, service_in

pytestmark = pytest.mark.slow

WEBSITE: Final = ("https://charity.example", "https://www.charity.example")

CHAT: Final = """\
Content-Security-Policy: default-src 'none'; base-uri 'none'; \
frame-ancestors https://charity.example https://www.charity.example; \
script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
form-action 'self' https://www.bbc.co.uk; \
require-trusted-types-for 'script'; trusted-types 'none'
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Permissions-Policy: accelerometer=(), browsing-topics=(), camera=(), display-capture=(), \
geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), \
serial=(), usb=()
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-origin
Cache-Control: no-store
"""
UNLISTED: Final = "X-Robots-Tag: noindex, nofollow\n"
DESK: Final = """\
Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; media-src 'self'; \
form-action 'self'
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Permissions-Policy: accelerometer=(), browsing-topics=(), camera=(), display-capture=(), \
geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), \
serial=(), usb=()
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-origin
X-Frame-Options: DENY
Cache-Control: no-store
X-Robots-Tag: noindex, nofollow
"""
ANSWER: Final = """\
Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
form-action 'none'
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Permissions-Policy: accelerometer=(), browsing-topics=(), camera=(), display-capture=(), \
geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), \
serial=(), usb=()
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-origin
X-Frame-Options: DENY
Cache-Control: no-store
X-Robots-Tag: noindex, nofollow
"""
LAUNCHER: Final = """\
Cache-Control: no-cache
Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
form-action 'none'
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Permissions-Policy: accelerometer=(), browsing-topics=(), camera=(), display-capture=(), \
geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), \
serial=(), usb=()
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: cross-origin
X-Frame-Options: DENY
X-Robots-Tag: noindex, nofollow
"""
STATIC: Final = """\
Cache-Control: no-cache
Vary: Accept-Encoding
Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
form-action 'none'
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
Permissions-Policy: accelerometer=(), browsing-topics=(), camera=(), display-capture=(), \
geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), \
serial=(), usb=()
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-origin
X-Frame-Options: DENY
X-Robots-Tag: noindex, nofollow
"""
END: Final = "content-length: N\nconnection: close\n"
HTML: Final = f"{END}content-type: text/html; charset=utf-8\n"
JSON: Final = f"{END}content-type: application/json\n"
LEAVE: Final = "Location: https://www.bbc.co.uk/weather\n"
WIPED: Final = f'Clear-Site-Data: "cache", "storage"\n{LEAVE}'

EXPECTED: Final = {
    "GET /": f"HTTP/1.1 200 OK\n{CHAT}{HTML}",
    "GET /back": f"HTTP/1.1 200 OK\n{CHAT}{UNLISTED}{HTML}",
    "POST /say": f"HTTP/1.1 200 OK\n{CHAT}{UNLISTED}{HTML}",
    "POST /after": f"HTTP/1.1 200 OK\n{CHAT}{UNLISTED}{HTML}",
    "GET /exit": f"HTTP/1.1 303 See Other\n{LEAVE}{CHAT}{UNLISTED}{HTML}",
    "POST /exit": f"HTTP/1.1 303 See Other\n{WIPED}{CHAT}{UNLISTED}{HTML}",
    "GET /desk/login": f"HTTP/1.1 200 OK\n{DESK}{HTML}",
    "GET /desk": f"HTTP/1.1 302 Found\nLocation: /desk/login\n{DESK}{HTML}",
    "POST /api/conversations": f"HTTP/1.1 201 Created\n{ANSWER}{JSON}",
    "GET /api/conversation/events": f"HTTP/1.1 401 Unauthorized\n{ANSWER}{JSON}",
    "GET /docs/openapi.json": f"HTTP/1.1 200 OK\n{ANSWER}{JSON}",
    "GET /nothing": f"HTTP/1.1 404 Not Found\n{ANSWER}{JSON}",
    "PUT /api/conversations": f"HTTP/1.1 405 Method Not Allowed\nAllow: POST\n{ANSWER}{JSON}",
    "GET /embed.js": f"HTTP/1.1 200 OK\n{LAUNCHER}{END}content-type: text/javascript; "
    "charset=utf-8\n",
    "GET /static/chat/0/chat.css": f"HTTP/1.1 200 OK\n{STATIC}{END}content-type: text/css; "
    "charset=utf-8\n",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with service_in(tmp_path_factory.mktemp("headers"), staff=False, website=WEBSITE) as running:
        yield running


def head_of(address: str, request: str) -> str:
    """The head of an answer as it comes over the socket, its length written as N."""
    parts = urlsplit(address)
    asked = f"{request} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 0\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(f"{asked}Connection: close\r\n\r\n".encode())
        read = b""
        while b"\r\n\r\n" not in read and (more := connection.recv(65_536)):
            read += more
    head = read.split(b"\r\n\r\n")[0].decode().replace("\r\n", "\n") + "\n"
    return re.sub(r"(?<=content-length: )\d+", "N", head)


@pytest.mark.parametrize("request_line", EXPECTED)
def test_the_head_of_each_kind_of_page_is_this_to_the_byte(
    service: Alone, request_line: str
) -> None:
    assert head_of(service.url, request_line) == EXPECTED[request_line]
