"""A worker's desk without its page: signs in, and uses the desk's own routes."""

import re
from typing import Self
from uuid import uuid4

import httpx

from tests.conftest import Login


class Worker:
    """A signed-in worker over HTTP, as present as an open desk would make them."""

    def __init__(self, url: str, login: Login, *, code: str = "", **headers: str) -> None:
        """`code` is the one-time code, where this person needs one."""
        self.http = httpx.Client(base_url=url, timeout=30, headers={"Origin": url, **headers})
        answer = self.http.post(
            "/desk/login", data={"name": login.name, "password": login.password, "code": code}
        )
        assert answer.status_code == 303, answer.status_code
        page = self.http.get("/desk/").text
        self.http.headers["X-CSRF-Token"] = re.search(r'"X-CSRF-Token": ?"(\w+)"', page)[1]
        self.here()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def here(self) -> None:
        assert self.http.post("/desk/here").status_code == 204

    def queue(self) -> list[str]:
        """The chats that wait, in the order the desk shows them."""
        page = self.http.get("/desk/queue").text
        return re.findall(r'/desk/chat/([0-9a-f]{32})/take"', page)

    def take(self, conversation: str) -> httpx.Response:
        return self.http.post(f"/desk/chat/{conversation}/take")

    def say(self, conversation: str, text: str) -> httpx.Response:
        return self.http.post(
            f"/desk/chat/{conversation}/messages", json={"id": str(uuid4()), "text": text}
        )

    def chat(self, conversation: str) -> str:
        """The chat as the desk shows it, as HTML."""
        return self.http.get(f"/desk/chat/{conversation}").text

    def end(self, conversation: str) -> httpx.Response:
        return self.http.post(f"/desk/chat/{conversation}/end")

    def clear_the_desk(self) -> None:
        """Ends all that waits or is held, which others left: many tests share one service."""
        chats = set(re.findall(r"/desk/chat/([0-9a-f]{32})", self.http.get("/desk/queue").text))
        # What is held first, then one after the other: nobody holds more than they take at once
        for chat in chats:
            self.end(chat)
        for chat in chats:
            self.take(chat)
            self.end(chat)
