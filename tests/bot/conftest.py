"""The real parts of the assistant: trained model, bot and action server, driven over HTTP."""

import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venvs" / "bot" / "bin" / "python"
SECRET = "a secret only for these tests"


@dataclass(frozen=True)
class Part:
    """A running process of the assistant."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    def turn(self, state: list[Any], *, secret: str = SECRET, **asked: Any) -> httpx.Response:
        """Send one turn, as the service does."""
        body = {"state": state, "text": None, "payload": None, "level": 0, "signals": [], **asked}
        return self.post("/webhooks/turn/turn", secret=secret, json=body)

    def post(self, path: str, *, secret: str = SECRET, **content: Any) -> httpx.Response:
        """Post to the part with the shared secret."""
        headers = {"Authorization": f"Bearer {secret}"}
        return httpx.post(self.url + path, headers=headers, timeout=30, **content)

    def talk(self, messages: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Hold a conversation from its start; returns the answers."""
        answers: list[dict[str, Any]] = []
        for message in messages:
            state = answers[-1]["state"] if answers else []
            response = self.turn(state, **message)
            assert response.status_code == 200, response.text
            answers.append(response.json())
        return answers


Start = Callable[..., Part]


@contextmanager
def running(module: str, log: Path, *options: str, secret: str = SECRET) -> Iterator[Part]:
    """Start ``python -m module`` on a free port, wait for its ready line, end it afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [PYTHON, "-m", module, "--port", str(port), *options],
            cwd=ROOT,
            env={**os.environ, "WAYMARK_SECRET": secret},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert f":{port}" in ready, log.read_text()
        yield Part(process, f"http://127.0.0.1:{port}", log)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="session")
def model() -> Path:
    """The model of the present data; trained if there is none."""
    done = subprocess.run(
        [PYTHON, "-m", "bot.train"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def actions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Part]:
    """The running action server."""
    log = tmp_path_factory.mktemp("actions") / "log"
    with running("bot.action_server", log) as part:
        yield part


@pytest.fixture(scope="session")
def start(model: Path, actions: Part, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start another bot; options are those of ``bot.server``. All end with the session."""
    with ExitStack() as stack:

        def start_one(*options: str, actions_url: str = actions.url + "/webhook") -> Part:
            log = tmp_path_factory.mktemp("bot") / "log"
            wanted = ("--model", str(model), "--actions-url", actions_url, *options)
            return stack.enter_context(running("bot.server", log, *wanted))

        yield start_one


@pytest.fixture(scope="session")
def bot(start: Start) -> Part:
    """The running bot, as the product starts it."""
    return start()


@pytest.fixture(scope="session")
def whole_bot(start: Start) -> Part:
    """The same bot, but the state it hands back is never cut."""
    return start("--whole-state")


@dataclass(frozen=True)
class Step:
    """A young person's turn in a story, and what the assistant does then."""

    payload: str
    actions: list[str]


@pytest.fixture(scope="session")
def stories() -> dict[str, list[Step]]:
    """Every story of data/stories."""
    found: dict[str, list[Step]] = {}
    for path in sorted((ROOT / "data" / "stories").rglob("*.yml")):
        for story in yaml.safe_load(path.read_text())["stories"]:
            steps: list[Step] = []
            for step in story["steps"]:
                if "intent" in step:
                    steps.append(Step(_payload(step), []))
                elif "action" in step:
                    steps[-1].actions.append(step["action"])
            found[story["story"]] = steps
    assert found
    return found


@pytest.fixture(scope="session")
def examples() -> list[str]:
    """One plain example of each intent in data/nlu"""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        for block in yaml.safe_load(path.read_text())["nlu"]:
            if "intent" in block:
                first = block["examples"].splitlines()[0].removeprefix("- ")
                found.setdefault(
                    block["intent"], re.sub(r"\[([^]]*)\][({][^)}]*[)}]", r"\1", first)
                )
    return sorted(found.values())


@pytest.fixture(scope="session")
def said() -> Callable[[dict[str, Any]], list[str]]:
    """Turn an answer into the names of the responses it gave, as wordings may vary by chance."""
    names: dict[str, str] = {}
    for path in sorted((ROOT / "data" / "responses").rglob("*.yml")):
        for name, wordings in yaml.safe_load(path.read_text())["responses"].items():
            names.update({wording["text"].strip(): name for wording in wordings})

    def name_each(answer: dict[str, Any]) -> list[str]:
        # What is no response of the domain was said by the one custom action.
        named = [names.get(reply["text"], "action_find_service") for reply in answer["replies"]]
        return [name for place, name in enumerate(named) if named[place - 1 : place] != [name]]

    return name_each


def _payload(step: dict[str, Any]) -> str:
    entities: dict[str, Any] = {}
    for entity in step.get("entities", ()):
        entities.update(entity)
    values = "{" + ",".join(f'"{name}":"{value}"' for name, value in entities.items()) + "}"
    return f"/{step['intent']}" + (values if entities else "")
