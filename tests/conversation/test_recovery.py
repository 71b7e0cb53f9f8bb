"""The recovery copy is tried: with the printed key alone the team's chats can be read again."""

import pytest

from helpline.conversation import departures, team_keys
from helpline.conversation.errors import RecoveryRefused, UnknownStaff
from helpline.conversation.sealing import open_event
from helpline.store import conversations, staff, tables
from helpline.vault import KeyRing, new_key, open_for_team, open_recovery_copy
from tests.conversation.conftest import texts
from tests.conversation.staff import join, signed_in

FIRST, SECOND = "before anybody left", "after somebody left"


async def two_epochs(helpline):
    """A chat let in under each of two team keys, with a worker gone in between."""
    alex = await join(helpline, "alex", "admin")
    assert alex
    admin, _ = await signed_in(helpline, "alex")
    robin, _ = await signed_in(helpline, "robin")
    await signed_in(helpline, "kit")
    chats = []
    for text in (FIRST, SECOND):
        _, access = await helpline.begin()
        await helpline.say(access, text)
        await helpline.young.ask_for_person(access)
        chats.append(access.conversation)
        if text == FIRST:
            await departures.let_go(helpline.heart, admin, robin.staff)
    return chats


async def test_the_printed_key_alone_opens_every_epoch_and_reads_a_chat(quiet, team):
    # Given the database, the paper from the safe, and nobody's password
    chats = await two_epochs(quiet)
    copies = await quiet.kept(staff.recovery_copies)
    assert set(copies) == {1, 2}
    # When each copy is opened with what is printed on it
    privates = {e: open_recovery_copy(team.key.recovery_key, copy) for e, copy in copies.items()}
    # Then each team key opens its own chat
    for epoch, (chat, text) in enumerate(zip(chats, (FIRST, SECOND), strict=True), start=1):
        wraps = await quiet.kept(conversations.wraps, chat, f"team:{epoch}")
        ring = KeyRing(
            {e: open_for_team(privates[epoch], wrapped, chat, e) for e, wrapped in wraps.items()}
        )
        events = [
            open_event(ring, row) for row in await quiet.kept(conversations.events_after, chat, 0)
        ]
        assert texts(events, "young_person") == [text]


async def test_a_new_supervisor_has_every_team_key_again(quiet, team):
    # Given a helpline whose supervisor is gone, and a new one whom nobody can give access
    chats = await two_epochs(quiet)
    await join(quiet, "ash", "supervisor")
    ash, cookie = await signed_in(quiet, "ash")
    assert ash.team == {}
    # When the recovery key is brought
    now, database = quiet.heart.now(), quiet.heart.database
    assert await team_keys.recover(database, "ash", team.key.recovery_key, now) == 2
    # Then their next request opens chats of both epochs
    ash = await quiet.desk.open(cookie)
    for chat, text in zip(chats, (FIRST, SECOND), strict=True):
        await quiet.desk.take(ash, chat.hex())
        read = await quiet.desk.transcript(ash, chat.hex())
        assert texts(read.events, "young_person") == [text]
    # And doing it once more changes nothing
    before = await quiet.kept(staff.memberships, ash.staff)
    assert await team_keys.recover(database, "ash", team.key.recovery_key, now) == 2
    assert await quiet.kept(staff.memberships, ash.staff) == before


async def test_another_key_and_another_role_recover_nothing(quiet, team):
    await join(quiet, "ash", "supervisor")
    await join(quiet, "alex", "admin")
    now, database = quiet.heart.now(), quiet.heart.database
    for name, key, error in (
        ("ash", new_key().hex(), RecoveryRefused),
        ("ash", "not a key", RecoveryRefused),
        ("alex", team.key.recovery_key, UnknownStaff),
        ("robin", team.key.recovery_key, UnknownStaff),
        ("nobody", team.key.recovery_key, UnknownStaff),
    ):
        with pytest.raises(error):
            await team_keys.recover(database, name, key, now)
    for name in ("ash", "alex"):
        person = await quiet.kept(staff.by_name, name)
        assert await quiet.kept(staff.memberships, person.id) == {}


async def test_a_helpline_from_before_keys_were_renewed_catches_up_with_its_recovery_key(
    quiet, team
):
    # Given a team key whose offline key was never kept, not even its public half
    await quiet.heart.database.write(
        lambda c: c.execute(tables.team_key.update().values(recovery_public=None))
    )
    sam, cookie = await signed_in(quiet, "sam")
    robin, _ = await signed_in(quiet, "robin")
    # When somebody leaves, they are cut off, and the key cannot be renewed yet
    gone = await departures.let_go(quiet.heart, sam, robin.staff)
    assert gone.renewed is False
    assert await quiet.kept(staff.memberships, robin.staff) == {}
    # Then bringing the recovery key once renews it
    await team_keys.recover(quiet.heart.database, "sam", team.key.recovery_key, quiet.heart.now())
    assert set((await quiet.desk.open(cookie)).team) == {1, 2}
    assert set(await quiet.kept(staff.recovery_copies)) == {1, 2}
