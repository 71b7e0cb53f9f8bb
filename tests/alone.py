"""The real service without its assistant, for what does not hang on one."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from helpline import demo as logins
from helpline.settings import Settings
from tests.conftest import ROOT, Login, free_port, wait_until_answers


@dataclass(frozen=True)
class Alone:
    """The running service and its state folder."""

    url: str
    home: Path
    pid: int

    @property
    def worker(self) -> Login:
        """A demo login; only where the demo's staff was added."""
        login = next(each for each in logins.LOGINS if each.role == "worker")
        return Login(login.name, login.password)


def allow_files(most: int) -> None:
    """Lets this process open so many files, and no more."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def service_in(
    home: Path,
    *,
    staff: bool = True,
    demo: bool | None = None,
    open_files: int | None = None,
    **given: object,
) -> Iterator[Alone]:
    """Runs the service with its state, and all that it prints, in `home`.

    With `staff`, the demo's is added, and no event loop may run in this thread; `demo` is whether
    staff may sign in without a second factor (default: as `staff`). `open_files` is how many
    descriptors it may have (default: as this process). `given` are other settings.
    """
    settings = Settings(home=home, port=free_port(), demo=staff if demo is None else demo, **given)
    if staff:
        logins.prepare(settings)
    with (home / "service.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "helpline.app"],
            cwd=ROOT,
            env={**os.environ, **settings.to_environment()},
            stdout=log,
            stderr=log,
            preexec_fn=partial(allow_files, open_files) if open_files else None,  # noqa: PLW1509
        )
    try:
        wait_until_answers(settings.address, {}, process)
        yield Alone(settings.address.rstrip("/"), home, process.pid)
    finally:
        process.terminate()
        process.wait(10)
