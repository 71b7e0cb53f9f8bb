"""Saving a form as it is typed: which of two pages, and of two saves, is the newer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpline.conversation.errors import ChangedElsewhere


@dataclass(frozen=True)
class Sent:
    """What a page sent of its form: `fields` by name, each with its values.

    `page` names the page (chosen by the server when it drew it), `turn` counts what it has sent,
    and `after` is how often the form had been saved when the page was drawn.
    """

    fields: Mapping[str, Sequence[str]]
    page: str
    turn: int
    after: int


def is_newer(body: Mapping[str, Any], sent: Sent) -> bool:
    """False for a save that was overtaken on its way by a later one of the same page.

    Raises ChangedElsewhere for a page that was drawn before another page saved: what it holds is
    old, and would undo what was written since.
    """
    if body.get("page") == sent.page:
        return sent.turn >= int(body.get("turn", 0))
    if int(body.get("saves", 0)) != sent.after:
        raise ChangedElsewhere
    return True


def was_done(body: Mapping[str, Any], sent: Sent) -> bool:
    """True for what the same page sent before: a second click, or a try after a lost answer.

    Raises ChangedElsewhere as `is_newer` does.
    """
    if body.get("page") == sent.page:
        return sent.turn <= int(body["turn"])
    return not is_newer(body, sent)


def marked(body: Mapping[str, Any], sent: Sent, at: float) -> dict[str, Any]:
    """The body with this save counted; `at` in seconds since 1970 (UTC)."""
    saves = int(body.get("saves", 0)) + 1
    return {**body, "page": sent.page, "turn": sent.turn, "saves": saves, "saved_at": at}


def last(body: Mapping[str, Any]) -> tuple[str, int]:
    """The page and turn of what is kept, by which a page sees whether what it left has arrived."""
    return str(body.get("page", "")), int(body.get("turn", 0))
