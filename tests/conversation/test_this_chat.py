"""What the assistant says about this chat is what the chat does (data/facts/waymark.yml).

The assistant itself is left out: nothing here hangs on it.
"""

import ast
import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from helpline.conversation import staffing
from helpline.conversation.errors import NotOpen, UnknownToken
from helpline.conversation.events import Message, State
from helpline.conversation.incoming import Incoming
from helpline.headers import security_headers
from helpline.settings import Settings
from helpline.store import conversations
from helpline.vault import WrapBroken, token_key, unwrap
from tests.conftest import ROOT
from tests.conversation.conftest import PASSWORD, texts

DANGER = "he wont let me leave, the door is locked"
MORE_DANGER = "hes coming up the stairs now hes going to hurt me"
POLISH = "nie wiem co mam robić, mój ojciec jest zły i boję się"
GERMAN = "ich habe hunger und mein bruder auch"

PARTS = ("helpline", "safeguarding", "language", "actions", "bot")
WAYS_OUT = frozenset({
    "aiohttp", "aiosmtplib", "asyncssh", "ftplib", "http.client", "httpx", "imaplib", "paramiko",
    "poplib", "requests", "smtplib", "socket", "subprocess", "twilio", "urllib.request", "urllib3",
    "webbrowser", "websockets", "xmlrpc.client",
})  # fmt: skip
KNOWN = {
    "helpline/limits/readers.py": {"socket"},  # options of connections that others opened
    "helpline/dialogue.py": {"aiohttp"},  # the assistant, on loopback
    "helpline/processes.py": {"http.client", "socket", "subprocess"},  # our own parts
    "helpline/supervision.py": {"http.client", "subprocess", "xmlrpc.client"},  # our own parts
    "bot/assistant.py": {"aiohttp"},  # the action server, on loopback
    "safeguarding/evaluation/speed.py": {"subprocess"},  # a measurement; no part of the service
}


@contextmanager
def reached() -> Iterator[list[str]]:
    """Every host that this process looks up, connects to or sends to meanwhile."""
    found: list[str] = []
    listening = True

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if not listening:
            return
        if event in ("socket.connect", "socket.sendto"):
            address = arguments[1]
            found.append(str(address[0]) if isinstance(address, tuple) else "a local socket")
        elif event == "socket.getaddrinfo":
            found.append(str(arguments[0]))

    sys.addaudithook(hear)
    try:
        yield found
    finally:
        listening = False


