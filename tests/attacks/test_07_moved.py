"""Row 7: sealed bytes moved between rows and chats of the database do not open, and hide no other.

Whoever can write to the database file, and has no key, swaps each sealed column of two rows. Each
view of the service is compared before, meanwhile and after it was put back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import httpx
import pytest

from helpline.vault import token_hash
from tests.alone import Alone, service_in
from tests.attacks.support import LOGINS, log_of
from tests.conftest import Login
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

DANGER = "he wont let me leave, the door is locked"
BIRDS = ("heron", "curlew")
COLUMNS = {
    "event.sealed": "kind = 'message' AND sender = 'young_person' AND number = {trigger}",
    "excerpt.sealed": "number = {trigger}",
    "excerpt_key.wrapped": "number = {trigger} AND holder LIKE 'team:%'",
    "wrapped_key.wrapped": "holder LIKE 'team:%' AND key_epoch = 0",
    "desk_note.sealed": "number = 1",
    "desk_key.wrapped": "holder = 'staff:2'",  # robin's, who has the team's key as well
    "record.sealed": "1",
    "record_key.wrapped": "1",
    "broken_confidentiality.sealed": "1",
    "broken_confidentiality_key.wrapped": "1",
}
"""Each sealed column of what is said and written, and which row of each chat is swapped."""
KEPT_TWICE = ("excerpt.sealed", "excerpt_key.wrapped", "desk_key.wrapped")
"""After a yes an excerpt stands in the chat as well, and a note's key is wrapped for each helper:
where one half was moved, the other still opens.
"""
OF_SESSIONS = ("staff_session.wrapped", "team_member.sealed", "staff.wrapped")


@dataclass
class Chat:
    """One chat on the desk: who writes in it, and where what belongs to it is shown."""

    young: YoungPerson
    worker: Worker
    conversation: str
    bird: str
    record: str
    breaking: str

    def views(self) -> dict[str, str]:
        """What each side is shown, by what it is; an answer that is none is told by its code."""
        pages = {
            "page": self.young.http.get(
                "/api/conversation/events", headers={"Accept": "application/json"}
            ),
            "chat": self.worker.http.get(f"/desk/chat/{self.conversation}"),
            "notes": self.worker.http.get(f"/desk/chat/{self.conversation}/notes"),
            "brief": self.worker.http.get(f"/desk/chat/{self.conversation}/brief"),
            "record": self.worker.http.get(self.record),
            "breaking": self.worker.http.get(self.breaking),
        }
        for what, page in pages.items():
            assert page.status_code < 500 or "does_not_open" in page.text, (what, page.text)
        return {what: page.text for what, page in pages.items()}


@dataclass
class Shop:
    """A running service with a chat on each of two desks."""

    alone: Alone
    chats: list[Chat]

    def swap(self, table: str, column: str, condition: str) -> None:
        """Swaps the column of one row of the first chat with that of one row of the second."""
        with closing(sqlite3.connect(self.alone.home / "waymark.db", timeout=10)) as database:
            where = f"WHERE {condition} ORDER BY rowid"
            rows = database.execute(f'SELECT rowid, {column} FROM "{table}" {where}').fetchall()  # noqa: S608
            assert len(rows) == 2, (table, len(rows))
            (one, first), (other, second) = rows
            assert first != second
            for value, row in ((second, one), (first, other)):
                database.execute(f'UPDATE "{table}" SET {column} = ? WHERE rowid = ?', (value, row))  # noqa: S608
            database.commit()

    def shown(self) -> list[dict[str, str]]:
        return [chat.views() for chat in self.chats]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("moved")
    with service_in(home) as alone, ExitStack() as opened:
        chats = []
        for bird, name in zip(BIRDS, ("robin", "kit"), strict=True):
            worker = opened.enter_context(Worker(alone.url, LOGINS[name]))
            young = opened.enter_context(YoungPerson(alone.url))
            assert young.post(f"{DANGER} {bird}").status_code == 201
            [conversation] = worker.queue()
            assert worker.take(conversation).status_code == 200
            [talk] = [
                b["id"]
                for e in young.events()
                for b in e.get("buttons", ())
                if b["title"] == "Talk"
            ]
            assert young.post(button=talk).status_code == 201
            assert young.post(f"later {bird}").status_code == 201
            address = f"/desk/chat/{conversation}"
            assert worker.http.post(f"{address}/notes", data={"text": f"note {bird}"}).is_redirect
            fields = {"q.area": bird, "q.reason": bird, "turn": "1", "q.contact": "self"}
            written = [
                worker.http.post(f"{address}/{what}", data=fields).headers["Location"]
                for what in ("record", "breaking")
            ]
            chats.append(Chat(young, worker, conversation, bird, *written))
        yield Shop(alone, chats)


TRIGGER = 3
"""The number of the message that raised each chat: two bubbles of greeting stand before it."""


@pytest.mark.parametrize("column", COLUMNS)
def test_07_what_was_moved_to_another_chat_is_not_shown_and_hides_no_other(
    shop: Shop, column: str
) -> None:
    # Given what each side of two chats is shown
    table, name = column.split(".")
    before, logged = shop.shown(), len(log_of(shop.alone))
    for own, other, shown in zip(BIRDS, reversed(BIRDS), before, strict=True):
        assert all(own in page or what == "brief" for what, page in shown.items())
        assert not any(other in page for page in shown.values())
    # When a sealed column of one is swapped with that of the other, so both ways
    shop.swap(table, name, COLUMNS[column].format(trigger=TRIGGER))
    try:
        shown = shop.shown()
        # Then nothing of the other chat is shown anywhere
        for other, pages in zip(reversed(BIRDS), shown, strict=True):
            assert not any(other in page for page in pages.values())
        # And something is missing, which the log calls an alert, in words of ours
        gone = {w for was, now in zip(before, shown, strict=True) for w in was if lost(was, now, w)}
        assert bool(gone) is (column not in KEPT_TWICE)
        news = log_of(shop.alone)[logged:]
        assert "alert: " in news
        assert not any(bird in news for bird in BIRDS)
        # And all else is there as before: a young person's page hangs on nothing of the desk's
        if not column.startswith("event."):
            assert "page" not in gone
        assert len(gone) <= 3, gone
        # And both chats go on
        for chat in shop.chats:
            assert chat.young.post("still here").status_code == 201
            assert "still here" in chat.views()["page"]
    finally:
        shop.swap(table, name, COLUMNS[column].format(trigger=TRIGGER))
    # And once it is put back, it opens as before
    for chat, pages in zip(shop.chats, shop.shown(), strict=True):
        assert all(chat.bird in page or what == "brief" for what, page in pages.items())


def lost(before: dict[str, str], now: dict[str, str], what: str) -> bool:
    """Whether a view says less of its bird than before."""
    return any(now[what].count(bird) < before[what].count(bird) for bird in BIRDS)


def test_07_messages_swapped_within_a_chat_stand_as_two_that_do_not_open(shop: Shop) -> None:
    # Given a chat with two messages of one person
    chat = shop.chats[0]
    numbers = [chat.young.post(f"dipper {n}").json()["number"] for n in range(2)]
    condition = f"conversation = x'{chat.conversation}' AND number IN ({numbers[0]}, {numbers[1]})"
    # When their sealed bytes change places
    shop.swap("event", "sealed", condition)
    try:
        events = {event["number"]: event for event in chat.young.events()}
        # Then each place says that one cannot be shown, and no number is missing
        for number in numbers:
            assert events[number]["from"] == "service"
            assert "cannot be shown" in events[number]["text"]
        assert sorted(events) == list(range(1, len(events) + 1))
        assert "dipper" not in str(events)
        page = chat.worker.chat(chat.conversation)
        assert "dipper" not in page
        assert "A message here does not open" in page
        # And danger that is written next is noticed, and a helper can write
        sent = chat.young.post(DANGER).json()["number"]
        assert any(event.get("card") for event in chat.young.events(sent))
        assert chat.worker.say(chat.conversation, "I am here").status_code == 201
        # And the feedback questions, which danger rules out, are not asked
        assert chat.young.http.get("/api/conversation/feedback").json() == {"questions": []}
    finally:
        shop.swap("event", "sealed", condition)
    assert "dipper 1" in str(chat.young.events())


def test_07_the_wrap_of_a_token_moved_to_another_chat_opens_neither(shop: Shop) -> None:
    # Given two conversations with the assistant alone
    with YoungPerson(shop.alone.url) as one, YoungPerson(shop.alone.url) as other:
        ids = sorted(conversation_of(shop, young) for young in (one, other))
        condition = f"holder = 'token' AND conversation IN (x'{ids[0]}', x'{ids[1]}')"
        logged = len(log_of(shop.alone))
        # When the keys kept for their tokens change places
        shop.swap("wrapped_key", "wrapped", condition)
        # Then neither token opens anything, and the log calls it an alert
        for young in (one, other):
            assert young.post("hello").status_code == 401
        assert "alert: " in log_of(shop.alone)[logged:]
        shop.swap("wrapped_key", "wrapped", condition)
        # And put back, both do
        assert [young.post("hello").status_code for young in (one, other)] == [201, 201]


def conversation_of(shop: Shop, young: YoungPerson) -> str:
    """The id in the database of a token's conversation, as only who has both can know it."""
    with closing(sqlite3.connect(shop.alone.home / "waymark.db")) as database:
        found = database.execute(
            "SELECT hex(id) FROM conversation WHERE token_hash = ?", (token_hash(young.token),)
        )
        return str(found.fetchone()[0]).lower()


