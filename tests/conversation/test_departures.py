"""Who leaves is cut off at once; what is sealed after is out of their reach, and nobody else's."""

import pytest
from sqlalchemy import func, select

from helpline.broadcast import DESK
from helpline.conversation import departures, staffing
from helpline.conversation.errors import NotAllowed, NotSignedIn, SignInRefused, UnknownStaff
from helpline.conversation.opening import ring_of
from helpline.conversation.sealing import open_event
from helpline.store import conversations, queue, staff, tables
from helpline.vault import WrapBroken, open_for_team, seal_for_team
from tests.conversation.conftest import PASSWORD, texts
from tests.conversation.staff import asked_and_taken, join, signed_in

BEFORE, AFTER = "my brother knows where i sleep", "nobody here knows my name"


async def handed_off(helpline, text):
    """A young person who wrote a text and asked for a person."""
    _, access = await helpline.begin()
    await helpline.say(access, text)
    await helpline.young.ask_for_person(access)
    return access


async def test_who_leaves_is_cut_off_at_once_and_their_chats_go_back(quiet):
    # Given a worker in the middle of a chat, at two desks
    (robin, cookie), (_, elsewhere) = [await signed_in(quiet, "robin") for _ in range(2)]
    sam, _ = await signed_in(quiet, "sam")
    _, access = await quiet.begin()
    conversation = await asked_and_taken(quiet, robin, access)
    # When a supervisor lets them go
    with quiet.heart.broadcast.listen(DESK) as desks:
        gone = await departures.let_go(quiet.heart, sam, robin.staff)
        told = await desks.get()
    # Then neither session opens, no password signs in, and every desk was told to look again
    for each in (cookie, elsewhere):
        with pytest.raises(NotSignedIn):
            await quiet.desk.open(each)
    with pytest.raises(SignInRefused):
        await quiet.desk.sign_in("robin", PASSWORD, None)
    assert told.kind in {"conversation", "queue"}
    # And the chat waits for somebody else, who finds it first in the queue
    assert gone.released == [access.conversation]
    kit, _ = await signed_in(quiet, "kit")
    assert [row.conversation for row in await quiet.desk.queue(kit)] == [conversation]
    assert (await quiet.kept(conversations.by_id, access.conversation)).owner == "queue"


async def test_what_is_sealed_after_opens_for_those_who_stay_and_not_for_who_left(quiet):
    # Given a chat that was let in under the first team key
    robin, _ = await signed_in(quiet, "robin")
    sam, sam_cookie = await signed_in(quiet, "sam")
    _, kit_cookie = await signed_in(quiet, "kit")
    old = await handed_off(quiet, BEFORE)
    # When a worker leaves, and somebody else asks for a person
    await departures.let_go(quiet.heart, sam, robin.staff)
    new = await handed_off(quiet, AFTER)
    # Then a worker who was signed in all along opens both, in the same session
    kit = await quiet.desk.open(kit_cookie)
    assert set(kit.team) == {1, 2}
    for access, text in ((old, BEFORE), (new, AFTER)):
        await quiet.desk.take(kit, access.conversation.hex())
        read = await quiet.desk.transcript(kit, access.conversation.hex())
        assert texts(read.events, "young_person") == [text]
    # And what was sealed after is sealed to the new key alone
    sealed = await quiet.kept(conversations.wraps, new.conversation, "team:2")
    assert await quiet.kept(conversations.wraps, new.conversation, "team:1") == {}
    # And not one key that the worker ever had opens it
    for key in (*robin.team.values(), robin.private):
        for epoch, wrapped in sealed.items():
            with pytest.raises(WrapBroken):
                open_for_team(key, wrapped, new.conversation, epoch)
    row = await quiet.kept(conversations.by_id, new.conversation)
    assert (await quiet.kept(ring_of, robin, row)).keys == {}
    # And the supervisor who let them go has the new key at the next request
    assert (await quiet.desk.open(sam_cookie)).team == kit.team


