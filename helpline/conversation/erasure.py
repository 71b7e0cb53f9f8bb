"""Finishes erasing: once the keys of chats are gone, deletes their rows and what the disk keeps."""

from functools import partial
from itertools import batched
from typing import Final

from helpline.store import erasing
from helpline.store.database import Database

AT_ONCE: Final = 20
"""So many chats are deleted in one transaction: other writers wait for no more than that."""


async def finish(database: Database, conversation: bytes) -> None:
    """Deletes the rows of one chat if its keys were just forgotten, and makes them unreadable."""
    await database.write(partial(erasing.forget_rows, chats=[conversation]))
    await database.forget()


async def finish_all(database: Database) -> int:
    """Deletes the rows of every chat of which no key is left; returns how many there were.

    Those are the chats whose keys were forgotten just now, or before a kill or a full disk.
    """
    gone = 0
    for some in batched(await database.read(erasing.keyless), AT_ONCE, strict=False):
        gone += await database.write(partial(erasing.forget_rows, chats=some))
    return gone