@pytest.mark.parametrize("column", OF_SESSIONS)
def test_07_what_was_moved_between_members_of_staff_opens_for_neither(
    shop: Shop, column: str
) -> None:
    table, name = column.split(".")
    with Worker(shop.alone.url, LOGINS["kit"]) as kit, Worker(shop.alone.url, LOGINS["sam"]) as sam:
        ids = "SELECT id FROM staff WHERE name IN ('kit', 'sam')"
        newest = f"SELECT max(rowid) FROM staff_session WHERE staff IN ({ids}) GROUP BY staff"  # noqa: S608
        condition = {
            "staff_session": f"rowid IN ({newest})",
            "team_member": f"staff IN ({ids})",
            "staff": f"id IN ({ids})",
        }[table]
        # When the sealed bytes of two people change places
        shop.swap(table, name, condition)
        try:
            if table == "staff_session":
                # Then neither session opens anything, and neither is the other's
                assert [who.http.get("/desk/queue").status_code for who in (kit, sam)] == [401, 401]
            else:
                # Then a sign-in with the right password opens no chat
                for login in (LOGINS["kit"], LOGINS["sam"]):
                    assert queue_after_sign_in(shop.alone, login) in {401, 403}
                # And others work on
                assert shop.chats[0].worker.http.get("/desk/queue").status_code == 200
        finally:
            shop.swap(table, name, condition)
    with Worker(shop.alone.url, LOGINS["kit"]) as kit:
        assert kit.http.get("/desk/queue").status_code == 200


def queue_after_sign_in(alone: Alone, login: Login) -> int:
    form = {"name": login.name, "password": login.password}
    with httpx.Client(base_url=alone.url, timeout=30) as client:
        answer = client.post("/desk/login", data=form)
        if answer.status_code != 303:
            return answer.status_code
        return client.get("/desk/queue", headers={"Accept": "application/json"}).status_code
