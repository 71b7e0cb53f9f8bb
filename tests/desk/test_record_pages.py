"""The record and breaking confidentiality over HTTP: what is saved, refused, shown and to whom."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.alone import Alone, service_in
from tests.conftest import ROOT
from tests.desk.record_support import (
    DECISION,
    SHARING,
    WHOLE,
    held,
    hidden,
    part,
    send,
    worker,
)
from tests.worker import Worker

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with service_in(tmp_path_factory.mktemp("records")) as running:
        yield running


@pytest.fixture(scope="module")
def staff(alone: Alone) -> Iterator[dict[str, Worker]]:
    """Everybody of the demo, at the desk."""
    everybody = {name: worker(alone, name) for name in ("robin", "kit", "sam")}
    yield everybody
    for one in everybody.values():
        one.http.close()


def test_the_form_is_a_part_for_the_desk_and_a_page_by_itself(alone, staff) -> None:
    # Given a chat in which danger was noticed
    robin = staff["robin"]
    _, chat = held(alone, robin, "he wont let me leave, the door is locked")
    # Then the form is a part for htmx and a whole page without it
    inside = part(robin, f"/desk/chat/{chat}/record").text
    whole = robin.http.get(f"/desk/chat/{chat}/record").text
    assert inside.startswith('<section id="record"')
    assert whole.startswith("<!doctype html>")
    # And safe contact stands first, the noticed signal ticked
    titles = re.findall(r'<h3 id="s-(\w+)">', inside)
    assert titles[0] == "safe_contact"
    assert re.search(
        r'name="q.indicators" value="A6" checked> <span>[^<]+<span[^>]+>\(noticed', inside
    )
    # And there is no inline script or style
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", whole)


def test_what_is_typed_is_saved_and_read_back(alone, staff) -> None:
    # Given a form that a worker has open
    robin = staff["robin"]
    _, chat = held(alone, robin)
    path = f"/desk/chat/{chat}/record"
    carried = hidden(part(robin, path).text)
    # When it saves itself twice
    first = send(robin, path, {"q.area": "Leeds"}, **carried | {"turn": "1"})
    assert first.status_code == 200
    assert re.search(r"Saved \d\d:\d\d", first.text)
    number = re.search(r'name="record" value="(\d+)" hx-swap-oob', first.text)
    assert number
    send(robin, path, {"q.area": "Hull"}, **carried | {"turn": "2", "record": number[1]})
    # Then the newest stands there after a reload, under the chat and under its number
    for address in (path, f"/desk/records/{number[1]}"):
        assert 'value="Hull"' in robin.http.get(address).text
    # And a page that was drawn before is told instead of undoing it
    late = send(robin, path, {"q.area": "York"}, **carried | {"page": "old"})
    assert late.status_code == 409
    assert "another window" in late.text
    assert "HX-Retarget" not in late.headers


def test_finish_says_in_place_what_is_missing_and_then_shows_it_written(alone, staff) -> None:
    # Given a form with little in it
    robin = staff["robin"]
    _, chat = held(alone, robin)
    path = f"/desk/chat/{chat}/record"
    some = send(robin, f"{path}/finish", {"q.contact": "self"}, **hidden(part(robin, path).text))
    # Then the form comes back where it was, each missing answer marked and listed
    assert some.status_code == 422
    assert some.headers["HX-Retarget"] == "#record"
    listed = re.findall(r'<li><a href="#q-(\w+)">', some.text)
    assert listed == ["phone_seen_by", "categories", "confidentiality", "outcome"]
    assert re.findall(r'id="e-(\w+)">This is not answered yet', some.text) == listed
    # When it is whole; Then it is shown in words, and nothing more can be written
    done = send(robin, f"{path}/finish", WHOLE, **hidden(some.text))
    assert done.status_code == 200
    assert "This record is finished." in done.text
    assert "Home and care: Hurt at home" in done.text
    assert "<form" not in done.text
    again = send(robin, path, {"q.area": "x"}, record=hidden(some.text)["record"])
    assert again.status_code == 409


def test_a_form_without_script_saves_and_finishes_too(alone, staff) -> None:
    # Given a page whose script did not load
    robin = staff["robin"]
    _, chat = held(alone, robin)
    path = f"/desk/chat/{chat}/record"
    carried = hidden(robin.http.get(path).text)
    # When its buttons are used
    saved = robin.http.post(path, data={"q.area": "Leeds", **carried})
    assert saved.status_code == 303
    address = saved.headers["Location"]
    page = robin.http.get(address).text
    assert 'value="Leeds"' in page
    missing = robin.http.post(f"{address}/finish", data={"q.area": "Leeds", **hidden(page)})
    assert missing.status_code == 422
    done = robin.http.post(f"{address}/finish", data={**WHOLE, **hidden(missing.text)})
    # Then both work, and lead to the record
    assert (done.status_code, done.headers["Location"]) == (303, address)
    assert "This record is finished." in robin.http.get(address).text


def test_another_worker_sees_nothing_and_a_stranger_is_sent_away(alone, staff) -> None:
    # Given a record and a broken confidentiality of robin's
    robin, kit, sam = staff["robin"], staff["kit"], staff["sam"]
    _, chat = held(alone, robin)
    path = f"/desk/chat/{chat}/record"
    carried = hidden(part(robin, path).text)
    saved = send(robin, path, {"q.code_word": "kingfisher"}, **carried)
    number = re.search(r'name="record" value="(\d+)"', saved.text)
    assert number
    broken = f"/desk/chat/{chat}/breaking"
    decided = send(robin, f"{broken}/decide", DECISION, **hidden(part(robin, broken).text))
    which = re.search(r"Broken confidentiality (\d+)", decided.text)
    assert which
    addresses = [path, broken, f"/desk/records/{number[1]}", f"/desk/breaking/{which[1]}"]
    # Then kit is refused each, while a supervisor is here
    sam.here()
    for address in addresses:
        answer = kit.http.get(address)
        assert answer.status_code in {403, 409}, address
        assert "kingfisher" not in answer.text
    # And so is who is not signed in
    with httpx.Client(base_url=alone.url) as stranger:
        for address in [*addresses, "/desk/records", "/desk/asks"]:
            assert stranger.get(address).status_code in {401, 302}, address
    # And no post goes without the session's token
    for address in (path, f"{path}/finish", broken, f"{broken}/decide", "/desk/records"):
        forged = robin.http.post(address, headers={"X-CSRF-Token": "0" * 64})
        assert forged.status_code == 403, address


def test_a_record_is_missing_until_it_is_finished_and_is_then_found(alone, staff) -> None:
    # Given a chat that has ended
    kit = staff["kit"]
    _, chat = held(alone, kit)
    assert kit.end(chat).status_code == 200
    path = f"/desk/chat/{chat}/record"
    assert f'href="{path}"' in kit.http.get("/desk/records").text
    # When its record is finished, after the end
    done = send(kit, f"{path}/finish", WHOLE, **hidden(part(kit, path).text))
    assert done.status_code == 200
    number = re.search(r"Record (\d+)", done.text)
    assert number
    # Then it is missing no more and found by category, contact and day
    assert f'href="{path}"' not in kit.http.get("/desk/records").text
    link = f'href="/desk/records/{number[1]}"'
    for found in ("category=home", "category=home.hurt&contact=self", "from=2020-01-01", ""):
        assert link in kit.http.get(f"/desk/records?{found}").text, found
    for found in ("category=rights", "contact=friend", "to=2020-01-01", "category=%25"):
        assert link not in kit.http.get(f"/desk/records?{found}").text, found


def test_a_chat_that_is_gone_can_still_be_recorded(alone, staff) -> None:
    # Given a worker whose chat was deleted before they wrote anything
    kit = staff["kit"]
    begun = kit.http.post("/desk/records")
    assert begun.status_code == 303
    address = begun.headers["Location"]
    # Then they find it among what is to be written, and finish it
    assert f'href="{address}"' in kit.http.get("/desk/records").text
    done = send(kit, f"{address}/finish", WHOLE, **hidden(part(kit, address).text))
    assert "This record is finished." in done.text


def test_who_would_like_to_talk_is_told_to_supervisors_until_one_has_seen_it(alone, staff) -> None:
    # Given a worker who would like to talk
    robin, sam = staff["robin"], staff["sam"]
    _, chat = held(alone, robin)
    path = f"/desk/chat/{chat}/record"
    send(robin, path, {"q.wellbeing": "talk"}, **hidden(part(robin, path).text))
    told = part(sam, "/desk/asks").text
    button = re.search(r'hx-post="(/desk/records/\d+/talk-seen)"', told)
    assert button
    assert "<bdi>robin</bdi>" in told
    # When robin or kit tries to take it off; Then they may not
    for other in (robin, staff["kit"]):
        assert other.http.post(button[1]).status_code == 403
    # When a supervisor has seen it; Then it is gone
    assert button[1] not in send(sam, button[1], {}).text
    assert button[1] not in part(sam, "/desk/asks").text


def test_a_second_persons_view_comes_over_http_and_the_steps_stand_in_order(alone, staff) -> None:
    # Given a decision that is written down, what was shared too
    robin, sam = staff["robin"], staff["sam"]
    _, chat = held(alone, robin)
    path = f"/desk/chat/{chat}/breaking"
    lacking = send(robin, f"{path}/decide", {"q.reason": "r"}, **hidden(part(robin, path).text))
    assert lacking.status_code == 422
    assert re.findall(r'<li><a href="#q-(\w+)">', lacking.text)[0] == "danger_now"
    decided = send(robin, f"{path}/decide", DECISION, **hidden(lacking.text))
    which = re.search(r"Broken confidentiality (\d+)", decided.text)
    assert which
    address = f"/desk/breaking/{which[1]}"
    shared = send(robin, f"{address}/share", SHARING, **hidden(decided.text))
    assert "No second person's view had come by then." in shared.text
    # When a supervisor finds it among what is asked and answers
    assert f'href="{address}"' in part(sam, "/desk/asks").text
    view = {"verdict": "questions", "why": "Do they know?"}
    assert send(sam, f"{address}/view", view).status_code == 200
    assert send(robin, f"{address}/view", view).status_code == 403
    assert send(robin, f"{address}/add", {"text": "Yes"}).status_code == 200
    # Then all of it stands in order, with staff names
    page = robin.http.get(address).text
    steps = re.findall(r'<li class="step-(\w+)">', page)
    assert steps == ["decided", "asked", "shared", "view", "added", "asked"]
    assert "<bdi>sam</bdi>" in page
    assert "Do they know?" in page
    # And the record says that it was broken, which is now written down
    record = f"/desk/chat/{chat}/record"
    fields = WHOLE | {"q.confidentiality": "broken"}
    done = send(robin, f"{record}/finish", fields, **hidden(part(robin, record).text))
    assert f'href="{address}"' in done.text


def test_markup_in_a_record_is_shown_as_text(alone, staff) -> None:
    # Given words full of markup
    robin = staff["robin"]
    markup = '<img src=x onerror="x"> {{7*7}} \u202e'
    _, chat = held(alone, robin)
    path = f"/desk/chat/{chat}/record"
    fields = WHOLE | {"q.area": markup}
    done = send(robin, f"{path}/finish", fields, **hidden(part(robin, path).text))
    # Then they are text
    assert "<img" not in done.text
    assert "{{7*7}}" in done.text


def test_a_mistake_in_the_charitys_file_stops_the_start_with_its_line(tmp_path: Path) -> None:
    # Given a checkout whose data/desk/record.yml has a mistake
    for name in os.listdir(ROOT):
        if name not in {"data", ".git"}:
            (tmp_path / name).symlink_to(ROOT / name)
    data = tmp_path / "data"
    data.mkdir()
    for one in os.listdir(ROOT / "data"):
        if one != "desk":
            (data / one).symlink_to(ROOT / "data" / one)
    (data / "desk").mkdir()
    for one in os.listdir(ROOT / "data" / "desk"):
        text = (ROOT / "data" / "desk" / one).read_text("utf-8")
        wrong = text.replace("    title: Safe contact", "    name: Safe contact")
        (data / "desk" / one).write_text(wrong, "utf-8")
    (tmp_path / "helpline").unlink()
    (tmp_path / "helpline").mkdir()
    for one in os.listdir(ROOT / "helpline"):
        source = ROOT / "helpline" / one
        (tmp_path / "helpline" / one).symlink_to(source)
    (tmp_path / "helpline" / "app.py").unlink()
    (tmp_path / "helpline" / "app.py").write_text((ROOT / "helpline" / "app.py").read_text("utf-8"))
    # When the service starts there
    home = {"WAYMARK_HOME": str(tmp_path / "home"), "PYTHONPATH": str(tmp_path)}
    (tmp_path / "home").mkdir()
    started = subprocess.run(
        [sys.executable, "-m", "helpline.app"],
        cwd=tmp_path,
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # Then it ends with one sentence that names the file and the line
    assert started.returncode != 0
    assert re.search(r"waymark: .*data/desk/record\.yml, line \d+: \w+ is", started.stderr)
    assert "Traceback" not in started.stderr