async def test_what_who_left_had_is_gone_from_the_database(quiet):
    # Given a worker who held a chat to its end, so that they and the supervisor keep its key
    robin, _ = await signed_in(quiet, "robin")
    sam, _ = await signed_in(quiet, "sam")
    _, access = await quiet.begin()
    await quiet.say(access, BEFORE)
    conversation = await asked_and_taken(quiet, robin, access)
    await quiet.desk.end(robin, conversation)
    theirs = await quiet.kept(conversations.wraps, access.conversation, f"staff:{robin.staff}")
    assert theirs
    # When they leave
    await departures.let_go(quiet.heart, sam, robin.staff)

    # Then no key that was theirs is anywhere in it: team keys, sessions, chats, their own
    def left(connection):
        counts = [
            connection.execute(
                select(func.count()).select_from(table).where(table.c.staff == robin.staff)
            ).scalar_one()
            for table in (tables.team_member, tables.staff_session)
        ]
        kept = conversations.wraps(connection, access.conversation, f"staff:{robin.staff}")
        return counts, kept, staff.by_id(connection, robin.staff).secret.wrapped

    assert await quiet.heart.database.read(left) == ([0, 0], {}, b"")
    # And the supervisor still reads the chat
    row = await quiet.kept(conversations.by_id, access.conversation)
    ring = await quiet.heart.database.read(lambda c: ring_of(c, sam, row))
    [said] = await quiet.kept(conversations.last_from, access.conversation, "young_person", 1)
    assert open_event(ring, said).text == BEFORE


async def test_the_only_key_of_a_record_is_not_destroyed_with_who_leaves(quiet):
    # Given a chat that nobody but one worker could ever open
    sam, _ = await signed_in(quiet, "sam")
    robin, _ = await signed_in(quiet, "robin")
    access = await handed_off(quiet, BEFORE)
    holder = f"staff:{robin.staff}"

    def only_theirs(connection):
        row = conversations.by_id(connection, access.conversation)
        public = staff.by_id(connection, robin.staff).secret.public
        key = ring_of(connection, robin, row).keys[0]
        conversations.drop_wraps(connection, row.id, "team:%")
        conversations.add_wrap(connection, row.id, 0, holder, seal_for_team(public, key, row.id, 0))

    await quiet.heart.database.write(only_theirs)
    # When they leave
    await departures.let_go(quiet.heart, sam, robin.staff)
    # Then that key, and what opens it, stay, though they can sign in no more
    assert await quiet.kept(conversations.wraps, access.conversation, holder)
    assert (await quiet.kept(staff.by_id, robin.staff)).secret.wrapped
    with pytest.raises(SignInRefused):
        await quiet.desk.sign_in("robin", PASSWORD, None)


async def test_an_admin_who_can_open_no_chat_renews_the_key_at_once(quiet):
    # Given an admin, and a supervisor who is not there
    await join(quiet, "alex", "admin")
    alex, _ = await signed_in(quiet, "alex")
    robin, _ = await signed_in(quiet, "robin")
    assert alex.team == {}
    # When the admin lets a worker go
    gone = await departures.let_go(quiet.heart, alex, robin.staff)
    # Then the key is a new one already, and the admin has none of it
    assert gone.renewed
    assert (await quiet.kept(staff.newest_team_key))[0] == 2
    assert await quiet.kept(staff.memberships, alex.staff) == {}
    sam, _ = await signed_in(quiet, "sam")
    assert set(sam.team) == {1, 2}


