"""What `waymark backup` and `waymark restore` do once their words are checked."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from helpline.backup import BackupRefused, make
from helpline.backup import restore as bring_back
from helpline.home import HomeUnusable
from helpline.settings import Settings

__all__ = ["BackupRefused", "backup", "restore"]


def backup(settings: Settings, folder: Path) -> str:
    """Backs up into a folder. Raises BackupRefused."""
    return _done(make(settings, folder, datetime.now(UTC)))


def restore(settings: Settings, folder: Path, rows: Path | None) -> str:
    """Restores out of a folder. Raises BackupRefused."""
    return _done(bring_back(settings, folder, datetime.now(UTC), rows))


def _done(work: Coroutine[Any, Any, object]) -> str:
    try:
        return str(asyncio.run(work))
    except HomeUnusable as error:
        raise BackupRefused(str(error)) from None
    except (DBAPIError, OSError):
        raise BackupRefused("The database cannot be opened, read or written.") from None
