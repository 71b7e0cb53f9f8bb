"""The whole product in folders of its own, with every log at DEBUG and core dumps asked for."""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pyotp

from tests.conftest import ROOT, Login, free_port
from tests.privacy import places
from tests.privacy.marks import Marks
from tests.privacy.places import Place
from tests.setup.running import WAYMARK, plain_environment

DUMPS_ASKED_FOR = 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"'
PARTS = ("bot.server", "bot.action_server", "helpline.app")


@dataclass(frozen=True)
class Person:
    """A member of staff, and what makes their one-time codes."""

    login: Login
    one_time: pyotp.TOTP


@dataclass(frozen=True)
class Product:
    """`waymark up` at work; `folder` holds its state, its temporary files, its home and what it
    printed."""

    url: str
    folder: Path
    launcher: psutil.Process
    settings: dict[str, str]

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def part(self, module: str) -> psutil.Process:
        """The process of the part that runs `module`."""
        for process in self.launcher.children(recursive=True):
            with suppress(psutil.Error):  # one that was just killed may still be listed
                if module in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                    return process
        raise AssertionError(f"{module} does not run")

    def kill(self, module: str, with_signal: int = signal.SIGKILL) -> None:
        """Sends a signal to a part, and waits until it is dead."""
        part = self.part(module)
        part.send_signal(with_signal)
        part.wait(30)

    def until_well(self) -> None:
        """Waits until every part answers."""
        self._until(lambda status: status == 200)

    def until_serves(self) -> None:
        """Waits until the service answers, whether or not the parts behind it do."""
        self._until(lambda status: status is not None)

    def _until(self, holds: Callable[[int | None], bool]) -> None:
        give_up_at = time.monotonic() + 120
        while not holds(self._health()):
            assert time.monotonic() < give_up_at, "the parts did not come back"
            time.sleep(0.1)

    def _health(self) -> int | None:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health", timeout=5).status_code
        return None

    def live(self) -> Iterator[Place]:
        """What its processes show of themselves now."""
        return places.processes(places.family(self.launcher))

    def left(self) -> Iterator[Place]:
        """Every file that is its own: state, logs, home, temporary files, what it printed."""
        for kind in ("state", "home", "temporary", "printed"):
            yield from places.files(f"{kind} file", self.folder / kind)


def add_staff(marks: Marks, state: Path, name: str, role: str, settings: dict[str, str]) -> Person:
    """A member of staff with a marked password, added as an admin would."""
    password = marks.word(f"password of the {role}")
    done = subprocess.run(
        [WAYMARK, *f"staff add --name {name} --role {role} --password-stdin".split()],
        input=f"{password}\n",
        env=plain_environment(WAYMARK_HOME=str(state), **settings),
        capture_output=True,
        text=True,
        check=True,
    )
    assert password not in done.stdout + done.stderr
    one_time = marks.text(
        f"one-time secret of the {role}", re.search(r"now: ([A-Z2-7]{32})", done.stdout)[1]
    )
    if found := re.search(r"Recovery key .*: ([0-9a-f]{64})", done.stdout):
        marks.hexadecimal("recovery key of the team", found[1])
    return Person(Login(name, password), pyotp.TOTP(one_time))


@contextmanager
def running(folder: Path, settings: dict[str, str]) -> Iterator[Product]:
    """Starts every part, with the state folder that `folder` has; stops them as Ctrl-C would."""
    port = free_port()
    with (
        (folder / "printed" / "stdout").open("wb") as out,
        (folder / "printed" / "stderr").open("wb") as err,
    ):
        process = subprocess.Popen(
            ["/bin/sh", "-c", DUMPS_ASKED_FOR, "sh", WAYMARK, "up", "--port", str(port)],
            cwd=ROOT,
            env=plain_environment(WAYMARK_HOME=str(folder / "state"), **settings),
            stdout=out,
            stderr=err,
        )
    product = Product(f"http://127.0.0.1:{port}", folder, psutil.Process(process.pid), settings)
    try:
        give_up_at = time.monotonic() + 180
        while b"READY" not in (folder / "printed" / "stdout").read_bytes():
            assert process.poll() is None, (folder / "printed" / "stderr").read_text()
            assert time.monotonic() < give_up_at, "never ready"
            time.sleep(0.1)
        yield product
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def make_folders(folder: Path) -> dict[str, str]:
    """Folders for all that the product could write, and the settings that send it there."""
    for name in ("state", "home", "temporary", "printed"):
        (folder / name).mkdir(mode=0o700)
    return {
        "HOME": str(folder / "home"),
        "XDG_CACHE_HOME": str(folder / "home" / ".cache"),
        "TMPDIR": str(folder / "temporary"),
        "WAYMARK_LOG_LEVEL": "DEBUG",
    }
