"""The load: a crowd of young people in a process of its own, told over a pipe what to do.

`python -m bench.streams PORT` reads one JSON command a line and answers each with one JSON line. It
is a process of its own so that its work is not the service's; how much that was, and how late it
was with what it had to do, stands in each answer.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Final

import uvloop

from bench.audit import audit_all
from bench.errors import BenchError
from bench.figures import percentile
from bench.person import Person, Sent
from bench.slow import Slow

DANGER: Final = "he wont let me leave, the door is locked"
_OPENED_AT_ONCE: Final = 20


@dataclass
class Moments:
    """Milliseconds of each message: until acknowledged, shown on the stream, replied to.

    `awaited` is what counts as the reply: the assistant's, or an emergency card.
    """

    awaited: str
    acknowledged: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    replied: list[float] = field(default_factory=list)
    missing: int = 0

    def as_json(self) -> dict[str, Any]:
        """Median, 95th percentile and longest of each, and how often none came."""
        kinds = {
            "POST to 201": self.acknowledged,
            "POST to the stream": self.shown,
            f"POST to {self.awaited}": self.replied,
        }
        return {name: spread(values) for name, values in kinds.items()} | {"missing": self.missing}


def spread(values: Sequence[float]) -> dict[str, float]:
    """The figures of some milliseconds that results.json keeps."""
    if not values:
        return {}
    shares = {"median": 0.5, "p95": 0.95, "longest": 1.0}
    return {name: round(percentile(values, share), 1) for name, share in shares.items()}


class Crowd:
    """Everybody who is connected, and what can be asked of them."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._people: list[Person] = []
        self._endangered: list[Person] = []
        self._slow: list[Slow] = []
        self._places = 0
        self._next = 0

    async def open(self, count: int) -> dict[str, Any]:
        """Opens so many conversations more, each with its stream."""
        begun = time.perf_counter()
        self._people += await self._newcomers(count)
        return {"open": len(self._people), "seconds": round(time.perf_counter() - begun, 2)}

    async def send(
        self, texts: list[str], rate: float, seconds: float, cards: float, patience: float
    ) -> dict[str, Any]:
        """Sends `rate` texts and `cards` messages of danger a second, and waits for what follows.

        Everybody sends in turn, when it is due and not when the service is ready for it. A reply
        that has not come `patience` seconds after the last message was due counts as missing.
        """
        dangers = await self._newcomers(int(cards * seconds))
        self._endangered += dangers
        ordinary, grave, late = Moments("reply"), Moments("card"), list[float]()
        begun, before = time.perf_counter() + 0.05, resource.getrusage(resource.RUSAGE_SELF)
        end = begun + seconds
        plan: list[tuple[float, Person, str, Moments]] = []
        for number in range(int(rate * seconds)):
            person = self._people[self._next % len(self._people)]
            plan.append((begun + number / rate, person, texts[self._next % len(texts)], ordinary))
            self._next += 1
        plan += [
            (begun + (number + 0.5) / cards, person, DANGER, grave)
            for number, person in enumerate(dangers)
        ]
        tasks = []
        for due, person, text, moments in sorted(plan, key=lambda each: each[0]):
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            late.append((time.perf_counter() - due) * 1000)
            sending = _one(person, text, due, moments, end + patience)
            tasks.append(asyncio.create_task(sending))
        spent = resource.getrusage(resource.RUSAGE_SELF)
        took = time.perf_counter() - begun
        await asyncio.gather(*tasks)
        cpu = spent.ru_utime + spent.ru_stime - before.ru_utime - before.ru_stime
        return {
            "messages": len(plan) - len(dangers),
            "cards": len(dangers),
            "seconds": round(time.perf_counter() - begun, 2),
            "ordinary": ordinary.as_json(),
            "grave": grave.as_json(),
            "load": {"cpu_share": round(cpu / took, 3), "late_ms": spread(late)},
        }

    async def block(self, count: int, letters: int, messages: int) -> dict[str, Any]:
        """Opens streams that never read, and has each written so many long replies."""
        more = [Slow(person) for person in self._some(count)]
        self._slow += more
        await _few_at_once([partial(one.clog, letters, messages) for one in more])
        return {"blocked": len(more)}

    async def unblock(self, patience: float) -> dict[str, Any]:
        """Waits until those who never read are cut off; then each comes back for the rest."""
        moments = await Slow.until_cut(self._slow, patience)
        await asyncio.gather(*(one.come_back() for one in self._slow))
        people = [one.person for one in self._slow]
        found = {"audit": asdict(await audit_all(people)), "cut": len(moments)}
        found["seconds_until_cut"] = {k: round(v / 1000, 1) for k, v in spread(moments).items()}
        self._slow = []
        return found

    async def audit(self) -> dict[str, Any]:
        """Holds what everybody sent against their streams and against what was kept."""
        everybody = await audit_all(self._people)
        endangered = await audit_all(self._endangered, answered=False)
        return {"ordinary": asdict(everybody), "grave": asdict(endangered)}

    def _some(self, count: int) -> list[Person]:
        self._places += count
        return [Person(self._port, self._places - count + each) for each in range(count)]

    async def _newcomers(self, count: int) -> list[Person]:
        people = self._some(count)

        async def open_one(person: Person) -> None:
            await person.start()
            await person.follow()

        await _few_at_once([partial(open_one, person) for person in people])
        return people


async def _one(person: Person, text: str, due: float, moments: Moments, end: float) -> None:
    """One message on its way: its moments in milliseconds after it was due."""

    def since(moment: float) -> float:
        return (moment - due) * 1000

    sent: Sent = await person.send(text, due)
    moments.acknowledged.append(since(sent.acknowledged))
    try:
        async with asyncio.timeout(end - time.perf_counter()):
            own = await person.until(lambda arrival: arrival.number == sent.number)
            moments.shown.append(since(own.at))
            answer = await person.until(
                lambda arrival: (
                    arrival.number > sent.number
                    and (arrival.event.get("card") or arrival.sender == "assistant")
                )
            )
            moments.replied.append(since(answer.at))
    except TimeoutError:
        moments.missing += 1


async def _few_at_once(tasks: Sequence[Callable[[], Awaitable[None]]]) -> None:
    room = asyncio.Semaphore(_OPENED_AT_ONCE)

    async def one(task: Callable[[], Awaitable[None]]) -> None:
        async with room:
            await task()

    await asyncio.gather(*(one(task) for task in tasks))


async def _serve(port: int) -> None:
    crowd, loop = Crowd(port), asyncio.get_running_loop()
    commands = asyncio.StreamReader(limit=2**20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        asked = json.loads(line)
        try:
            answer = await getattr(crowd, asked.pop("do"))(**asked)
        except (BenchError, OSError, TimeoutError) as error:
            answer = {"error": str(error) or type(error).__name__}
        print(json.dumps(answer), flush=True)


def main() -> None:
    """Serves until its input ends."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(_serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
