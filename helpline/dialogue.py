"""The one way to the assistant: hands over a turn and its state, gets replies and new state."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import aiohttp

LONGEST_TURN_S = 4.0
AT_ONCE = 8
"""So many turns are with the assistant at a time: it answers them one after the other, so that more
would only make each wait there until it looks as if the assistant were down. The rest wait here."""


class AssistantDown(Exception):
    """The assistant is dead, slower than LONGEST_TURN_S, or answered what it never should."""


@dataclass(frozen=True)
class Reply:
    """One bubble of the assistant; `buttons` are (title, payload)."""

    text: str = field(repr=False)
    buttons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Turn:
    """What came of a turn; `state` goes into the next one.

    `topic` is the id of the topic that was answered, "chitchat" or "none".
    """

    replies: tuple[Reply, ...]
    state: list[dict[str, Any]] = field(repr=False)
    form_active: bool
    topic: str


class Dialogue:
    """Speaks the turn protocol with the bot process on loopback (bot/turns.py)."""

    def __init__(self, *, url: str, actions_url: str, secret: str) -> None:
        self._url = f"{url}/webhooks/turn/turn"
        self._healths = {"assistant": f"{url}/health", "actions": f"{actions_url}/health"}
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._session: aiohttp.ClientSession | None = None
        self._room = asyncio.Semaphore(AT_ONCE)

    async def open(self) -> None:
        """Must be called on the event loop before the first turn."""
        self._session = aiohttp.ClientSession(
            headers=self._headers, timeout=aiohttp.ClientTimeout(total=LONGEST_TURN_S)
        )

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def turn(
        self,
        *,
        state: list[dict[str, Any]],
        text: str | None,
        payload: str | None,
        level: int,
    ) -> Turn:
        """Runs one turn with either a text or a button's payload; raises AssistantDown.

        While the assistant has as much to do as it can, turns wait in the order they came.
        An empty list of replies is an outage: Rasa answers so when it fails (rasa-notes.md).
        """
        assert self._session is not None
        body = {
            "state": state,
            "text": text,
            "payload": payload,
            "level": level,
        }
        try:
            async with self._room, self._session.post(self._url, json=body) as answer:
                if answer.status != 200:
                    raise AssistantDown
                data = await answer.json()
            replies = tuple(
                Reply(
                    reply["text"],
                    tuple((b["title"], b["payload"]) for b in reply.get("buttons") or ()),
                )
                for reply in data["replies"]
            )
            turn = Turn(replies, data["state"], bool(data["form_active"]), data["topic"])
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as e:
            raise AssistantDown from e
        if not turn.replies:
            raise AssistantDown
        return turn

    async def answering_parts(self) -> dict[str, bool]:
        """Says of the assistant and its action server whether they answer."""
        answers = await asyncio.gather(*(self._answers(url) for url in self._healths.values()))
        return dict(zip(self._healths, answers, strict=True))

    async def _answers(self, url: str) -> bool:
        assert self._session is not None
        try:
            async with self._session.get(url) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False
