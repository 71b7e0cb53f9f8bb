"""One run through the whole product, with a marked word for everything that anybody writes."""

import json
import re
import secrets
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self
from uuid import uuid4

import httpx
import psutil

from tests.desk.record_support import DECISION, SHARING, WHOLE, hidden, part, send
from tests.privacy.marks import Marks
from tests.privacy.product import PARTS, Person, Product
from tests.setup.running import WAYMARK, plain_environment
from tests.worker import Worker
from tests.young_person import YoungPerson

DANGER = "he put a knife to my throat, the door is locked"


@dataclass
class Story:
    """Who takes part; each step is a function of it. It closes the browsers of the staff."""

    product: Product
    marks: Marks
    supervisor: Person
    worker: Person
    browsers: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.browsers.close()

    @cached_property
    def coming_from(self) -> dict[str, str]:
        """What a browser and a proxy tell of a young person."""
        marks = self.marks
        referrer = marks.word("referrer", ascii_only=True)
        proxied = marks.foreign_address()
        return {
            "User-Agent": f"Mozilla/5.0 {marks.word('user agent', ascii_only=True)}",
            "Referer": f"https://{referrer}.example/{referrer}",
            "X-Forwarded-For": proxied,
            "X-Real-IP": proxied,
            "Forwarded": f'for="[{proxied}]"',
            "Cookie": f"desk={secrets.token_hex(32)}; c={marks.word('cookie', ascii_only=True)}",
            "Accept-Language": "cy, en;q=0.5",
        }

    @cached_property
    def address(self) -> str:
        return self.marks.own_address()

    def young_person(self, what: str) -> YoungPerson:
        """Somebody new, from the marked address; their token is a secret."""
        young = YoungPerson(
            self.product.url,
            headers=self.coming_from,
            transport=httpx.HTTPTransport(local_address=self.address),
        )
        self.marks.token(f"token of who {what}", young.token)
        return young

    def word(self, what: str) -> str:
        return self.marks.word(f"word: {what}")

    def signed_in(self, person: Person) -> Worker:
        """That member of staff at the desk; what their browser holds is secret."""
        login = person.login
        agent = self.marks.word(f"user agent of {login.name}", ascii_only=True)
        worker = self.browsers.enter_context(
            Worker(self.product.url, login, code=person.one_time.now(), **{"User-Agent": agent})
        )
        self.marks.hexadecimal(f"session of {login.name}", worker.http.cookies["desk"])
        return worker

    @cached_property
    def at_the_desk(self) -> Worker:
        return self.signed_in(self.worker)

    @cached_property
    def in_charge(self) -> Worker:
        return self.signed_in(self.supervisor)


def signing_in(story: Story) -> None:
    """Wrong passwords, right ones, and a supervisor gives the worker access."""
    desk = f"{story.product.url}/desk"
    wrong = {"name": story.worker.login.name, "password": story.word("a wrong password")}
    nobody = {"name": story.word("a password typed as a name"), "password": wrong["password"]}
    for form in (wrong, nobody, {**wrong, "code": story.word("a wrong code")}):
        assert httpx.post(f"{desk}/login", data=form).status_code in (401, 403)
    people = story.in_charge.http.get("/desk/staff").text
    person = re.search(r"/desk/staff/(\d+)/access", people)[1]
    given = story.in_charge.http.post(f"/desk/staff/{person}/access")
    assert given.status_code in (200, 204), given.status_code
    story.at_the_desk.http.get(f"/desk?q={story.word('a query at the desk')}")


