"""Log records without words, by the standard library alone: for assistant and service alike.

Libraries put message texts, headers and rows into records and exceptions at several levels, so each
record of a foreign logger is emptied where it is made, before any handler can see it: what is left
is the level, the logger, the line of code and the types of the exceptions. A record of ours keeps
its sentence, on one line: whoever can make a line break could forge a line of the log.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any

OWN = frozenset({"waymark", "safeguarding"})
"""Loggers that write codes and counts only, with those under their names."""
MOST_FRAMES = 4


def keep_logs_free_of_words(
    level: int = logging.WARNING, shown_as: str = "%(levelname)s %(name)s %(message)s"
) -> None:
    """Route all logging, warnings and uncaught exceptions of this process to emptied records.

    Call it once, before what logs is imported. ``level`` may be DEBUG: it stays safe. ``shown_as``
    is a format of the standard library.
    """
    logging.setLogRecordFactory(emptied_record)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(shown_as))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    if level > logging.DEBUG:
        logging.getLogger("py.warnings").setLevel(logging.ERROR)  # emptied, a warning says nothing
    log = logging.getLogger("uncaught")
    sys.excepthook = lambda kind, error, trace: log.critical("", exc_info=(kind, error, trace))
    sys.unraisablehook = lambda raised: log.critical("", exc_info=raised.exc_value)
    threading.excepthook = lambda raised: log.critical("", exc_info=raised.exc_value)


def types_of(error: BaseException) -> str:
    """Return the types of an exception and of its causes, with the last lines of code of each."""
    return " from ".join(_describe(each) for each in _chain(error))


def emptied_record(  # noqa: PLR0917  # the signature that logging calls
    name: str,
    level: int,
    path: str,
    line: int,
    message: Any,
    args: Any,
    exc_info: Any,
    function: str | None = None,
    stack: str | None = None,
    **extra: Any,
) -> logging.LogRecord:
    """Make a record as ``logging`` asks for it, without a word from outside."""
    if isinstance(exc_info, BaseException):
        error: BaseException | None = exc_info
    elif isinstance(exc_info, tuple):
        error = exc_info[1]
    else:
        error = sys.exc_info()[1] if exc_info else None
    if name.partition(".")[0] in OWN:
        said = logging.LogRecord(name, level, path, line, message, args, None).getMessage()
    else:
        said = f"{path.rsplit('/', 1)[-1]}:{line}"
    if error is not None:
        said = f"{said} {types_of(error)}"
    return logging.LogRecord(name, level, path, line, _one_line(said), (), None, function, None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _describe(error: BaseException) -> str:
    frames = []
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    if not frames:
        return type(error).__name__
    return f"{type(error).__name__} at {' < '.join(reversed(frames[-MOST_FRAMES:]))}"


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
