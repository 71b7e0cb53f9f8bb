"""A backup on the command line, while the service runs; restored elsewhere, or refused in words."""

import re
from pathlib import Path

import httpx
import pytest

from tests.alone import service_in
from tests.setup.running import waymark
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow


def test_a_chat_goes_on_where_it_was_restored_and_a_deleted_one_does_not(tmp_path: Path) -> None:
    home, folder, new = tmp_path / "home", tmp_path / "backups", tmp_path / "new"
    home.mkdir()
    # Given a running service with two chats, a backup, one chat deleted, and another backup
    with service_in(home, staff=False) as running:
        with YoungPerson(running.url) as kept, YoungPerson(running.url) as gone:
            kept.post("hello there")
            first = waymark("backup", str(folder), "--home", str(home))
            assert first.returncode == 0, first.stderr
            [old_rows] = folder.glob("*.rows.db")
            gone.http.delete("/api/conversation")
            for file in folder.glob("*.keys.db"):  # in two days it expires
                file.unlink()
        second = again(folder, home)
    assert first.stdout == (
        "Backed up 2 chats and 0 records. Left out: 0 sessions and looks, the settings, and the"
        " logs. Removed 0 expired files.\n"
    )
    assert second.startswith("Backed up 1 chats")
    # When the older rows are restored into a new state folder
    words = ("restore", str(folder), "--rows", str(old_rows), "--home", str(new))
    done = waymark(*words)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "Restored 1 chats and 0 records. Left out: 1 chats deleted since, 0 chats begun since,"
        " 0 past their retention. Everybody signs in anew.\n"
    )
    # Then a service that starts there goes on with the one chat, and knows nothing of the other
    with service_in(new, staff=False) as running, httpx.Client(base_url=running.url) as client:
        told = client.get("/api/conversation/events", headers=asking(kept.token))
        assert "hello there" in told.text
        assert client.get("/api/conversation/events", headers=asking(gone.token)).status_code == 401
    # And a second restore into it is refused, in one sentence that holds no word of a chat
    refused = waymark(*words)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert re.fullmatch(r"The state folder \S+ is in use or not empty: .*\n", refused.stderr)


def again(folder: Path, home: Path) -> str:
    """Backs up until the second has passed that the first was made in."""
    while True:
        done = waymark("backup", str(folder), "--home", str(home))
        if "nothing is overwritten" not in done.stderr:
            return done.stdout


def asking(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("backup", "{}/there", "--home", "{}/none"), "There is nothing to back up"),
        (("backup", "{}/file", "--home", "{}/home"), "cannot be read and written"),
        (("restore", "{}/none", "--home", "{}/new"), "cannot be read"),
        (("restore", "{}", "--home", "{}/new"), "There is no file of keys"),
        (("backup", "--home", "{}/home"), "Missing argument 'DIR'"),
    ],
)
def test_what_cannot_be_backed_up_or_restored_is_refused_in_words(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    # Given a state folder with a database, and a file where a folder should be
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "waymark.db").touch()
    (tmp_path / "file").write_text("")
    # Then the refusal is one sentence, and nothing was made
    done = waymark(*(word.format(tmp_path) for word in words))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "none").exists()