def getting_it_wrong(story: Story) -> None:
    """What is refused: bad paths, bodies, tokens, codes, requests that are no HTTP."""
    with story.young_person("got it wrong") as young:
        word = story.marks.word("word: in a path", ascii_only=True)
        for path in (f"/{word}", f"/?{word}", f"/static/chat/{word}/x", f"/desk/chat/{word}"):
            young.http.get(path)
            young.http.put(path)
        said = story.word("in a bad body")
        for body in (f'{{"text": "{said}', f'"{said}"', f'{{"id": "{said}", "text": ["{said}"]}}'):
            sent = young.http.post("/api/conversation/messages", content=body.encode())
            assert sent.status_code in (400, 422), sent.status_code
        assert young.post(story.word("too long") * 200).status_code == 413
        assert young.post(button=story.word("no button")).status_code == 404
        body = {"id": str(uuid4()), "text": "\ud800" + story.word("with a lone surrogate")}
        sent = young.http.post("/api/conversation/messages", content=json.dumps(body))
        assert sent.status_code == 201, sent.status_code
        young.post(f'/inform_nation{{"nation": "{story.word("slot in a text")}"}}')
        strange = {"Authorization": f"Bearer {story.marks.word('a wrong token', ascii_only=True)}"}
        assert young.http.get("/api/conversation/events", headers=strange).status_code == 401
        code = {"code": story.word("a wrong code to come back")}
        assert young.http.post("/api/conversations/return", json=code).status_code in (404, 422)
        feedback = {"answers": {story.word("a question"): story.word("an answer")}}
        young.http.post("/api/conversation/feedback", json=feedback)
    host, port = story.product.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as link:
        word = story.marks.word("word: no HTTP", ascii_only=True)
        link.sendall(f"{word} /{word} {word}\r\n{word}: {word}\r\n\r\n".encode())
        link.recv(100)


def asking_the_assistant(story: Story) -> None:
    """A question, the action server, and a form that is left half filled; then the questions."""
    with story.young_person("asked the assistant") as young:
        young.say(f"what are my rights {story.word('a question')}")
        young.say("find a service near me")
        found = young.tap("England")
        assert any("Childline" in said["text"] for said in found), "the action server was asked"
        young.say(f"{story.word('beside a service')} what else is there")
        asked = young.say("make a plan")
        assert any(button["title"] == "A friend" for said in asked for button in said["buttons"])
        asked = young.say(story.word("an answer in a form"))
        assert asked[-1]["buttons"], "the form asks on"
        ended = young.http.post("/api/conversation/end", json={"answers": {}})
        assert ended.status_code == 204


def without_script(story: Story) -> None:
    """The page with JavaScript off: its forms, and the answer that streams into it."""
    with httpx.Client(base_url=story.product.url, headers=story.coming_from, timeout=30) as http:
        fields = dict(re.findall(r'name="(ticket|id)" value="([^"]+)"', http.get("/").text))
        form = {**fields, "text": f"what are my rights {story.word('without script')}"}
        with http.stream("POST", "/say", data=form) as answer:
            page = ""
            for piece in answer.iter_text():
                page += piece
                if 'class="entry' in page and (token := re.search(r'"token" value="(.+?)"', page)):
                    break
        story.marks.token("token in a page", token[1])
        assert http.post("/exit", data={"token": token[1]}).status_code == 303


def in_danger(story: Story) -> None:
    """Danger, a helper, notes, the record, breaking confidentiality, the end, and a return."""
    desk = story.at_the_desk
    desk.here()
    with story.young_person("was in danger") as young:
        young.say(f"my name is {story.word('before the danger')}")
        young.say(f"{DANGER} {story.word('danger')}")
        [chat] = desk.queue()
        assert desk.take(chat).status_code == 200
        young.tap("Talk")
        assert desk.say(chat, f"OK? {story.word('of the worker')}").status_code == 201
        said = story.word("to the worker")
        assert young.post(f"yes {said}").status_code == 201
        assert said in desk.chat(chat), "what is searched for did go through the product"
        desk.http.get(f"/desk/chat/{chat}/replies", params={"q": story.word("sought in replies")})
        path = f"/desk/chat/{chat}"
        for kind in ("note", "code_word"):
            noted = desk.http.post(
                f"{path}/notes", data={"text": story.word(f"in a {kind}"), "kind": kind}
            )
            assert noted.status_code in (200, 303), noted.status_code
        _records(story, desk, path)
        made = young.http.post("/api/conversation/return-code").json()["code"]
        code = story.marks.code("return code", made)
        assert desk.end(chat).status_code == 200
        back = httpx.post(f"{story.product.url}/api/conversations/return", json={"code": code})
        assert back.status_code == 201, back.text
        young.token = story.marks.token("token of who came back", back.json()["token"])
        young.http.headers["Authorization"] = f"Bearer {young.token}"
        young.say(f"i am back {story.word('after coming back')}")


