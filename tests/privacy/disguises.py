"""What a secret looks like on disk: every encoding it might hide in, as bytes to look for."""

import base64
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

Reading = Literal["raw", "joined", "lowered"]
"""How a file is read for a look: as it is; without line ends and "=" (MIME wraps base64, and
quoted-printable ends lines in "="); and that in lower case."""

_DROPPED = b"\r\n="


def marker(*, ascii_only: bool = False) -> str:
    """A new word that stands nowhere else; with a letter that JSON, forms and mail escape."""
    return f"zq{secrets.token_hex(5)}{'' if ascii_only else 'é'}{secrets.token_hex(5)}"


def read_as(reading: Reading, data: bytes) -> bytes:
    """The data as a look of that reading is searched in."""
    if reading == "raw":
        return data
    joined = data.translate(None, _DROPPED)
    return joined if reading == "joined" else joined.lower()


@dataclass(frozen=True)
class Look:
    """One appearance of a secret: what it is called, how to read for it, and the bytes."""

    name: str
    reading: Reading
    found: bytes


def looks_of_text(text: str) -> Iterator[Look]:
    """Every look of a secret that is written in letters."""
    for name, written in _spellings(text):
        yield Look(name, "lowered", read_as("lowered", written))
    yield from _looks_in_figures(text.encode())


def looks_of_bytes(raw: bytes) -> Iterator[Look]:
    """Every look of a secret that is bytes, such as a key."""
    yield Look("raw", "raw", raw)
    yield from _looks_in_figures(raw)


def _spellings(text: str) -> Iterator[tuple[str, bytes]]:
    plain = text.encode()
    yield "utf-8", plain
    yield "utf-16-le", text.encode("utf-16-le")
    yield "utf-16-be", text.encode("utf-16-be")
    yield "percent", quote(text, safe="").encode()
    yield "percent, all of it", b"".join(b"%%%02x" % byte for byte in plain)
    if not text.isascii():
        escaped = json.dumps(text)[1:-1].encode()
        for piece in re.findall(r"[!-~]{10,}", text):  # however the letters around it are escaped
            yield "a piece", piece.encode()
        yield "latin-1", text.encode("latin-1", "replace")
        yield "json", escaped
        yield "json in json", escaped.replace(b"\\", b"\\\\")
        yield "python", ascii(text)[1:-1].encode()
        yield "python bytes", repr(plain)[2:-1].encode()
        yield "upper case", text.upper().encode()
        yield "html", text.encode("ascii", "xmlcharrefreplace")
        yield "quoted-printable", _quoted_printable(plain)


def _quoted_printable(plain: bytes) -> bytes:
    return b"".join(bytes([byte]) if byte < 128 else b"=%02X" % byte for byte in plain)


def _looks_in_figures(raw: bytes) -> Iterator[Look]:
    figures = raw.hex()
    pairs = [figures[at : at + 2] for at in range(0, len(figures), 2)]
    yield Look("hex", "lowered", figures.encode())
    yield Look("hex with spaces", "lowered", " ".join(pairs).encode())
    yield Look("hex, escaped", "lowered", "".join(f"\\x{pair}" for pair in pairs).encode())
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + raw)
        # Cut what the neighbours change: the middle of the encoding is always the same.
        first = -(-offset * 8 // 6) + (1 if offset else 0)
        middle = whole[first : len(whole) - 4]
        yield Look(f"base64+{offset}", "joined", middle)
        for_addresses = middle.translate(bytes.maketrans(b"+/", b"-_"))
        if for_addresses != middle:
            yield Look(f"base64url+{offset}", "joined", for_addresses)
