"""Keeps every word of a conversation out of the assistant's logs; which events to log is left to
others.

Rasa, Sanic and structlog put message texts into records and exceptions at several levels: what goes
through the standard library is emptied by ``bot.emptied``, what goes through structlog is dropped.
"""

from __future__ import annotations

import logging
from typing import Any, NoReturn

import structlog

from bot import emptied


def keep_logs_free_of_words(level: int = logging.WARNING) -> None:
    """Route all logging, warnings and uncaught exceptions of this process to emptied records.

    Call it once, before Rasa or Sanic are imported. ``level`` may be DEBUG: it stays safe.
    """
    structlog.configure(
        processors=[_drop],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=False,
    )
    emptied.keep_logs_free_of_words(level)


def _drop(*_: Any) -> NoReturn:
    raise structlog.DropEvent
