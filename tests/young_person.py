"""A young person's page without its page: speaks contract.md's HTTP interface."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Self
from uuid import uuid4

import httpx


class YoungPerson:
    """One conversation over HTTP; keeps every event it has seen, in order."""

    def __init__(self, url: str, **client: Any) -> None:
        """`client` is more for httpx: headers, or a transport from another address."""
        self.http = httpx.Client(base_url=url, timeout=30, **client)
        started = self.http.post("/api/conversations")
        started.raise_for_status()
        self.token: str = started.json()["token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def post(self, text: str | None = None, **parts: Any) -> httpx.Response:
        """Sends a message as the page does; `parts` replace its fields."""
        body = {"id": str(uuid4()), **({"text": text} if text is not None else {}), **parts}
        return self.http.post("/api/conversation/messages", json=body)

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        answer = self.http.get(
            "/api/conversation/events",
            params={"after": after},
            headers={"Accept": "application/json"},
        )
        answer.raise_for_status()
        events: list[dict[str, Any]] = answer.json()["events"]
        return events

    def stream(self, after: int = 0) -> Iterator[dict[str, Any]]:
        """Yields numbered events from the stream as they come."""
        with self.http.stream(
            "GET",
            "/api/conversation/events",
            params={"after": after},
            headers={"Accept": "text/event-stream"},
        ) as answer:
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    event = json.loads(line[5:])
                    if "number" in event:
                        yield event

    def say(self, text: str) -> list[dict[str, Any]]:
        """Sends a text and returns what the others said to it."""
        sent = self.post(text)
        assert sent.status_code == 201, sent.text
        return self.answers_to(sent.json()["number"])

    def answers_to(self, number: int) -> list[dict[str, Any]]:
        """Waits until message `number` is answered; returns what the others said after it."""
        with closing(self.stream(number)) as stream:
            next(e for e in stream if e.get("from", "young_person") != "young_person")
        said = (e for e in self.events(number) if e["type"] == "message")
        return [e for e in said if e["from"] != "young_person"]

    def tap(self, title: str) -> list[dict[str, Any]]:
        """Taps the newest button of that title."""
        for event in reversed(self.events()):
            for button in event.get("buttons", ()):
                if button["title"] == title:
                    sent = self.post(button=button["id"])
                    assert sent.status_code == 201, sent.text
                    return self.answers_to(sent.json()["number"])
        raise AssertionError(f"no button {title}")