def outside(hosts: list[str]) -> list[str]:
    """Those that are not this machine."""
    return [host for host in hosts if host != "a local socket" and not _is_here(host)]


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def ways_out(folder: Path) -> dict[str, set[str]]:
    """The modules under `folder` that can reach another machine or program, and by what."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        used: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                used |= {each.name for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                used |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        ways = {way for way in WAYS_OUT for one in used if f"{one}.".startswith(f"{way}.")}
        if ways:
            found[str(path.relative_to(folder.parent))] = ways
    return found


async def asked_and_taken(helpline, worker, access):
    """Has a person asked for, and a worker take the chat; returns its id at the desk."""
    await helpline.young.ask_for_person(access)
    [row] = await helpline.desk.queue(worker)
    await helpline.desk.take(worker, row.conversation)
    return row.conversation


async def test_in_danger_the_number_is_given_and_nobody_is_called_for_them(quiet):
    # Given a young person, and everything watched that this machine reaches
    with reached() as hosts:
        _, access = await quiet.begin()
        await quiet.say(access, "hello")
        # When they write of immediate danger, with nobody on shift and with a worker at the desk
        number = await quiet.say(access, DANGER)
        await quiet.sign_in("robin")
        await quiet.say(access, MORE_DANGER)
    # Then 999 is theirs to call: it stands first on the card
    first = (await quiet.young.events(access, number))[0]
    assert first.card == "hurt"
    assert first.text.startswith("999")
    # And nothing went beyond this machine
    assert "127.0.0.1" in hosts  # the assistant was asked to answer the first message
    assert outside(hosts) == []
    # And the page may not ask their phone where they are
    for path in ("/", "/say"):
        assert "geolocation=()" in security_headers(path, Settings())["Permissions-Policy"]


async def test_no_part_of_it_can_reach_police_family_or_social_workers(quiet):
    # Given all the code that runs, the assistant's too
    found = {name: ways for part in PARTS for name, ways in ways_out(ROOT / part).items()}
    # Then it reaches its own parts and nobody else
    assert found == KNOWN
    # And when a helper talks with somebody in danger to the end, nothing leaves this machine
    robin = await quiet.sign_in("robin")
    with reached() as hosts:
        _, access = await quiet.begin()
        await quiet.say(access, DANGER)
        conversation = await asked_and_taken(quiet, robin, access)
        await quiet.desk.say(robin, conversation, Incoming(uuid4(), text="I may have to tell."))
        await quiet.desk.end(robin, conversation)
    assert outside(hosts) == []


def test_a_planted_way_out_is_found(tmp_path):
    # Given code that sends a message, and a call to a machine that is not there
    (tmp_path / "actions").mkdir()
    (tmp_path / "actions" / "tell.py").write_text("import json\nfrom smtplib import SMTP\n")
    with reached() as hosts, socket.socket() as call:
        call.setblocking(False)
        with suppress(OSError):
            call.connect(("192.0.2.1", 25))  # reserved for documentation: nobody has it
    # Then both are found
    assert ways_out(tmp_path / "actions") == {"actions/tell.py": {"smtplib"}}
    assert outside(hosts) == ["192.0.2.1"]


async def test_a_helper_who_is_asked_for_joins_only_if_one_is_on_shift(quiet):
    # Given nobody on shift
    _, early = await quiet.begin()
    # When a person is asked for, then it is said that none is here, and nobody is let in
    await quiet.young.ask_for_person(early)
    assert "No helper is here" in texts(await quiet.young.events(early, 2), "service")[-1]
    assert await quiet.kept(conversations.epochs_let_in, early.conversation) == set()
    # Given a worker at the desk
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    await quiet.say(access, "hello")
    # Then nobody joins by themselves
    assert await quiet.desk.queue(robin) == []
    # When a person is asked for, then the worker joins and writes
    conversation = await asked_and_taken(quiet, robin, access)
    await quiet.desk.say(robin, conversation, Incoming(uuid4(), text="Hi, I'm here."))
    events = await quiet.young.events(access, 0)
    assert [e.owner for e in events if isinstance(e, State)][-1] == "worker"
    assert texts(events, "worker") == ["OK to talk now?", "Hi, I'm here."]


async def test_until_a_helper_is_let_in_only_the_young_persons_token_opens_the_chat(quiet):
    # Given a chat with the assistant, and a worker at the desk
    await quiet.sign_in("robin")
    token, access = await quiet.begin()
    number = await quiet.say(access, "a heron stood in the water")
    # Then no word of it is kept in the clear
    rows = await quiet.kept(conversations.events_after, access.conversation, 0)
    [kept] = [row for row in rows if row.number == number]
    assert b"heron" not in kept.sealed
    # And its key is kept for the token alone, which the server does not have
    assert await quiet.kept(conversations.epochs_let_in, access.conversation) == set()
    assert await quiet.kept(conversations.excerpts, access.conversation) == []
    [wrapped] = (await quiet.kept(conversations.wraps, access.conversation, "token")).values()
    key = unwrap(token_key(token), wrapped, access.conversation, 0)
    assert key == access.ring.keys[0]
    row = await quiet.kept(conversations.by_id, access.conversation)
    with pytest.raises(WrapBroken):
        unwrap(row.token_hash, wrapped, access.conversation, 0)


async def test_each_sign_of_danger_shows_a_helper_three_messages_and_a_yes_the_rest(quiet):
    # Given a worker at the desk, and two signs of danger in a longer chat
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    written = ["one", "two", "three", DANGER, "five", "six", "seven", MORE_DANGER]
    for text in written[:4]:
        await quiet.say(access, text)
    [row] = await quiet.desk.queue(robin)
    await quiet.desk.take(robin, row.conversation)

    async def seen():
        transcript = await quiet.desk.transcript(robin, row.conversation)
        return texts(transcript.events, "young_person")

    # Then the worker sees the message that raised it and the two before it
    assert await seen() == ["two", "three", DANGER]
    # And the same again at the next sign, and no more
    for text in written[4:]:
        await quiet.say(access, text)
    assert await seen() == ["two", "three", DANGER, "six", "seven", MORE_DANGER]
    with pytest.raises(NotOpen):
        await quiet.desk.say(robin, row.conversation, Incoming(uuid4(), text="hi"))
    # When the young person says yes, then the worker reads the rest
    await quiet.tap(access, "Talk")
    assert await seen() == [*written, "Talk"]


@pytest.mark.parametrize("age", [7, 11, 15, 17, 22, 58])
async def test_whoever_writes_of_whatever_age_may_chat(quiet, age):
    # Given a chat, which began without a word about who it is
    robin = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    # When somebody says how old they are, and goes on
    await quiet.say(access, f"i am {age} years old")
    number = await quiet.say(access, "can i still talk here")
    # Then what they write is kept and answered, and a person can be asked for
    events = await quiet.young.events(access, number)
    assert any(isinstance(e, Message) and e.sender != "young_person" for e in events)
    await asked_and_taken(quiet, robin, access)
    assert [e.owner for e in await quiet.young.events(access, 0) if isinstance(e, State)] == [
        "queue",
        "worker",
    ]


@pytest.mark.parametrize(("text", "language"), [(POLISH, "pl"), (GERMAN, "other")])
async def test_only_english_is_read_and_a_person_is_offered_for_the_rest(quiet, text, language):
    # Given a worker at the desk
    await quiet.sign_in("robin")
    _, english = await quiet.begin()
    _, access = await quiet.begin()
    # When one young person writes English, and one another language
    await quiet.say(english, "what are my rights")
    number = await quiet.say(access, text)
    # Then only the first counts as read
    read = await last_own(quiet, english)
    unread = await last_own(quiet, access)
    assert read.read
    assert (unread.read, unread.language) == (False, language)
    assert unread.level >= 3 > read.level
    # And the second is told so, with 999, and a person is one tap away
    events = await quiet.young.events(access, number)
    told = [e for e in events if isinstance(e, Message) and e.sender == "service"]
    offer = next(e for e in told if "I can only read English" in e.text)
    assert "999" in offer.text
    assert [button.title for button in offer.buttons] == ["Talk to a person", "Not now"]
    await quiet.tap(access, "Talk to a person")
    assert await quiet.kept(conversations.epochs_let_in, access.conversation) == {0}


async def last_own(helpline, access):
    events = await helpline.young.events(access, 0)
    return [e for e in events if isinstance(e, Message) and e.sender == "young_person"][-1]


async def test_a_helper_is_known_to_the_young_person_by_their_alias_alone(quiet):
    # Given a worker who signs in under one name and is called something else in the chat
    sam = await quiet.sign_in("sam")
    added = await staffing.add(
        quiet.heart.database,
        name="margaret.oyelaran",
        alias="Wren",
        role="worker",
        password=PASSWORD,
        second_factor=False,
        now=quiet.heart.now(),
    )
    await quiet.desk.give_access(sam, added.staff)
    worker = await quiet.sign_in("margaret.oyelaran")
    # When they join a chat, write, and end it
    _, access = await quiet.begin()
    conversation = await asked_and_taken(quiet, worker, access)
    await quiet.desk.say(worker, conversation, Incoming(uuid4(), text="Hi, I'm here."))
    await quiet.desk.end(worker, conversation)
    # Then all that the young person's page is sent of who they are is the alias
    sent = [event.public() for event in await quiet.young.events(access, 0)]
    assert [event["worker"] for event in sent if event.get("owner") == "worker"] == ["Wren"]
    assert "margaret" not in json.dumps(sent).lower()
    assert "oyelaran" not in json.dumps(sent).lower()


async def test_leaving_closes_the_chat_for_good_and_deletes_what_no_helper_could_see(quiet):
    # Given a worker at the desk, a chat with the assistant, and one that a helper was let into
    robin = await quiet.sign_in("robin")
    alone, access = await quiet.begin()
    await quiet.say(access, "hello")
    together, shared = await quiet.begin()
    await quiet.say(shared, "hello")
    await asked_and_taken(quiet, robin, shared)
    # When both leave by the button
    await quiet.young.leave_quickly(access)
    await quiet.young.leave_quickly(shared)
    # Then neither can be opened again, by anybody who holds the phone
    for token in (alone, together):
        with pytest.raises(UnknownToken):
            await quiet.young.open(token)
    # And the first is deleted; the second is kept for the helper, who sees that they left
    assert await quiet.kept(conversations.by_id, access.conversation) is None
    [row] = await quiet.desk.mine(robin)
    assert row.left_quickly
    assert await quiet.kept(conversations.by_id, shared.conversation) is not None


async def test_a_young_person_ends_a_chat_and_a_helper_who_was_let_in_keeps_it(quiet):
    # Given a worker at the desk, a chat with the assistant, and one that the worker was let into
    robin = await quiet.sign_in("robin")
    alone, access = await quiet.begin()
    await quiet.say(access, "hello")
    together, shared = await quiet.begin()
    await quiet.say(shared, "hello")
    await asked_and_taken(quiet, robin, shared)
    # When the young person ends both
    await quiet.young.end(access)
    await quiet.young.end(shared)
    # Then neither can be opened or written in again
    for token, ended in ((alone, access), (together, shared)):
        with pytest.raises(UnknownToken):
            await quiet.young.open(token)
        with pytest.raises(UnknownToken):
            await quiet.young.receive(ended, Incoming(uuid4(), text="one more thing"))
    # And the first is deleted
    assert await quiet.kept(conversations.by_id, access.conversation) is None
    # And of the second the worker who held it and the supervisor keep a key, no other worker
    for staff_id in (1, 2):
        assert await quiet.kept(conversations.wraps, shared.conversation, f"staff:{staff_id}")
    assert await quiet.kept(conversations.epochs_let_in, shared.conversation) == set()
    assert not await quiet.kept(conversations.wraps, shared.conversation, "staff:3")
