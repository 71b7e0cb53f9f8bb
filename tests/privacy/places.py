"""Where a word could be left: files, open files that were deleted, arguments, environments."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import psutil

GONE = (FileNotFoundError, ProcessLookupError, psutil.NoSuchProcess)
"""What was there a moment ago and is not any more: what it held is searched where it went."""


@dataclass(frozen=True)
class Place:
    """One thing to search: of what kind, what it is called, and how it is opened."""

    kind: str
    name: str
    open: Callable[[], BinaryIO] = field(repr=False)


def printed(name: str, what: bytes) -> Place:
    """What a command printed."""
    return Place("printed output", name, lambda: BytesIO(what))


def one_file(kind: str, path: Path, name: str | None = None) -> Place:
    """One file, whatever its age."""
    return Place(kind, name or str(path), lambda: path.open("rb", buffering=0))


def files(
    kind: str, folder: Path, *, since: float | None = None, leave_out: Iterable[Path] = ()
) -> Iterator[Place]:
    """Every file in a folder and its folders, or those that were written or changed `since`.

    Seconds since 1970, by the time of the last change of the inode, which no program can set.
    Raises OSError for a folder of ours that cannot be listed.
    """
    left_out = {path.resolve() for path in leave_out}
    folders = [folder.resolve()]
    while folders:
        here = folders.pop()
        if here in left_out:
            continue
        try:
            entries = list(os.scandir(here))
        except GONE:
            continue
        except PermissionError:
            if _is_ours(here):
                raise
            continue
        for entry in entries:
            with suppress(*GONE):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False) and (
                    since is None or entry.stat(follow_symlinks=False).st_ctime >= since
                ):
                    yield one_file(kind, Path(entry.path))


def processes(running: Iterable[psutil.Process]) -> Iterator[Place]:
    """Arguments, environment and open files of processes, deleted files among them."""
    for process in running:
        folder = Path(f"/proc/{process.pid}")
        with suppress(*GONE):
            name = f"{process.pid} {process.name()}"
            yield one_file("process arguments", folder / "cmdline", name)
            yield one_file("process environment", folder / "environ", name)
            for number in sorted(os.listdir(folder / "fd"), key=int):
                descriptor = folder / "fd" / number
                with suppress(*GONE):
                    if stat.S_ISREG(descriptor.stat().st_mode):
                        target = os.readlink(descriptor)
                        yield one_file("open file", descriptor, f"{name} {target}")


def family(of: psutil.Process) -> list[psutil.Process]:
    """A process and all that it started."""
    return [of, *of.children(recursive=True)]


def _is_ours(path: Path) -> bool:
    """Whether it belongs to this account: the product, which runs under it, could write there."""
    return path.stat().st_uid == os.geteuid()
