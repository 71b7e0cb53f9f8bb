"""What is inside compressed streams, wherever in a file they begin: found by their first bytes."""

import bz2
import lzma
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, Protocol

ReadAt = Callable[[int, int], bytes]
"""Reads so many bytes at a place: (offset, length)."""

MOST_UNPACKED: Final = 256 << 20
"""Bytes of one stream; more is an error, never left out in silence."""
_STEP: Final = 1 << 12
_MAGIC: Final = re.compile(
    rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|PK\x03\x04|BZh[1-9]1AY&SY|\xfd7zXZ\x00", re.DOTALL
)
_BROKEN: Final = (zlib.error, OSError, lzma.LZMAError, EOFError)
LONGEST_MAGIC: Final = 10
_ZIP_HEADER: Final = struct.Struct("<4sHHHHHIIIHH")
_DEFLATED: Final = 8


class TooMuchPacked(Exception):
    """A stream unpacks to more than MOST_UNPACKED."""


class _Unpacker(Protocol):
    def decompress(self, data: bytes, /) -> bytes: ...

    @property
    def eof(self) -> bool: ...


def streams(window: bytes) -> Iterator[int]:
    """Where in the window a compressed stream may begin."""
    return (found.start() for found in _MAGIC.finditer(window))


def unpack(read: ReadAt, at: int) -> bytes:
    """What the stream at this place holds, up to its end or its first fault; b"" for none."""
    magic = read(at, LONGEST_MAGIC)
    start, unpacker = _unpacker(read, at, magic)
    if unpacker is None:
        return b""
    pieces, held = [], 0
    while not unpacker.eof:
        packed = read(start, _STEP)
        start += len(packed)
        if not packed:
            break
        piece, broken = _step(unpacker, packed)
        held += len(piece)
        if held > MOST_UNPACKED:
            raise TooMuchPacked
        pieces.append(piece)
        if broken:
            break
    return b"".join(pieces)


def _step(unpacker: _Unpacker, packed: bytes) -> tuple[bytes, bool]:
    """What these bytes give, and whether the stream breaks in them."""
    before = unpacker.copy() if hasattr(unpacker, "copy") else None
    try:
        return unpacker.decompress(packed), False
    except _BROKEN:
        pieces: list[bytes] = []
        with suppress(*_BROKEN):  # what came before the fault is lost unless asked for by bytes
            for at in range(len(packed) if before else 0):
                pieces.append(before.decompress(packed[at : at + 1]))
        return b"".join(pieces), True


def _unpacker(read: ReadAt, at: int, magic: bytes) -> tuple[int, _Unpacker | None]:
    """Where the packed bytes begin, and what unpacks them."""
    if magic.startswith(b"PK"):
        return _zip_member(read, at)
    if magic.startswith(b"BZh"):
        return at, bz2.BZ2Decompressor()
    if magic.startswith(b"\xfd7z"):
        return at, lzma.LZMADecompressor()
    gzip_header = 16 if magic.startswith(b"\x1f\x8b") else 0
    return at, zlib.decompressobj(wbits=zlib.MAX_WBITS + gzip_header)


def _zip_member(read: ReadAt, at: int) -> tuple[int, _Unpacker | None]:
    header = read(at, _ZIP_HEADER.size)
    if len(header) < _ZIP_HEADER.size:
        return at, None
    _, _, _, method, *_, name, extra = _ZIP_HEADER.unpack(header)
    if method != _DEFLATED:  # stored: its bytes stand in the file as they are
        return at, None
    return at + _ZIP_HEADER.size + name + extra, zlib.decompressobj(wbits=-zlib.MAX_WBITS)
