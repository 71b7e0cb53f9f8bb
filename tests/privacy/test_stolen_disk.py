"""A copy of the state folder and all the source code, and no secret of a person, open nothing."""

import shutil
from dataclasses import dataclass

import psutil
import pytest

from helpline.store import tables
from tests.alone import service_in
from tests.conftest import Assistant
from tests.privacy import columns, places, product, story, thief
from tests.privacy.brute import brute_force
from tests.privacy.loot import Loot
from tests.privacy.marks import Marks
from tests.privacy.product import Person, Product
from tests.privacy.scan import Scanner
from tests.privacy.story import Story
from tests.privacy.thief import Brought, attempt

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Stolen:
    """The loot, and what the people whose it is could bring."""

    loot: Loot
    marks: Marks
    supervisor: Person
    worker: Person
    cookie: str
    token: str
    code: str
    recovery_key: str
    words: dict[str, str]


@pytest.fixture(scope="module")
def stolen(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Stolen:
    """The disk is copied while chats go on in every state that a chat can be in."""
    folder, copy = tmp_path_factory.mktemp("product"), tmp_path_factory.mktemp("copy") / "state"
    settings, marks = product.make_folders(folder), Marks()
    home = folder / "state"
    supervisor = product.add_staff(marks, home, "ash", "supervisor", settings)
    worker = product.add_staff(marks, home, "bell", "worker", settings)
    behind = {
        "bot_url": assistant.url,
        "actions_url": assistant.actions_url,
        "secret": assistant.secret,
    }
    with (
        service_in(home, staff=False, demo=False, **behind) as running,
        Story(
            Product(running.url, folder, psutil.Process(), {}), marks, supervisor, worker
        ) as told,
    ):
        for step in (story.signing_in, story.in_danger, story.leaving):
            step(told)
        words = {each: told.word(each) for each in ("alone", "alarm", "held", "with a code")}
        desk = told.at_the_desk
        desk.here()
        with (
            told.young_person("is with the assistant") as alone,
            told.young_person("raised an alarm") as alarmed,
            told.young_person("talks with the worker") as talking,
            told.young_person("has a code") as leaving,
        ):
            alone.say(f"what are my rights {words['alone']}")
            leaving.say(f"hello {words['with a code']}")
            code = leaving.http.post("/api/conversation/return-code").json()["code"]
            talking.http.post("/api/conversation/handoff")
            [held] = desk.queue()
            desk.take(held)
            talking.post(f"hi {words['held']}")
            alarmed.say(f"{story.DANGER} {words['alarm']}")
            assert len(desk.queue()) == 1
            shutil.copytree(home, copy)
            token = alone.token
    return Stolen(
        Loot.of(copy),
        marks,
        supervisor,
        worker,
        desk.http.cookies["desk"],
        token,
        marks.code("code of who has one", code),
        marks.known["recovery key of the team"],
        words | {name: word for name, word in marks.known.items() if name.startswith("word: ")},
    )


def test_the_loot_holds_something_of_everything(stolen: Stolen) -> None:
    # Given the stolen copy
    seen = stolen.loot.clear()
    # Then there is something to open in every column that is sealed, and the write-ahead log
    empty = [name for name in columns.SEALED if not seen.get(name, set()) - {None}]
    assert empty == []
    assert {"waymark.db", "waymark.db-wal", "pepper", "service.log"} <= set(stolen.loot.files)


def test_no_word_and_no_secret_stands_in_the_loot(stolen: Stolen) -> None:
    report = Scanner(stolen.marks.looks).search(places.files("state file", stolen.loot.folder))
    assert sorted(report.finds) == []


def test_the_source_code_and_guesses_open_nothing(stolen: Stolen) -> None:
    # Given all that a thief can guess, and every value of the folder that is shaped like a secret
    guessed = thief.guesses(stolen.loot)
    # When each is tried as whatever it could be, on every wrapped key and sealed value
    opened = attempt(stolen.loot, guessed)
    # Then nothing opens
    assert opened.texts == {}
    assert opened.privates == set(guessed.privates)
    assert opened.keys == set(guessed.keys)


def test_no_32_bytes_of_any_file_open_anything(stolen: Stolen) -> None:
    tried = brute_force(stolen.loot)
    print(f"tried {tried.windows:,} keys on {tried.locks} locks: {len(tried.opened)} opened")
    assert tried.opened == []
    assert tried.windows > 20_000
    assert tried.locks > 20


def test_a_key_left_anywhere_in_the_folder_would_be_found(stolen: Stolen) -> None:
    # Given the same loot, in which a token, a team's private key and a chat's key were left
    opened = attempt(stolen.loot, Brought(passwords=[stolen.supervisor.login.password]))
    left = {
        "token": b"token=" + stolen.token.encode() + b"\n",
        "private key": b"??" + max(opened.privates) + b"!",
        "key of a chat": b"\0\0\0" + max(opened.keys),
        "cookie": stolen.cookie.encode(),
    }
    for name, content in left.items():
        # Then the same search finds each
        loot = Loot(stolen.loot.folder, stolen.loot.rows, {name: content})
        assert brute_force(loot).opened, name


@pytest.mark.parametrize(
    ("who", "reads"),
    [
        ("token", {"alone"}),
        ("password", {"alarm", "held", "word: in a note", "word: in a record"}),
        ("cookie", {"alarm", "held", "word: in a record", "word: what was shared"}),
        ("recovery key", {"alarm", "held", "word: in a record", "word: a second view"}),
        ("code", {"with a code"}),
    ],
)
def test_whose_it_is_opens_it_by_the_same_steps(stolen: Stolen, who: str, reads: set[str]) -> None:
    # Given what one person can bring
    brought = {
        "token": Brought(tokens=[stolen.token]),
        "password": Brought(passwords=[stolen.worker.login.password]),
        "cookie": Brought(cookies=[stolen.cookie]),
        "recovery key": Brought(recovery_keys=[stolen.recovery_key]),
        "code": Brought(codes=[stolen.code]),
    }[who]
    # Then they read what is theirs
    said = attempt(stolen.loot, brought).said()
    assert {name for name in reads if stolen.words[name] not in said} == set()
    # And nobody but who wrote it reads a chat with the assistant
    assert (stolen.words["alone"] in said) == (who == "token")


def test_every_column_is_sealed_made_from_secrets_or_listed_as_clear(stolen: Stolen) -> None:
    # Given every column that there is
    there = {f"{t.name}.{c.name}" for t in tables.metadata.sorted_tables for c in t.columns}
    clear = [name for names in columns.CLEAR.values() for name in names]
    listed = [*columns.SEALED, *columns.MADE_FROM_SECRETS, *clear]
    # Then each is listed once: what is new has to be looked at, and said in docs/threat-model.md
    assert sorted(there) == sorted(listed)
    # And nothing else stands in the database
    assert set(stolen.loot.clear()) - there == {"alembic_version.version_num"}


def test_what_stands_in_clear_is_numbers_names_of_staff_and_words_of_the_product(
    stolen: Stolen,
) -> None:
    # Given every value in clear that is text
    seen = stolen.loot.clear()
    texts = {
        value
        for names in columns.CLEAR.values()
        for name in names
        for value in seen.get(name, ())
        if isinstance(value, str)
    }
    # Then none of it is longer than a label, and it is made of plain letters alone
    odd = [text for text in texts if len(text) > 64 or not text.isascii()]
    assert odd == []
