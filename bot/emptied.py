"""Log records without words, by the standard library alone: for assistant and service alike.

Libraries put message texts, headers and rows into records and exceptions at several levels, so each
record of a foreign logger is emptied where it is made, before any handler can see it: what is left
is the level, the logger, the line of code and the types of the exceptions.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any

OWN = "waymark"  # loggers under this name write codes and counts only, and are shown as they are


def keep_logs_free_of_words(
    level: int = logging.WARNING, shown_as: str = "%(levelname)s %(name)s %(message)s"
) -> None:
    """Route all logging, warnings and uncaught exceptions of this process to emptied records.

    Call it once, before what logs is imported. ``level`` may be DEBUG: it stays safe. ``shown_as``
    is a format of the standard library.
    """
    logging.setLogRecordFactory(_emptied)
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
    """Return the types of an exception and of its causes, with the last line of code of each."""
    return " < ".join(_describe(each) for each in _chain(error))


def _emptied(  # noqa: PLR0917  # the signature that logging calls
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
    if isinstance(exc_info, BaseException):
        error: BaseException | None = exc_info
    elif isinstance(exc_info, tuple):
        error = exc_info[1]
    else:
        error = sys.exc_info()[1] if exc_info else None
    if name != OWN and not name.startswith(f"{OWN}."):
        message, args = f"{path.rsplit('/', 1)[-1]}:{line}", ()
    if error is not None:
        message, args = f"{message % args if args else message} {types_of(error)}", ()
    return logging.LogRecord(name, level, path, line, message, args, None, function, None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _describe(error: BaseException) -> str:
    trace: TracebackType | None = error.__traceback__
    if trace is None:
        return type(error).__name__
    while trace.tb_next is not None:
        trace = trace.tb_next
    place = trace.tb_frame.f_code.co_filename.rsplit("/", 1)[-1]
    return f"{type(error).__name__} at {place}:{trace.tb_lineno}"
