"""The state folder: all that Waymark keeps on this machine, closed to other accounts."""

import os
import secrets
from pathlib import Path


class HomeUnusable(Exception):
    """The state folder cannot be used; the message is one sentence."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"The state folder {home} cannot be read and written.")


class SecretBroken(Exception):
    """A file of the state folder does not hold the secret it should; says so in one sentence."""

    def __init__(self, file: Path, length: int) -> None:
        super().__init__(f"The file {file} must hold {length} bytes: put the right one back.")


def make_home(home: Path, *folders: str) -> None:
    """Makes the state folder (0700) and folders in it where they lack; raises HomeUnusable."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in folders:
            (home / folder).mkdir(mode=0o700, exist_ok=True)
            (home / folder).chmod(0o700)
        usable = os.access(home, os.R_OK | os.W_OK | os.X_OK)
    except OSError as error:
        raise HomeUnusable(home) from error
    if not usable:
        raise HomeUnusable(home)


def kept_secret(home: Path, name: str, length: int) -> tuple[bytes, bool]:
    """Random bytes that stand in a file of the state folder (0600), and whether they are new.

    Made once: of two processes that start together both get the same. Raises HomeUnusable, and
    SecretBroken for a file of another length.
    """
    file, part = home / name, home / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = not file.exists()
        if made:
            part.touch(mode=0o600, exist_ok=False)
            with part.open("wb") as out:
                out.write(secrets.token_bytes(length))
                out.flush()
                os.fsync(out.fileno())
            try:
                os.link(part, file)
            except FileExistsError:
                made = False
            finally:
                part.unlink()
        kept = file.read_bytes()
    except OSError as error:
        raise HomeUnusable(home) from error
    if len(kept) != length:
        raise SecretBroken(file, length)
    return kept, made


def ready_mark(home: Path) -> Path:
    """The file that `waymark up` makes when every part has answered, and removes when it starts."""
    return home / "run" / "ready"
