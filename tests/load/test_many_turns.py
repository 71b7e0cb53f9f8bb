"""More turns than the assistant can take wait for it; they do not look as if it were down."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial

import pytest
from aiohttp import web

from bench.fixed_bot import make_app
from helpline import dialogue
from helpline.dialogue import AssistantDown, Dialogue, Turn
from tests.conftest import free_port

SECRET = "s" * 32


@dataclass
class Counted:
    """The fixed reply, one turn at a time, and how many turns were with it."""

    asked: Dialogue
    now: int = 0
    most: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def count(self, request: web.Request, handler: web.RequestHandler) -> web.StreamResponse:
        self.now += 1
        self.most = max(self.most, self.now)
        await self.go.wait()
        answer = await handler(request)
        self.now -= 1
        return answer


@pytest.fixture
async def counted() -> AsyncIterator[Counted]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    counted = Counted(Dialogue(url=url, actions_url=url, secret=SECRET))
    app = make_app(SECRET, turn_seconds=0.001)
    app.middlewares.append(web.middleware(partial(counted.count)))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await counted.asked.open()
    yield counted
    await counted.asked.close()
    await runner.cleanup()


def turns(asked: Dialogue, count: int, done: list[int]) -> list[asyncio.Task[Turn]]:
    """So many turns at once; `done` fills with their numbers as they are answered."""

    async def one(number: int) -> Turn:
        turn = await asked.turn(state=[], text="hello", payload=None, level=0)
        done.append(number)
        return turn

    return [asyncio.create_task(one(number)) for number in range(count)]


async def test_few_turns_are_with_the_assistant_and_the_rest_wait_in_order(counted: Counted):
    # Given five times as many turns as may be with the assistant
    done = list[int]()
    many = turns(counted.asked, 5 * dialogue.AT_ONCE, done)
    # When it begins to answer
    counted.go.set()
    answers = await asyncio.gather(*many)
    # Then all are answered, and it never had more than it may
    assert all(answer.replies for answer in answers)
    assert counted.most == dialogue.AT_ONCE
    # And nobody was overtaken by more than those who were with it
    assert all(abs(place - number) < dialogue.AT_ONCE for place, number in enumerate(done))


async def test_an_assistant_that_hangs_is_noticed_by_all_who_wait(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
):
    # Given an assistant that answers nobody, and little time for a turn
    await counted.asked.close()
    monkeypatch.setattr(dialogue, "LONGEST_TURN_S", 0.2)
    await counted.asked.open()
    # When more turns are put to it than may be with it, then each is told
    many = turns(counted.asked, 2 * dialogue.AT_ONCE, [])
    results = await asyncio.gather(*many, return_exceptions=True)
    assert all(isinstance(result, AssistantDown) for result in results)
    counted.go.set()
