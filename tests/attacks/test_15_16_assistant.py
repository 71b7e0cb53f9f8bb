"""Rows 15 and 16: the assistant's ports, and a model that is not ours."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import shutil
import socket
import subprocess
import tarfile
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from bot import models
from helpline.home import kept_secret
from safeguarding.model import Index
from tests.attacks.support import Desk
from tests.conftest import BOT_PYTHON, ROOT, Assistant

pytestmark = pytest.mark.slow

OF_RASA = [
    *("/", "/version", "/status", "/domain", "/model", "/model/parse", "/model/train"),
    *("/model/test/stories", "/model/test/intents", "/model/predict"),
    *("/conversations/x/tracker", "/conversations/x/tracker/events", "/conversations/x/messages"),
    *("/conversations/x/predict", "/conversations/x/trigger_intent", "/conversations/x/story"),
    *("/conversations/x/execute", "/webhooks/rest", "/webhooks/rest/webhook", "/webhooks/turn"),
    *("/webhooks/socketio/webhook", "/socket.io/", "/webhooks/callback/webhook", "/actions"),
    *("/webhooks/chatroom/", "/docs", "/.well-known/x", "/../domain"),
]
TURN = {"state": [], "text": "hello", "payload": None, "level": 0}
TRACKER = {"sender_id": "x", "slots": {"nation": "scotland"}, "events": []}
CALL = {"next_action": "action_find_service", "tracker": TRACKER, "version": "3.6.21"}


@pytest.fixture(params=["bot", "actions"])
def part(request: pytest.FixtureRequest, assistant: Assistant) -> tuple[str, str, object]:
    """The address of a part, its one way in, and what it is asked there."""
    if request.param == "bot":
        return assistant.url, "/webhooks/turn/turn", TURN
    return assistant.actions_url, "/webhook", CALL


def test_15_nothing_of_rasas_own_interface_is_there(
    part: tuple[str, str, object], assistant: Assistant
) -> None:
    # Given somebody on the same machine who even knows the secret
    url, own, _ = part
    headers = {"Authorization": f"Bearer {assistant.secret}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as inside:
        for path in OF_RASA:
            for method in ("GET", "POST", "PUT", "DELETE"):
                # Then none of Rasa's addresses exists
                answer = inside.request(method, path, json={} if method != "GET" else None)
                assert answer.status_code in {404, 405}, (method, path)
                assert "rasa" not in answer.text.casefold()
        # And the one there is takes one method
        assert inside.get(own).status_code == 405
        assert inside.put(own, json={}).status_code == 405


@pytest.mark.parametrize(
    "shown",
    [None, "", "Bearer", "Bearer ", "Bearer x", "Basic {}", "{}", "bearer {}", "Bearer {}x"],
)
def test_15_without_the_secret_nothing_is_answered(
    part: tuple[str, str, object], assistant: Assistant, shown: str | None
) -> None:
    # Given somebody on the same machine who does not know the secret
    url, own, asked = part
    right = {"Authorization": f"Bearer {assistant.secret}"}
    assert httpx.post(url + own, json=asked, headers=right, timeout=30).status_code == 200
    wrong = {} if shown is None else {"Authorization": shown.format(assistant.secret).strip()}
    # Then what they ask is refused, wherever else they show it
    for more in ({}, {"token": assistant.secret}, {"secret": assistant.secret}):
        answer = httpx.post(url + own, json=asked, headers=wrong, params=more, timeout=30)
        assert answer.status_code == 401
        assert len(answer.content) < 100


def test_15_the_ports_are_closed_to_every_other_address(part: tuple[str, str, object]) -> None:
    # Given every address of this machine but the one that the service uses
    at = urlsplit(part[0])
    hosts = {"127.0.0.2", socket.gethostbyname(socket.gethostname()), "0:0:0:0:0:0:0:1"}
    for host in hosts - {"127.0.0.1"}:
        # Then nobody listens there
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as knock:
            assert knock.connect_ex((host, at.port or 0)) != 0, host
    with socket.socket() as knock:
        assert knock.connect_ex(("127.0.0.1", at.port or 0)) == 0


def test_15_nothing_leads_through_the_service_to_the_assistant(
    desk: Desk, stranger: httpx.Client
) -> None:
    for path in [*OF_RASA, "/webhooks/turn/turn", "/webhook"]:
        if path not in {"/", "/../domain"}:
            assert stranger.get(path).status_code == 404, path
            assert stranger.post(path, json=TURN).status_code in {404, 405}, path
    # And the service tells which parts answer, and no more of them
    told = stranger.get("/health").json()
    assert set(told) == {"service", "assistant", "actions"}
    assert all(isinstance(answers, bool) for answers in told.values())


class Bomb:
    """Leaves a file where it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.system, (f"touch {self.file}",)


