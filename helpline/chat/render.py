"""Turns the page and the events of a conversation into HTML; every text is escaped by Jinja."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from helpline.chat.assets import Assets
from helpline.chat.numbers import pieces, unbroken
from helpline.conversation import Event, Message, State
from helpline.conversation.after import AfterWords
from helpline.facts import values_of
from helpline.settings import Settings
from safeguarding.policy import NOT_NOW

TEMPLATES: Final = Path(__file__).parent / "templates"
CUT: Final = "<!-- messages -->"


@dataclass(frozen=True)
class Page:
    """What differs from one rendering of the page to the next.

    ``token`` is empty on the start page, ``draft`` is what was typed and could not be kept,
    ``problem`` the sentence that says why, and ``state`` who owns the chat (None: the assistant).
    """

    token: str = ""
    ticket: str = ""
    problem: str = ""
    draft: str = ""
    state: State | None = None
    id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def may_ask(self) -> bool:
        """Whether a person can still be asked for; a queue without a place is not a yes."""
        if self.state is None or self.state.owner == "assistant":
            return True
        return self.state.owner == "queue" and self.state.position is None

    @property
    def waits(self) -> bool:
        """Whether they have a place in line, which they can leave."""
        return self.state is not None and self.state.owner == "queue" and not self.may_ask


@dataclass(frozen=True)
class After:
    """What is said around the end of a chat: the content team's words, and how long it is kept."""

    words: AfterWords
    alone: str
    together: str

    @classmethod
    def of(cls, words: AfterWords, settings: Settings) -> "After":
        kept = values_of(settings)
        return cls(words, kept["W06"], kept["W13"])

    @property
    def until(self) -> str:
        """How long a code works."""
        return self.words.code_until.format(alone=self.alone, together=self.together)


@dataclass(frozen=True)
class Again:
    """A form as it was sent, to be sent again."""

    path: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Step:
    """One page around the end of a chat: ``name`` as in the template after.html.

    ``asked`` says whether the four questions are on it; ``code`` are six words to show; ``again``
    is what was slowed down.
    """

    name: str
    token: str = ""
    ticket: str = ""
    problem: str = ""
    code: str = ""
    asked: bool = False
    again: Again | None = None


class Renderer:
    """The page's templates, with the settings and the opening words they need handed in."""

    def __init__(
        self,
        assets: Assets,
        exit_address: str,
        website: tuple[str, ...],
        greeting: tuple[str, ...],
        after: After,
    ) -> None:
        self._greeting = greeting
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            asset=assets.address,
            exit_address=exit_address,
            website=website,
            pieces=pieces,
            unbroken=unbroken,
            after=after,
        )
        self._page = self._environment.get_template("page.html")
        self._event = self._environment.get_template("event.html")
        self._step = self._environment.get_template("step.html")

    def start(self, page: Page) -> str:
        """The whole start page: two bubbles, a box, the way out."""
        return self._page.render(page=page, greeting=self._greeting, live=False)

    def step(self, step: Step) -> str:
        """A whole page around the end of a chat, where there is no script."""
        return self._step.render(step=step)

    def held_open(self, page: Page) -> tuple[str, str]:
        """The page with a conversation, cut where its messages go: what comes before, and after."""
        before, _, after = self._page.render(page=page, greeting=(), live=True).partition(CUT)
        return before, after

    def transcript(self, events: Iterable[Event], token: str) -> str:
        """Everything said so far. Only the buttons since the last own message work, and none while
        a worker has the chat; cards before a tapped "Not now" are folded."""
        shown = list(events)
        own = [e for e in shown if isinstance(e, Message) and e.sender == "young_person"]
        answered = max((message.number for message in own), default=0)
        folded = max((m.number for m in own if m.payload == NOT_NOW), default=0)
        state = last_state(shown)
        return "".join(
            self.event(
                event,
                token,
                live=takes_tap(event, state) and event.number > answered,
                folded=event.number < folded,
            )
            for event in _cards_first(shown)
        )

    def event(self, event: Event, token: str, *, live: bool = True, folded: bool = False) -> str:
        """One event; ``live`` says whether its buttons work."""
        if isinstance(event, State):
            return self._event.render(state=event, message=None)
        return self._event.render(
            message=event,
            state=None,
            token=token,
            live=live,
            folded=folded,
            ids=[str(uuid4()) for _ in event.buttons],
        )


def last_state(events: Iterable[Event]) -> State | None:
    """Who owns the chat after these events; None where nobody but the assistant ever did."""
    states = [event for event in events if isinstance(event, State)]
    return states[-1] if states else None


def takes_tap(event: Event, state: State | None) -> bool:
    """Whether an event's buttons work: while a worker has the chat only theirs, none at its end."""
    if state is None or state.owner not in ("worker", "ended"):
        return True
    return state.owner == "worker" and isinstance(event, Message) and event.sender == "worker"


def _cards_first(events: Iterable[Event]) -> Iterator[Event]:
    """The events in order, but after each own message the emergency cards come first."""
    turn: list[Event] = []
    for event in events:
        if isinstance(event, Message) and event.sender == "young_person":
            yield from sorted(turn, key=_is_no_card)
            turn = []
            yield event
        else:
            turn.append(event)
    yield from sorted(turn, key=_is_no_card)


def _is_no_card(event: Event) -> bool:
    return not (isinstance(event, Message) and event.card)
