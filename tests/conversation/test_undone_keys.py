"""A key of a transaction that was undone seals nothing: what it sealed would open nowhere."""

from uuid import uuid4

import pytest
from sqlalchemy import Connection

from helpline.conversation.access import Access, open_access, refresh
from helpline.conversation.incoming import Incoming
from helpline.store import conversations
from tests.conversation.conftest import texts


class DiskFull(Exception):
    """What undoes a transaction."""


async def undone(quiet, access: Access) -> None:
    """A transaction that made a new key epoch for this page, and did not come to disk."""

    def fail(connection: Connection) -> None:
        refresh(connection, access)
        raise DiskFull

    with pytest.raises(DiskFull):
        await quiet.heart.database.write(fail)


async def another(quiet, token: str) -> Access:
    """What another process, or this one after a restart, opens with that token."""
    opened: Access = await quiet.heart.database.read(lambda c: open_access(c, token))
    return opened


async def writes(quiet, access: Access, text: str) -> None:
    await quiet.young.receive(access, Incoming(uuid4(), text=text))


@pytest.mark.parametrize("another_page_is_first", [False, True])
async def test_a_key_that_did_not_come_to_disk_seals_no_message(
    quiet, another_page_is_first: bool
) -> None:
    # Given a page whose chat is to get a new key, and a disk that undid the first try
    token, page = await quiet.begin()
    await quiet.heart.database.write(
        lambda c: conversations.change(c, page.conversation, new_epoch_due=True)
    )
    await undone(quiet, page)
    # When the key is made after all, by this page or by another one of the same chat
    if another_page_is_first:
        await writes(quiet, await another(quiet, token), "from the other page")
    await writes(quiet, page, "from this page")
    # Then whoever has the token reads all of it, as does this page
    anew = await another(quiet, token)
    expected = ["from the other page"] * another_page_is_first + ["from this page"]
    for access in (anew, page):
        assert texts(await quiet.young.events(access, 0), "young_person") == expected
    # And what was undone is not among the keys of the page
    assert set(page.ring.keys) == {0, 1}
    assert page.ring.keys == anew.ring.keys
