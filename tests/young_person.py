"""A young person's page without its page: speaks contract.md's HTTP interface."""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx


class YoungPerson:
    """One conversation over HTTP; keeps every event it has seen, in order."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=30)
        started = self.http.post("/api/conversations")
        started.raise_for_status()
        self.token: str = started.json()["token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

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
        """Waits for the messages of others that follow message `number`."""
        heard = []
        for event in self.stream(number):
            if event["type"] == "message" and event["from"] != "young_person":
                heard.append(event)
                time.sleep(0.3)
                break
        return [
            e for e in self.events(number) if e["type"] == "message" and e["from"] != "young_person"
        ] or heard

    def tap(self, title: str) -> list[dict[str, Any]]:
        """Taps the newest button of that title."""
        for event in reversed(self.events()):
            for button in event.get("buttons", ()):
                if button["title"] == title:
                    sent = self.post(button=button["id"])
                    assert sent.status_code == 201, sent.text
                    return self.answers_to(sent.json()["number"])
        raise AssertionError(f"no button {title}")
