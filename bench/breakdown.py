"""Where a Waymark turn spends its time: parts timed on their own, in a short run of its own."""

import importlib
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from bench.errors import BenchError
from bench.load import CONVERSATION, Turn, client_session, one_client
from bench.processes import Group
from bench.waymark import Waymark

_SECRET = "WAYMARK_SECRET"  # noqa: S105  the name of the setting, not its value
_PAIRS = 4


@dataclass(frozen=True)
class Share:
    """One step of the way, and the median of its time in milliseconds."""

    step: str
    milliseconds: float
    how: str


async def breakdown(
    side: Waymark, group: Group, project: Path, messages: Sequence[str]
) -> list[Share]:
    """The median turn taken apart; the steps add up to POST-to-reply but for rounding.

    What cannot be timed from outside is the rest: what a whole takes less its timed parts.
    """
    turns: list[Turn] = []
    alone: list[float] = []
    for _ in range(_PAIRS):  # whole and part in turn, so that a busy moment touches both
        turns += await one_client(side, messages, CONVERSATION)
        alone += await _bot_turns(group, messages[:CONVERSATION])
    turns = [turn for turn in turns if turn.answered]
    if not turns:
        raise BenchError("Waymark answered nothing in the run for the breakdown.")
    acknowledged = statistics.median(turn.acknowledged for turn in turns)
    after = statistics.median(turn.replied - turn.acknowledged for turn in turns)
    bare = await _bare_request(side)
    screen = _screen(project, messages)
    bot = statistics.median(alone)
    return [
        Share("request and answer over HTTP", bare * 1000, "a POST refused for its token"),
        Share("screen", screen * 1000, "Screener.screen in this process"),
        Share(
            "seal, store, acknowledge",
            (acknowledged - bare - screen) * 1000,
            "POST to 201, less the two above",
        ),
        Share("bot turn", bot * 1000, "POST /webhooks/turn/turn, state carried"),
        Share(
            "seal and store the reply, deliver",
            (after - bot) * 1000,
            "201 to reply, less the bot turn; below 0 where they overlap",
        ),
    ]


async def _bare_request(side: Waymark) -> float:
    times: list[float] = []
    async with client_session() as session:
        for _ in range(CONVERSATION):
            begun = time.perf_counter()
            async with session.post(
                f"{side.address}/api/conversation/messages",
                json={"id": "0", "text": "0"},
                headers={"Authorization": "Bearer none"},
            ) as answer:
                await answer.read()
            times.append(time.perf_counter() - begun)
    return statistics.median(times)


def _screen(project: Path, messages: Sequence[str]) -> float:
    """Seconds for one message, its conversation's course and last words carried along; the
    median."""
    screener: Any = importlib.import_module("safeguarding").Screener.load(
        project / "data" / "safeguarding"
    )
    times: list[float] = []
    for _ in range(3):
        course: Any = None
        for place, text in enumerate(messages):
            before = messages[max(0, place - 3) : place]
            begun = time.perf_counter()
            assessed = screener.screen(text, *([course, before] if course else ()))
            times.append(time.perf_counter() - begun)
            course = assessed.course
    return statistics.median(times[len(messages) :])


async def _bot_turns(group: Group, messages: Sequence[str]) -> list[float]:
    """Seconds for each turn of one conversation, over the service's own way to the bot."""
    times: list[float] = []
    state: list[Any] = []
    async with client_session() as session:
        address, headers = await _bot(session, group)
        for text in messages:
            body = {"state": state, "text": text, "payload": None, "level": 0, "signals": []}
            begun = time.perf_counter()
            async with session.post(address, json=body, headers=headers) as answer:
                if answer.status != 200:
                    raise BenchError(f"The bot answered {answer.status} to a turn.")
                state = (await answer.json())["state"]
            times.append(time.perf_counter() - begun)
    return times


async def _bot(session: aiohttp.ClientSession, group: Group) -> tuple[str, dict[str, str]]:
    """The address of the bot's turns and the header it wants, found in the running group."""
    for process in group.members():
        try:
            secret = process.environ().get(_SECRET)
            ports = [
                connection.laddr.port
                for connection in process.net_connections("tcp4")
                if connection.status == psutil.CONN_LISTEN
            ]
        except psutil.Error:
            continue
        headers = {"Authorization": f"Bearer {secret}"}
        for port in ports if secret else []:
            address = f"http://127.0.0.1:{port}/webhooks/turn/turn"
            async with session.post(address, json={}, headers=headers) as answer:
                # An empty turn is refused as malformed by the bot, as unknown by everyone else.
                if answer.status in (400, 422):
                    return address, headers
    raise BenchError("The bot's port was not found among Waymark's processes.")
