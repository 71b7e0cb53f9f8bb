"""Measures one side for one round: start, one client, eight clients, memory; judges nothing."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import stock, waymark
from bench.breakdown import Share, breakdown
from bench.load import CONVERSATION, Side, many_clients, one_client
from bench.processes import Group

CLIENTS = 8
MESSAGES = 80
WINDOW_SECONDS = 10.0


@dataclass(frozen=True)
class Round:
    """What one round of one side gave; seconds, replies per second and bytes."""

    start: float
    replies: list[float]
    unanswered: int
    rate: float
    unanswered_by_many: int
    memory: dict[str, int]

    @property
    def whole_memory(self) -> int:
        """Bytes of all processes together."""
        return sum(self.memory.values())

    def as_json(self) -> dict[str, Any]:
        """The round for results.json, replies in milliseconds, memory without process ids."""
        kept = asdict(self)
        kept["replies"] = [round(seconds * 1000, 2) for seconds in self.replies]
        kept["memory"] = [[name.split(" ", 1)[1], size] for name, size in self.memory.items()]
        return kept


def stock_round(project: Path, rasa: Path, model: Path, messages: Sequence[str]) -> Round:
    """Starts stock Rasa, measures it, stops it."""
    with tempfile.TemporaryDirectory(prefix="waymark-bench-") as folder:
        side, parts = stock.parts(project, rasa, model, Path(folder))
        with Group(parts) as group:
            ready = stock.wait_until_ready(side, group, messages[0])
            return asyncio.run(_measure(side, group, ready, messages))


def waymark_round(
    project: Path, messages: Sequence[str], *, take_apart: bool
) -> tuple[Round, list[Share]]:
    """Starts Waymark, measures it, stops it; with `take_apart` also says where the time goes."""
    with tempfile.TemporaryDirectory(prefix="waymark-bench-") as folder:
        side, part = waymark.part(project, Path(folder))
        with Group([part]) as group:
            ready = waymark.wait_until_ready(side, group, messages[0])
            measured = asyncio.run(_measure(side, group, ready, messages))
            shares = asyncio.run(breakdown(side, group, project, messages)) if take_apart else []
            return measured, shares


async def _measure(
    side: Side, group: Group, ready: Awaitable[None], messages: Sequence[str]
) -> Round:
    await ready
    start = time.perf_counter() - group.started
    await one_client(side, messages, CONVERSATION)  # a warm-up that nobody counts
    turns = await one_client(side, messages, MESSAGES)
    group.check()
    many = await many_clients(side, messages, CLIENTS, WINDOW_SECONDS)
    group.check()
    return Round(
        start=start,
        replies=[turn.replied for turn in turns if turn.answered],
        unanswered=sum(not turn.answered for turn in turns),
        rate=many.rate,
        unanswered_by_many=many.unanswered,
        memory=group.memory(),
    )