def bomb(file: Path) -> bytes:
    return pickle.dumps(Bomb(file))


def with_bombs(model: Path, folder: Path, mark: Path) -> Path:
    """A copy of a model with a pickle for a classifier, and pickles wherever they could lie."""
    unpacked = folder / "unpacked"
    shutil.unpack_archive(model, unpacked, filter="data")
    [classifier] = unpacked.rglob("classifier.npz")
    held = np.empty(1, dtype=object)
    held[0] = Bomb(mark)
    np.savez(classifier, names=held, weights=held, bias=held)
    for place in {file.parent for file in unpacked.rglob("*") if file.is_file()}:
        for name in ("model.pkl", "x.pickle", "featurizer.joblib", "vocabulary.pkl"):
            (place / name).write_bytes(bomb(mark))
    packed = folder / "packed" / model.name
    packed.parent.mkdir()
    with tarfile.open(packed, "w:gz") as archive:
        for entry in sorted(unpacked.iterdir()):
            archive.add(entry, entry.name)
    return packed


def serve(model: Path) -> subprocess.CompletedProcess[str]:
    """Starts a bot with this model, which should not start."""
    command = [BOT_PYTHON, "-m", "bot.server", "--port", "1", "--model", model]
    return subprocess.run(
        [*command, "--actions-url", "http://127.0.0.1:9"],
        cwd=ROOT,
        env={**os.environ, "WAYMARK_SECRET": "x" * 20},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_16_a_foreign_model_is_refused_before_a_byte_of_it_is_read_as_more(
    model: Path, tmp_path: Path
) -> None:
    # Given an archive that somebody else made, full of pickles, and others that are not ours
    mark = tmp_path / "fired"
    packed = with_bombs(model, tmp_path, mark)
    # Then none is in our list, so none is loaded
    done = serve(packed)
    assert (done.returncode, done.stdout, mark.exists()) == (2, "", False)
    assert "was not trained here" in done.stderr
    # And neither is one that has our list beside it, or the name of one that is in it
    shutil.copy(model.parent / models.TRUSTED, packed.parent)
    assert "was not trained here" in serve(packed).stderr
    (packed.parent / models.TRUSTED).write_text(f"{'0' * 64}  {packed.name}\n")
    with pytest.raises(models.ModelRefused):
        models.check(packed)
    with pytest.raises(models.ModelRefused):
        models.check(Path(os.devnull))


def test_16_even_in_a_model_that_is_in_our_list_no_pickle_is_loaded(
    model: Path, tmp_path: Path
) -> None:
    # Given that somebody could change both the archive and the list
    mark = tmp_path / "fired"
    packed = with_bombs(model, tmp_path, mark)
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    (packed.parent / models.TRUSTED).write_text(f"{digest}  {packed.name}\n")
    assert models.check(packed) == packed
    # When a bot is started with it
    done = serve(packed)
    # Then it does not start, and nothing of it has run
    assert done.returncode != 0
    assert not mark.exists()


def test_16_no_pickle_in_what_was_built_before_is_loaded(tmp_path: Path) -> None:
    # Given the index of the danger model with a pickle in each place
    mark, file = tmp_path / "fired", tmp_path / "examples.npz"
    held = np.empty(1, dtype=object)
    held[0] = Bomb(mark)
    for names in (("signals",), ("texts",), ("vectors",), ("signals", "texts", "vectors")):
        plain = {"signals": np.array(["A1"]), "texts": np.array(["x"]), "vectors": np.ones((1, 2))}
        np.savez(file, **{**plain, **dict.fromkeys(names, held)})
        # Then it does not load, and nothing of it has run
        with pytest.raises((ValueError, KeyError, OSError)):
            Index.load(file)
    file.write_bytes(bomb(mark))
    with pytest.raises((ValueError, KeyError, OSError)):
        Index.load(file)
    # And a secret of the state folder is bytes, whatever is in it
    (tmp_path / "pepper").write_bytes(bomb(mark)[:32].ljust(32))
    assert len(kept_secret(tmp_path, "pepper", 32)[0]) == 32
    assert not mark.exists()


def test_16_the_bomb_of_these_tests_goes_off_where_a_pickle_is_loaded(tmp_path: Path) -> None:
    mark = tmp_path / "fired"
    pickle.load(io.BytesIO(bomb(mark)))  # noqa: S301 — this is the planted fault
    assert mark.exists()
