"""Turns the page and the events of a conversation into HTML; every text is escaped by Jinja."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from helpline.chat.assets import Assets
from helpline.chat.numbers import pieces
from helpline.conversation import Event, Message, State

TEMPLATES: Final = Path(__file__).parent / "templates"
CUT: Final = "<!-- messages -->"
_NO: Final = re.compile(r"(?:no|not now)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Page:
    """What differs from one rendering of the page to the next.

    ``token`` is empty on the start page, ``draft`` is what was typed and could not be kept, and
    ``problem`` the sentence that says why.
    """

    token: str = ""
    ticket: str = ""
    problem: str = ""
    draft: str = ""
    id: str = field(default_factory=lambda: str(uuid4()))


class Renderer:
    """The page's templates, with the settings and the opening words they need handed in."""

    def __init__(
        self,
        assets: Assets,
        exit_address: str,
        website: tuple[str, ...],
        greeting: tuple[str, ...],
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
            asset=assets.address, exit_address=exit_address, website=website, pieces=pieces
        )
        self._page = self._environment.get_template("page.html")
        self._event = self._environment.get_template("event.html")

    def start(self, page: Page) -> str:
        """The whole start page: two bubbles, a box, the way out."""
        return self._page.render(page=page, greeting=self._greeting, live=False)

    def held_open(self, page: Page) -> tuple[str, str]:
        """The page with a conversation, cut where its messages go: what comes before, and after."""
        before, _, after = self._page.render(page=page, greeting=(), live=True).partition(CUT)
        return before, after

    def transcript(self, events: Iterable[Event], token: str) -> str:
        """Everything said so far; buttons that were tapped are spent, cards fold after a no."""
        shown = list(events)
        said = {
            event.number: event.text
            for event in shown
            if isinstance(event, Message) and event.sender == "young_person"
        }
        return "".join(self.event(event, token, list(_later(said, event))) for event in shown)

    def event(self, event: Event, token: str, said_since: Iterable[str] = ()) -> str:
        """One event; ``said_since`` is what the young person has said after it."""
        since = list(said_since)
        if isinstance(event, State):
            return self._event.render(state=event, message=None)
        return self._event.render(
            message=event,
            state=None,
            token=token,
            spent=any(text == button.title for text in since for button in event.buttons),
            folded=any(_NO.match(text) for text in since),
            ids=[str(uuid4()) for _ in event.buttons],
        )


def _later(said: dict[int, str], event: Event) -> Iterator[str]:
    return (text for number, text in said.items() if number > event.number)
