"""The state folder: all that Waymark keeps on this machine, closed to other accounts."""

import os
from pathlib import Path


class HomeUnusable(Exception):
    """The state folder cannot be used; the message is one sentence."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"The state folder {home} cannot be read and written.")


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
