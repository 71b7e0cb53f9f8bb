"""The audit log says who did what, and shows when somebody has been at it."""

import asyncio

import pytest
from sqlalchemy import delete, insert, select, update

from helpline.conversation import audit, staffing
from helpline.conversation.errors import NotAllowed
from helpline.store import staff, tables
from tests.conversation.staff import join, signed_in

LOG = tables.audit_entry


async def five(database):
    """Five entries, of which no two are alike."""
    for number in range(1, 6):

        def write(connection, number=number):
            staff.note(
                connection, number * 1.1, "looked", number, bytes(16), about=7, detail="closed"
            )

        await database.write(write)


async def verified(database, sought=None):
    return await database.read(lambda c: audit.verify(c, sought))


async def test_a_log_that_nobody_touched_holds(database):
    empty = await verified(database)
    assert (empty.holds, empty.broken) == (0, None)
    await five(database)
    whole = await verified(database)
    assert (whole.holds, whole.before, whole.broken, whole.last) == (5, 0, None, 5)


async def test_one_changed_column_breaks_the_chain_there(database):
    # Given a log, and everything that could be changed in its third entry
    await five(database)
    changes = (
        {"at": 3.4},
        {"staff": 4},
        {"action": "took"},
        {"conversation": None},
        {"conversation": bytes(15) + b"1"},
        {"about": None},
        {"detail": "opened"},
        {"chain": bytes(32)},
        {"chain": None},
        {"number": 33},
    )

    def tried(connection):
        for change in changes:
            with connection.begin_nested() as point:
                connection.execute(update(LOG).where(LOG.c.number == 3).values(change))
                yield change, audit.verify(connection)
                point.rollback()

    # Then each is found where it is; one that was renumbered is missing from its place
    found = await database.write(lambda c: list(tried(c)))
    assert len(found) == len(changes)
    for change, verdict in found:
        assert verdict.holds == 2, change
        assert verdict.broken == (4 if "number" in change else 3), change
    # And none of it is left
    assert (await verified(database)).holds == 5


async def test_an_entry_taken_out_put_in_or_swapped_is_found(database):
    await five(database)
    # When an entry is taken out, the next does not hold
    await database.write(lambda c: c.execute(delete(LOG).where(LOG.c.number == 2)))
    assert (await verified(database)).broken == 3

    # And one put in its place, as its neighbour was, does not either
    def put_in(connection):
        row = connection.execute(select(LOG).where(LOG.c.number == 3)).one()
        connection.execute(insert(LOG).values({**row._mapping, "number": 2}))

    await database.write(put_in)
    assert (await verified(database)).broken == 2


async def test_entries_cut_off_at_the_end_are_found_by_a_chain_noted_earlier(database):
    # Given a chain that somebody wrote down
    await five(database)
    noted = (await verified(database)).chain
    assert (await verified(database, noted)).found
    # When the last two entries are cut off, and the log goes on
    await database.write(lambda c: c.execute(delete(LOG).where(LOG.c.number > 3)))
    await database.write(lambda c: staff.note(c, 9.9, "signed in", 1))
    # Then the rest holds, and the chain that was noted is missing
    found = await verified(database, noted)
    assert (found.holds, found.broken, found.found) == (4, None, False)


async def test_entries_from_before_the_chain_are_told_apart(database):
    await database.write(lambda c: c.execute(insert(LOG).values(at=1.0, action="signed in")))
    await five(database)
    found = await verified(database)
    assert (found.before, found.holds, found.broken) == (1, 5, None)


async def test_twenty_at_once_make_one_chain(database):
    def write(connection):
        staff.note(connection, 1.0, "took", 1)
        connection.execute(select(LOG)).all()

    await asyncio.gather(*(database.write(write) for _ in range(20)))
    found = await verified(database)
    assert (found.holds, found.broken) == (20, None)


async def test_what_was_not_done_is_not_in_the_log(database):
    def fails(connection):
        staff.note(connection, 1.0, "took", 1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await database.write(fails)
    await database.write(lambda c: staff.note(c, 2.0, "signed in", 1))
    found = await database.read(lambda c: c.execute(select(LOG.c.action)).scalars().all())
    assert found == ["signed in"]


async def test_auditor_and_supervisor_read_it_by_day_and_person_and_nobody_else(quiet):
    # Given a supervisor who gave a newcomer access, a day after all else
    await join(quiet, "olu", "auditor")
    ash = await join(quiet, "ash", "worker")
    await signed_in(quiet, "robin")
    quiet.clock.pass_seconds(24 * 3600)
    day, database = quiet.heart.now(), quiet.heart.database
    sam, _ = await signed_in(quiet, "sam")
    await staffing.give_access(database, sam, ash, quiet.heart.now())
    olu, _ = await signed_in(quiet, "olu")
    # Then the auditor sees what was done to whom, newest first
    log = await audit.log(database, olu, since=day)
    assert [(entry.who, entry.action, entry.about) for entry in log.entries] == [
        ("olu", "signed in", None),
        ("sam", "access given", "ash"),
        ("sam", "signed in", None),
    ]
    # And finds it by who did it, by whom it was done to, and by day
    for asked, actions in (
        ({"person": ash}, ["access given"]),
        ({"person": sam.staff}, ["access given", "signed in"]),
        ({"until": day}, ["signed in"]),
        ({"since": day + 86400}, []),
    ):
        found = await audit.log(database, sam, **asked)
        assert [entry.action for entry in found.entries] == actions
    # And nobody else may read it
    for name in ("robin", "ash"):
        session, _ = await signed_in(quiet, name)
        with pytest.raises(NotAllowed):
            await audit.log(database, session)


async def test_a_long_log_is_read_page_by_page_without_a_gap(quiet):
    sam, _ = await signed_in(quiet, "sam")
    database = quiet.heart.database

    def many(connection):
        for number in range(250):
            staff.note(connection, float(number), "took", sam.staff)

    await database.write(many)
    numbers, before = [], None
    while True:
        page = await audit.log(database, sam, before=before)
        numbers += [entry.number for entry in page.entries]
        if (before := page.older) is None:
            break
    assert len(numbers) == 251
    assert numbers == sorted(numbers, reverse=True)