async def test_who_was_given_access_after_a_renewal_opens_what_was_sealed_before_it(quiet):
    # Given a chat under the first key, a renewal, and a newcomer who is signed in already
    robin, _ = await signed_in(quiet, "robin")
    sam, cookie = await signed_in(quiet, "sam")
    old = await handed_off(quiet, BEFORE)
    await departures.let_go(quiet.heart, sam, robin.staff)
    await join(quiet, "ash", "worker")
    _, ash_cookie = await signed_in(quiet, "ash")
    # When the supervisor gives them access
    sam = await quiet.desk.open(cookie)
    [newcomer] = await quiet.desk.newcomers(sam)
    await quiet.desk.give_access(sam, newcomer.staff)
    # Then their next request, without signing in again, opens the old chat
    ash = await quiet.desk.open(ash_cookie)
    await quiet.desk.take(ash, old.conversation.hex())
    read = await quiet.desk.transcript(ash, old.conversation.hex())
    assert texts(read.events, "young_person") == [BEFORE]


@pytest.mark.parametrize("role", ["worker", "editor", "auditor"])
async def test_others_let_nobody_go(quiet, role):
    await join(quiet, "ash", role)
    ash, _ = await signed_in(quiet, "ash")
    robin, cookie = await signed_in(quiet, "robin")
    with pytest.raises(NotAllowed):
        await departures.let_go(quiet.heart, ash, robin.staff)
    assert (await quiet.desk.open(cookie)).name == "robin"


async def test_nobody_lets_themselves_go_and_a_supervisor_no_admin(quiet):
    identity = await join(quiet, "alex", "admin")
    (sam, _), (alex, _) = await signed_in(quiet, "sam"), await signed_in(quiet, "alex")
    for session, whom in ((sam, sam.staff), (alex, alex.staff), (sam, identity)):
        with pytest.raises(NotAllowed):
            await departures.let_go(quiet.heart, session, whom)
    with pytest.raises(UnknownStaff):
        await departures.let_go(quiet.heart, alex, 9999)


async def test_who_leaves_is_on_no_list_of_those_who_are_here_or_have_access(quiet):
    sam, _ = await signed_in(quiet, "sam")
    robin, _ = await signed_in(quiet, "robin")
    await departures.let_go(quiet.heart, sam, robin.staff)
    helpers = await quiet.kept(staff.with_access, "worker", "supervisor")
    assert [person.name for person in helpers] == ["sam", "kit"]
    assert await quiet.kept(staff.here, quiet.heart.now() - 60) == {sam.staff}
    people = {person.name: person for person in await staffing.members(quiet.heart.database, sam)}
    assert people["robin"].left_at == quiet.heart.now()
    assert people["kit"].left_at is None
    with pytest.raises(UnknownStaff):
        await departures.let_go(quiet.heart, sam, robin.staff)


async def test_a_chat_that_was_passed_on_to_who_left_is_for_anybody(quiet):
    # Given a chat in the queue for one worker by name
    sam, _ = await signed_in(quiet, "sam")
    robin, _ = await signed_in(quiet, "robin")
    access = await handed_off(quiet, BEFORE)
    await quiet.heart.database.write(
        lambda c: queue.change(c, access.conversation, wanted=robin.staff)
    )
    # When that worker leaves
    await departures.let_go(quiet.heart, sam, robin.staff)
    # Then it waits for anybody
    assert (await quiet.kept(queue.entry_of, access.conversation)).wanted is None


async def test_how_many_chats_at_once_is_set_by_admin_and_supervisor_from_one_to_ten(quiet):
    await join(quiet, "alex", "admin")
    sam, alex, robin = [(await signed_in(quiet, name))[0] for name in ("sam", "alex", "robin")]
    now, database = quiet.heart.now(), quiet.heart.database
    for session, count in ((sam, 1), (alex, 10)):
        await staffing.set_at_once(database, session, robin.staff, count, now)
        assert (await quiet.kept(staff.by_id, robin.staff)).at_once == count
    for session, whom, count, error in (
        (robin, robin.staff, 5, NotAllowed),
        (sam, robin.staff, 0, staffing.Invalid),
        (sam, robin.staff, 11, staffing.Invalid),
        (sam, alex.staff, 5, UnknownStaff),
    ):
        with pytest.raises(error):
            await staffing.set_at_once(database, session, whom, count, now)
    assert (await quiet.kept(staff.by_id, robin.staff)).at_once == 10
