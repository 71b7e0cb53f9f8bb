"""Plants words in every kind of place and in every encoding, so that the scan can be seen to find
them; encoders of the standard library make what is planted, not the scan's own code."""

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import os
import quopri
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from helpline.settings import ROOT

BEFORE: Final = "17:04 DEBUG said to nobody: "


def _zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("chat.txt", data * 4)
    return out.getvalue()


def _tarred(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        member = tarfile.TarInfo("chat.txt")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def _dumped(data: bytes) -> bytes:
    return "\n".join(data[at : at + 64].hex(" ") for at in range(0, len(data), 64)).encode()


ENCODERS: Final[Mapping[str, Callable[[str], bytes]]] = {
    "utf-8": lambda word: f"{BEFORE}{word}.".encode(),
    "upper case": lambda word: f"{BEFORE}{word}".upper().encode(),
    "utf-16-le": lambda word: f"{BEFORE}{word}.".encode("utf-16-le"),
    "utf-16-be": lambda word: f"{BEFORE}{word}.".encode("utf-16-be"),
    "latin-1": lambda word: f"{BEFORE}{word}.".encode("latin-1"),
    "json": lambda word: json.dumps({"text": word}).encode(),
    "json in json": lambda word: json.dumps({"body": json.dumps({"text": word})}).encode(),
    "python": lambda word: ascii([word]).encode(),
    "python bytes": lambda word: repr(word.encode()).encode(),
    "html": lambda word: html.escape(word).encode("ascii", "xmlcharrefreplace"),
    "form": lambda word: urlencode({"text": f"he said {word}"}).encode(),
    "percent": lambda word: "".join(f"%{byte:02X}" for byte in word.encode()).encode(),
    "quoted-printable": lambda word: quopri.encodestring(f"{'x' * 62} {word} = y".encode()),
    "base64": lambda word: base64.b64encode(word.encode()),
    "base64 at 1": lambda word: base64.b64encode(f"x{word}yz".encode()),
    "base64 at 2": lambda word: base64.b64encode(f"xy{word}z".encode()),
    "base64url": lambda word: base64.urlsafe_b64encode(f"?>?>{word}?>?>".encode()),
    "base64 in lines": lambda word: base64.encodebytes(f"{'y' * 48}{word}".encode()),
    "hex": lambda word: word.encode().hex().encode(),
    "HEX": lambda word: word.encode().hex().upper().encode(),
    "hex dump": lambda word: _dumped(word.encode()),
    "gzip": lambda word: b"x" + gzip.compress(f"{BEFORE}{word}".encode()),
    "gzip, cut off": lambda word: gzip.compress(f"{BEFORE}{word}{'.' * 99}".encode())[:-9],
    "zlib": lambda word: b"x" + zlib.compress(f"{BEFORE}{word}".encode()),
    "zip": lambda word: b"x" + _zipped(f"{BEFORE}{word}".encode()),
    "tar.gz": lambda word: _tarred(f"{BEFORE}{word}".encode()),
    "bzip2": lambda word: bz2.compress(word.encode()),
    "xz": lambda word: lzma.compress(word.encode()),
    "gzip of a zip": lambda word: gzip.compress(_zipped(f"{BEFORE}{word}".encode())),
    "base64 in a gzip": lambda word: gzip.compress(base64.b64encode(f"xy{word}z".encode())),
}


def in_a_file(file: Path, planted: bytes) -> None:
    """In the middle of a file, behind more than one window of the scan."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        out.write(os.urandom(1000))
        out.write(planted)
        out.write(os.urandom(1000))


def in_a_write_ahead_log(database: Path, planted: Mapping[str, bytes]) -> sqlite3.Connection:
    """In the -wal of a database only: written, deleted, and never brought into the main file."""
    connection = sqlite3.connect(database, isolation_level=None)
    for word in ("journal_mode=WAL", "wal_autocheckpoint=0", "secure_delete=ON"):
        connection.execute(f"PRAGMA {word}")
    connection.execute("CREATE TABLE said (what BLOB)")
    for each in planted.values():
        connection.execute("INSERT INTO said VALUES (?)", (each,))
        connection.execute("DELETE FROM said")
    return connection


@contextmanager
def in_a_process(
    *,
    arguments: Mapping[str, bytes],
    environment: Mapping[str, bytes],
    deleted: Mapping[str, bytes],
    folder: Path,
) -> Iterator[subprocess.Popen[bytes]]:
    """In what a process was started with, and in files it holds open after they were deleted."""
    with ExitStack() as held:
        files = [held.enter_context(tempfile.TemporaryFile(dir=folder)) for _ in deleted]
        for file, planted in zip(files, deleted.values(), strict=True):
            file.write(planted)
            file.flush()
        process = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()", *arguments.values()],
            env={
                **os.environb,
                **{f"P{i}".encode(): v for i, v in enumerate(environment.values())},
            },
            pass_fds=[file.fileno() for file in files],
            stdin=subprocess.PIPE,
        )
        try:
            yield process
        finally:
            process.communicate()


DIES = """
import os, resource, sys
_, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
held = sys.stdin.buffer.read()
{first}
os.abort()
"""


def crash(folder: Path, held: bytes, *, first: str = "") -> list[Path]:
    """A process that holds these bytes, asks for dumps, does `first`, and dies; what it left."""
    command = [sys.executable, "-c", DIES.format(first=first)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, cwd=folder, env=environment, input=held, check=False)
    return list(folder.iterdir())


def in_a_core(folder: Path, planted: Mapping[str, bytes]) -> Path:
    """In the core dump of a process that held all of it; where the system hands dumps to a program
    there is none, and a file that looks like one is planted."""
    (folder / "dies").mkdir(parents=True)
    held = b"\0".join(planted.values())
    core, *_ = crash(folder / "dies", held) or [folder / "dies" / "core"]
    if not core.exists():
        core.write_bytes(b"\x7fELF" + held)
    return core
