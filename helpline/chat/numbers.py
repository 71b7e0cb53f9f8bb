"""Finding phone numbers in what the helpline says, so that a page can make them tappable.

``static/numbers.js`` does the same in the browser; a test holds both to the same answers.
"""

import re
from dataclasses import dataclass
from typing import Final

_NUMBER: Final = re.compile(
    r"(?<![\d+])(?:999|112|101|111|116 ?000|116 ?123|0800 ?1111|61016|85258|88247|82111"
    r"|0(?:[ -]?\d){9,10})(?!\d)",
    re.ASCII,
)
_TEXT_ONLY: Final = {"61016", "85258", "88247", "82111"}
_TO_TEXT: Final = re.compile(r"\btext\b[^.\d]{0,30}$", re.IGNORECASE)
_TO_CALL: Final = re.compile(r"\b(?:call|ring|phone)\b[^.\d]{0,30}$", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A stretch of a text; ``address`` is a ``tel:`` or ``sms:`` link where it is a number."""

    text: str
    address: str | None = None


def pieces(text: str) -> list[Piece]:
    """``text`` in order, split at every phone number; joined again, the pieces are ``text``."""
    found, at = [], 0
    for match in _NUMBER.finditer(text):
        if match.start() > at:
            found.append(Piece(text[at : match.start()]))
        digits = re.sub(r"\D", "", match.group())
        before = text[: match.start()]
        to_text = digits in _TEXT_ONLY or (_TO_TEXT.search(before) and not _TO_CALL.search(before))
        found.append(Piece(match.group(), f"{'sms' if to_text else 'tel'}:{digits}"))
        at = match.end()
    if at < len(text):
        found.append(Piece(text[at:]))
    return found


def unbroken(number: str) -> str:
    """A phone number as it is shown: no line may end within it."""
    return number.replace(" ", "\u00a0").replace("-", "\u2011")
