"""What a log of the service may hold: our own words, and of everybody else's only where they arose.

Sanic writes addresses and headers of requests into its log, and an exception's own words may hold
what somebody wrote. Of a foreign record is shown its level, its logger, the line of code and the
types of the exceptions; of ours, the sentence on one line.
"""

import logging
from pathlib import Path
from typing import Final

OWN: Final = frozenset({"waymark", "safeguarding"})
"""Loggers that write codes and counts only, with those under their names."""
LAYOUT: Final = "%(asctime)s %(name)s %(levelname)s %(message)s"
MOST_FRAMES: Final = 4


class OwnWords(logging.Formatter):
    """One line for each record, with no word in it that came from outside."""

    def __init__(self) -> None:
        super().__init__(LAYOUT)

    def format(self, record: logging.LogRecord) -> str:
        own = record.name.partition(".")[0] in OWN
        said = record.getMessage() if own else f"{Path(record.pathname).name}:{record.lineno}"
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            said += f" {where(error)}"
        shown = {**vars(record), "msg": "%s", "args": (_one_line(said),)}
        shown |= {"exc_info": None, "exc_text": None, "stack_info": None}
        return super().format(logging.makeLogRecord(shown))


def where(error: BaseException) -> str:
    """The type of an exception and the last lines of code it came through, the innermost first."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' < '.join(reversed(frames[-MOST_FRAMES:]))}"


def keep_free_of_outside_words(level: int = logging.WARNING) -> None:
    """Routes all logging of this process, and its warnings, to standard error in that layout."""
    handler = logging.StreamHandler()
    handler.setFormatter(OwnWords())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)


def _one_line(text: str) -> str:
    """Whoever can make a line break, or a colour of a terminal, could forge a line of the log."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
