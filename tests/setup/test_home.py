"""Secrets of the state folder: made once, closed to others, never replaced in silence."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from helpline.home import HomeUnusable, SecretBroken, kept_secret
from tests.alone import service_in

CODE = "/api/conversation/return-code"
RETURN = "/api/conversations/return"


def test_a_secret_is_made_once_and_closed_to_other_accounts(tmp_path: Path) -> None:
    # When a secret is asked for in a folder that is not there yet, twice
    home = tmp_path / "home"
    first, new = kept_secret(home, "pepper", 32)
    second, newer = kept_secret(home, "pepper", 32)
    # Then it is made once, at random, and only the owner reads it
    assert first == second
    assert len(first) == 32
    assert (new, newer) == (True, False)
    assert first != kept_secret(home, "other", 32)[0]
    assert stat.S_IMODE((home / "pepper").stat().st_mode) == 0o600
    # And nothing else is left behind
    assert sorted(path.name for path in home.iterdir()) == ["other", "pepper"]


def test_of_many_that_start_together_all_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: kept_secret(tmp_path, "pepper", 32), range(8)))
    assert len({secret for secret, _ in got}) == 1
    assert sum(new for _, new in got) == 1


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_file_of_another_length_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pepper").write_bytes(content)
    with pytest.raises(SecretBroken, match=r"pepper must hold 32 bytes"):
        kept_secret(tmp_path, "pepper", 32)
    assert (tmp_path / "pepper").read_bytes() == content


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(HomeUnusable, match="home cannot be read"):
        kept_secret(tmp_path / "home", "pepper", 32)


@pytest.mark.slow
def test_a_lost_pepper_is_said_and_putting_it_back_brings_codes_back(tmp_path: Path) -> None:
    # Given a code, and its pepper
    with service_in(tmp_path, staff=False) as running:
        started = httpx.post(f"{running.url}/api/conversations").json()
        headers = {"Authorization": f"Bearer {started['token']}"}
        code = httpx.post(running.url + CODE, headers=headers, timeout=30).json()["code"]
    kept = (tmp_path / "pepper").read_bytes()
    # When the file is lost and the service starts
    os.remove(tmp_path / "pepper")
    with service_in(tmp_path, staff=False) as running:
        # Then it says so in the log, serves, and the code opens nothing
        assert "pepper was missing" in (tmp_path / "service.log").read_text("utf-8")
        refused = httpx.post(running.url + RETURN, json={"code": code}, timeout=30)
        assert refused.status_code == 404
    # And once the right file is back, the code opens its chat
    (tmp_path / "pepper").write_bytes(kept)
    with service_in(tmp_path, staff=False) as running:
        taken = httpx.post(running.url + RETURN, json={"code": code}, timeout=30)
        assert taken.status_code == 201
        assert "pepper" not in (tmp_path / "service.log").read_text("utf-8")