def _records(story: Story, desk: Worker, path: str) -> None:
    """A record and a broken confidentiality, with what was shared and a second person's view."""
    carried = hidden(part(desk, f"{path}/record").text)
    filled = {**WHOLE, "q.area": story.word("in a record"), "q.code_word": story.word("agreed")}
    assert send(desk, f"{path}/record/finish", filled, **carried).status_code == 200
    carried = hidden(part(desk, f"{path}/breaking").text)
    decision = {**DECISION, "q.reason": story.word("why it is broken")}
    decided = send(desk, f"{path}/breaking/decide", decision, **carried)
    number = re.search(r"/desk/breaking/(\d+)", decided.text)[1]
    broken = f"/desk/breaking/{number}"
    sharing = {**SHARING, "q.words": story.word("what was shared")}
    shared = send(desk, f"{broken}/share", sharing, **hidden(decided.text))
    assert shared.status_code == 200, shared.status_code
    assert send(desk, f"{broken}/add", {"text": story.word("added later")}).status_code == 200
    view = {"verdict": "questions", "why": story.word("a second view")}
    assert send(story.in_charge, f"{broken}/view", view).status_code in (200, 303)


def leaving(story: Story) -> None:
    """Somebody leaves quickly; somebody deletes the chat; somebody answers the questions."""
    with story.young_person("left quickly") as young:
        young.say(f"hello {story.word('before leaving quickly')}")
        left = young.http.post("/exit", data={"token": young.token, "quiet": "1"})
        assert left.is_success, left.status_code
    with story.young_person("deleted the chat") as young:
        young.say(f"hello {story.word('before deleting')}")
        assert young.http.delete("/api/conversation").status_code == 204
        assert young.http.get("/api/conversation/events").status_code == 401
    with story.young_person("answered the questions") as young:
        young.say(f"hello {story.word('before the questions')}")
        [question, *_] = young.http.get("/api/conversation/feedback").json()["questions"]
        body = {"answers": {question: "yes"}}
        assert young.http.post("/api/conversation/feedback", json=body).status_code == 204


def killed_in_the_middle(story: Story) -> None:
    """kill -9 of the service, the action server and the bot, each in the middle of a turn."""
    product = story.product
    with story.young_person("saw it die") as young:
        for dies, hangs, text in (
            ("helpline.app", "bot.server", "what are my rights"),
            ("bot.action_server", "bot.action_server", "find a service in england"),
            ("bot.server", "bot.server", "what are my rights"),
        ):
            product.until_serves()
            with _hanging(product.part(hangs)):
                sent = young.post(f"{text} {story.word(f'{dies} was killed')}")
                assert sent.status_code == 201
                product.kill(dies)
        product.until_well()
        assert young.say(f"are you there {story.word('after the kills')}")


def backed_up(story: Story) -> None:
    """Both files of a backup, made while the service runs, in a folder that is searched."""
    product = story.product
    done = subprocess.run(
        [WAYMARK, "backup", product.folder / "home" / "backups"],
        env=plain_environment(WAYMARK_HOME=str(product.state), **product.settings),
        capture_output=True,
        text=True,
        check=True,
    )
    (product.folder / "printed" / "backup").write_text(done.stdout + done.stderr, "utf-8")
    assert len(list((product.folder / "home" / "backups").iterdir())) == 2


@contextmanager
def _hanging(process: psutil.Process) -> Iterator[None]:
    """A process that stops in the middle of what it does, and goes on if it was not killed."""
    process.suspend()
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            process.resume()


STEPS: tuple[Callable[[Story], None], ...] = (
    signing_in,
    getting_it_wrong,
    asking_the_assistant,
    without_script,
    in_danger,
    leaving,
    killed_in_the_middle,
    backed_up,
)
"""All of it, in order. A new part of the product is one more step here."""


def crashed(story: Story) -> None:
    """Every part and what watches over them die in a way that dumps a core where one may."""
    watched = [story.product.part(module) for module in PARTS]
    dumping = (signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT)
    for process, sent in zip(watched, dumping, strict=True):
        process.send_signal(sent)
    for process in watched:
        process.wait(30)
