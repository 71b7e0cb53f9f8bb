"""After a chat, none of its words stand in any file: database, logs, temporary files."""

import base64
import secrets
import tempfile
import time
from pathlib import Path

import pytest

from tests.conftest import waymark_up
from tests.privacy.scan import find
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow


def marker() -> str:
    return "zq" + secrets.token_hex(12)


@pytest.fixture(scope="module")
def used(model: Path, tmp_path_factory: pytest.TempPathFactory):
    """A helpline in which a whole chat took place, and the words that were said in it."""
    home, temporary = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("temporary")
    began, words = time.time(), [marker() for _ in range(5)]
    assert model.exists()
    with (
        waymark_up(home, TMPDIR=str(temporary)) as service,
        Worker(service.url, service.worker) as worker,
        YoungPerson(service.url) as young,
    ):
        young.say(f"what are my rights {words[0]}")
        young.say(f"find a service near me {words[1]}")
        young.say(f"he put a knife to my throat, the door is locked {words[2]}")
        [row] = worker.queue()
        worker.take(row)
        young.tap("Talk")
        worker.say(row, f"OK to talk now? {words[3]}")
        young.post(f"yes {words[4]}")
        young.post(words[4] * 200)
        words.append(young.token)
        worker.end(row)
    return home, temporary, words, began


def test_no_word_of_a_chat_stands_in_any_file(used):
    home, temporary, words, began = used
    assert find([home, temporary], words) == []
    assert find([Path(tempfile.gettempdir())], words, since=began) == []


@pytest.mark.parametrize(
    "plant",
    [
        str.encode,
        lambda word: word.encode("utf-16-le"),
        lambda word: word.encode("utf-16-be"),
        lambda word: base64.b64encode(word.encode()),
        lambda word: base64.b64encode(b"x" + word.encode() + b"yz"),
        lambda word: base64.b64encode(b"xy" + word.encode() + b"z"),
        lambda word: word.encode().hex().encode(),
    ],
)
def test_a_planted_copy_is_found(tmp_path, plant):
    word = marker()
    (tmp_path / "log").write_bytes(b"before " + plant(word) + b" after")
    assert find([tmp_path], [word])


def test_the_scan_looked_at_the_database_and_the_logs(used):
    home, *_ = used
    names = {path.name for path in home.rglob("*")}
    assert "waymark.db" in names
    assert any(name.endswith(".log") for name in names)
