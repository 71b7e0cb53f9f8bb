"""Stock Rasa 3.6.21 as `rasa init` sets it up: training, starting, talking; measures nothing.

The same training data, domain and actions as Waymark's; the configuration, the channel and the
tracker store are Rasa's defaults. Only the training is shorter: what is measured is speed, and a
network is as large, and as slow, after `EPOCHS` epochs as after the 100 of the default, which take
hours on two cores. How well stock Rasa understands is measured by `bot.evaluate`.
"""

import asyncio
import hashlib
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.errors import BenchError
from bench.load import Turn
from bench.processes import Group, Part, free_port

_DATA = ("nlu", "stories", "rules", "responses")
_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SANIC_HOST": "127.0.0.1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_READY_SECONDS = 240.0
EPOCHS = 10


@dataclass(frozen=True)
class Stock:
    """Talks to a stock Rasa over its `rest` channel."""

    port: int

    async def converse(
        self, session: aiohttp.ClientSession, texts: Sequence[str]
    ) -> AsyncGenerator[Turn]:
        """One sender, these messages; a turn ends when the body with the replies is read."""
        sender = uuid.uuid4().hex
        address = f"http://127.0.0.1:{self.port}/webhooks/rest/webhook"
        for text in texts:
            begun = time.perf_counter()
            async with session.post(address, json={"sender": sender, "message": text}) as answer:
                replies = await answer.json() if answer.status == 200 else []
            took = time.perf_counter() - begun
            yield Turn(answered=bool(replies), replied=took, acknowledged=took)


def model(project: Path, rasa: Path) -> Path:
    """The trained stock model of the project's present data; trains it first if there is none.

    `rasa` is the `rasa` command. Raises BenchError where data or Rasa are missing, or training
    fails.
    """
    config = _default_config(rasa)
    name = f"stock-{_fingerprint(project, config)}.tar.gz"
    # A folder of its own: whoever takes the newest file of models/ must not find this one.
    trained = project / "models" / "stock" / name
    if trained.is_file():
        return trained
    print("Training stock Rasa on the present data (some minutes, once) …", flush=True)
    with tempfile.TemporaryDirectory(prefix="waymark-bench-") as folder:
        workspace = Path(folder)
        (workspace / "config.yml").write_text(config, "utf-8")
        part = Part(
            name="Training stock Rasa",
            command=[
                *("nice", "-n", "19", str(rasa), "train"),
                *(
                    "--config",
                    str(workspace / "config.yml"),
                    "--domain",
                    str(project / "domain.yml"),
                ),
                *("--data", *(str(project / "data" / kind) for kind in _DATA)),
                *("--out", folder, "--fixed-model-name", name),
            ],
            folder=workspace,
            environment=_ENVIRONMENT,
            log=workspace / "train.log",
        )
        with Group([part]) as training:
            training.finish()
        if not (workspace / name).is_file():
            raise BenchError("Training stock Rasa ended without a model.")
        trained.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(workspace / name, trained)
    return trained


def parts(project: Path, rasa: Path, trained: Path, workspace: Path) -> tuple[Stock, list[Part]]:
    """The server and the action server to start, and the side that talks to them.

    `workspace` is an empty folder for their settings and logs.
    """
    port, actions_port = free_port(), free_port()
    endpoints = workspace / "endpoints.yml"
    endpoints.write_text(
        f'action_endpoint:\n  url: "http://127.0.0.1:{actions_port}/webhook"\n', "utf-8"
    )
    credentials = workspace / "credentials.yml"
    credentials.write_text("rest:\n", "utf-8")
    server = Part(
        name="Stock Rasa",
        command=[
            *(str(rasa), "run", "--interface", "127.0.0.1", "--port", str(port)),
            *("--model", str(trained), "--endpoints", str(endpoints)),
            *("--credentials", str(credentials)),
        ],
        folder=workspace,
        environment=_ENVIRONMENT,
        log=workspace / "rasa.log",
    )
    actions = Part(
        name="Stock Rasa's action server",
        command=[str(rasa), "run", "actions", "--actions", "actions", "--port", str(actions_port)],
        folder=project,
        environment=_ENVIRONMENT,
        log=workspace / "actions.log",
    )
    return Stock(port), [server, actions]


async def wait_until_ready(stock: Stock, group: Group, text: str) -> None:
    """Returns once `text` was answered for the first time."""
    while time.perf_counter() - group.started < _READY_SECONDS:
        group.check()
        try:
            async with aiohttp.ClientSession() as session:
                async for turn in stock.converse(session, [text]):
                    if turn.answered:
                        return
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.05)
    raise BenchError(f"Stock Rasa did not answer within {_READY_SECONDS:.0f} s.")


def _default_config(rasa: Path) -> str:
    """The config.yml that `rasa init` writes, read from the installed package, with `EPOCHS`."""
    python = rasa.with_name("python")
    found = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=False,
    )
    path = Path(found.stdout.strip()) / "rasa/cli/initial_project/config.yml"
    if found.returncode or not path.is_file():
        raise BenchError("Rasa is not installed in .venvs/bot; run `make setup` first.")
    config = path.read_text("utf-8").replace("placeholder_default", "stock")
    # The defaults stand in it as comments
    config = re.sub(r"(?m)^# {3}", "  ", config)
    return re.sub(r"epochs: \d+", f"epochs: {EPOCHS}", config)


def _fingerprint(project: Path, config: str) -> str:
    """Twelve hexadecimal digits that change with the data, the domain or the configuration."""
    digest = hashlib.sha256(config.encode())
    for path in _training_files(project):
        digest.update(f"\0{path.relative_to(project)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _training_files(project: Path) -> Iterator[Path]:
    for needed in (project / "domain.yml", *(project / "data" / kind for kind in _DATA)):
        if not needed.exists():
            raise BenchError(f"The training data are incomplete: {needed.name} is missing.")
    yield project / "domain.yml"
    for kind in _DATA:
        yield from sorted((project / "data" / kind).rglob("*.y*ml"))
