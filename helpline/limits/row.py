"""What the service says of one route: who may call it, how much, how often, and what it keeps."""

from dataclasses import dataclass

from helpline.limits.pacing import Pace


@dataclass(frozen=True)
class Row:
    """`who` in words; `largest` body in bytes; `turn`: whether it is worked on in the address's own
    line (False for what must load during any flood); `stream`: whether it is held open.

    `more` says what limits it beside that: a limit of its own, kept where it is used.
    """

    who: str
    largest: int
    stores: str
    paces: tuple[Pace, ...] = ()
    turn: bool = True
    stream: bool = False
    more: str = ""
