"""Private notes: sealed at rest, read by whoever may open the chat, and gone with it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, update

from helpline.conversation import looking, notes
from helpline.conversation.errors import (
    ConversationEnded,
    Invalid,
    NotAllowed,
    NotYours,
    TooLong,
    UnknownConversation,
)
from helpline.conversation.retention import purge_now
from helpline.conversation.sessions import TEAM
from helpline.settings import Settings
from helpline.store import looks, queue, staff, tables
from helpline.store import notes as store
from helpline.vault import create_team_key, seal_for_team
from tests.privacy import scan

WORDS = "mentions the flat above the chip shop in Barrowdale"


async def chat(helpline, name="robin"):
    """A chat that a helper was let into and holds: the session, its id, the access."""
    session = await helpline.sign_in(name)
    _, access = await helpline.begin()
    await helpline.young.ask_for_person(access)
    await helpline.desk.take(session, access.conversation.hex())
    return session, access.conversation, access


async def note(helpline, session, identity, text=WORDS, kind="note"):
    """Adds a note as this person; returns its number."""
    return await helpline.heart.database.write(
        lambda c: notes.add(c, helpline.heart, session, identity, text, kind=kind)
    )


async def texts(helpline, session, identity):
    """What this person reads, first to last."""
    return [each.text for each in await helpline.kept(notes.read, session, identity)]


async def holders(helpline, identity, purpose="note"):
    """For whom the keys of a chat's notes are wrapped."""
    rows = await helpline.kept(store.keys, identity)
    return {row.holder for row in rows if row.purpose == purpose}


async def looks_at(helpline, session, identity):
    """A supervisor looks at a chat, as the desk writes it down."""
    await helpline.heart.database.write(
        lambda c: looks.look(c, identity, session.staff, helpline.heart.now())
    )


async def give_to(helpline, session, identity):
    """The worker who held a chat has gone, and another one takes it."""
    await helpline.heart.database.write(
        lambda c: queue.change(c, identity, staff=None, taken_at=None, closed=False)
    )
    await helpline.desk.take(session, identity.hex())


async def test_a_note_says_who_wrote_it_and_when_and_the_young_person_never_sees_it(quiet):
    # Given a helper who holds a chat
    robin, identity, access = await chat(quiet)
    # When they write a note
    number = await note(quiet, robin, identity, "  calls herself Bee\r\nlives with an aunt ")
    # Then they read it, with who wrote it and when
    [read] = await quiet.kept(notes.read, robin, identity)
    assert read.text == "calls herself Bee\nlives with an aunt"
    assert (read.number, read.kind, read.by) == (number, "note", "Robin")
    assert read.at == datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    # And nothing of it is in what the young person gets
    assert "Bee" not in repr([event.public() for event in await quiet.young.events(access, 0)])


async def test_a_note_is_sealed_at_rest(quiet, tmp_path, tmp_path_factory):
    # Given a note, a handover and a code word
    robin, identity, _ = await chat(quiet)
    for kind, text in (
        ("note", WORDS),
        ("transfer", f"handing over: {WORDS}"),
        ("code_word", "kingfisher"),
    ):
        await note(quiet, robin, identity, text, kind)
    # When every file of the database is searched
    files = [tmp_path, *tmp_path_factory.getbasetemp().glob("postgres*")]
    # Then what is kept in clear is found, and no word of the notes
    assert scan.find(files, ["note added"])
    assert scan.find(files, [WORDS, "Barrowdale", "kingfisher"]) == []
    # And the audit log says that notes were written, and of which kind, and no more
    rows = await quiet.heart.database.read(
        lambda c: c.execute(
            select(tables.audit_entry).where(tables.audit_entry.c.action == "note added")
        ).all()
    )
    assert [row.detail for row in rows] == ["note", "transfer", "code_word"]
    assert {(row.staff, row.conversation) for row in rows} == {(robin.staff, identity)}


async def test_who_does_not_hold_the_chat_reads_and_writes_nothing(quiet):
    # Given a note in a chat that robin holds
    robin, identity, _ = await chat(quiet)
    await note(quiet, robin, identity)
    kit, sam = await quiet.sign_in("kit"), await quiet.sign_in("sam")
    # Then another worker, and a supervisor who does not look at the chat, are refused
    for session in (kit, sam):
        with pytest.raises(NotYours):
            await quiet.kept(notes.read, session, identity)
        with pytest.raises(NotYours):
            await note(quiet, session, identity, "from outside")
    # And a worker with a row of looking is: only supervisors look
    await looks_at(quiet, kit, identity)
    with pytest.raises(NotYours):
        await quiet.kept(notes.read, kit, identity)
    # But a supervisor who looks at it reads it, and may write one for the worker
    await looks_at(quiet, sam, identity)
    assert await texts(quiet, sam, identity) == [WORDS]
    await note(quiet, sam, identity, "ask about the aunt")
    assert await texts(quiet, robin, identity) == ["ask about the aunt", WORDS]
    # And one whose look has lapsed writes nothing
    quiet.clock.pass_seconds(looking.FOR_S)
    with pytest.raises(NotYours):
        await note(quiet, sam, identity, "too late")


async def test_who_is_no_helper_or_has_no_access_is_refused(quiet):
    robin, identity, _ = await chat(quiet)
    await note(quiet, robin, identity)
    for changed in ({"role": "auditor"}, {"role": "admin"}, {"team": {}}):
        session = type(robin)(**{**vars(robin), **changed})
        with pytest.raises(NotAllowed):
            await quiet.kept(notes.read, session, identity)


async def test_the_next_helper_reads_the_handover(quiet):
    # Given a chat that robin hands over with a note
    robin, identity, _ = await chat(quiet)
    await note(quiet, robin, identity, "she is waiting for a lift", "transfer")
    # When kit takes it
    kit = await quiet.sign_in("kit")
    await give_to(quiet, kit, identity)
    # Then kit reads it, and robin no longer does
    [read] = await quiet.kept(notes.read, kit, identity)
    assert (read.kind, read.text, read.by) == ("transfer", "she is waiting for a lift", "Robin")
    with pytest.raises(NotYours):
        await quiet.kept(notes.read, robin, identity)


@pytest.mark.parametrize("who", ["worker", "young person"])
async def test_after_the_end_only_the_keepers_open_the_notes(quiet, who):
    # Given a chat with a note, while everybody of the team could come to hold it
    robin, identity, access = await chat(quiet)
    await note(quiet, robin, identity)
    kit, sam = await quiet.sign_in("kit"), await quiet.sign_in("sam")
    assert {"team:1", f"staff:{kit.staff}"} <= await holders(quiet, identity)
    # When it ends, by either side
    if who == "worker":
        await quiet.desk.end(robin, identity.hex())
    else:
        await quiet.young.end(access)
    # Then its keys are wrapped for the worker who held it and the supervisors, and for nobody else
    assert await holders(quiet, identity) == {f"staff:{robin.staff}", f"staff:{sam.staff}"}
    # And these read it, sam where sam looks at the chat
    await looks_at(quiet, sam, identity)
    assert await texts(quiet, robin, identity) == [WORDS]
    assert await texts(quiet, sam, identity) == [WORDS]
    # And even one whom the queue would name as its holder opens nothing
    await quiet.heart.database.write(lambda c: queue.change(c, identity, staff=kit.staff))
    assert await texts(quiet, kit, identity) == []
    assert await quiet.kept(notes.unopened, kit, identity) == 1


async def test_nothing_is_noted_once_the_chat_has_left_the_desk(quiet):
    robin, identity, _ = await chat(quiet)
    await quiet.desk.end(robin, identity.hex())
    with pytest.raises(ConversationEnded):
        await note(quiet, robin, identity)
    assert await texts(quiet, robin, identity) == []


async def test_the_code_word_stands_on_top_and_whoever_takes_the_chat_later_reads_it(quiet):
    # Given a code word, agreed on anew, between other notes, in a chat that has ended
    robin, identity, _ = await chat(quiet)
    for kind, text in (
        ("code_word", "heron"),
        ("note", WORDS),
        ("code_word", "kingfisher"),
        ("note", "later"),
    ):
        await note(quiet, robin, identity, text, kind)
    assert await texts(quiet, robin, identity) == ["kingfisher", "heron", "later", WORDS]
    assert await quiet.kept(notes.code_word, robin, identity) == "kingfisher"
    await quiet.desk.end(robin, identity.hex())
    # When the young person comes back to it and kit takes it
    kit = await quiet.sign_in("kit")
    await give_to(quiet, kit, identity)
    # Then kit knows which word to ask for, and that there are notes which kit cannot open
    assert await quiet.kept(notes.code_word, kit, identity) == "kingfisher"
    assert await texts(quiet, kit, identity) == ["kingfisher", "heron"]
    assert await quiet.kept(notes.unopened, kit, identity) == 2
    # And what kit writes is under a new key, which robin is given too, for the time after
    await note(quiet, kit, identity, "came back at night")
    assert "came back at night" in await texts(quiet, kit, identity)
    assert len({row.key_epoch for row in await quiet.kept(store.keys, identity)}) == 3


async def test_the_code_word_is_closed_to_the_team_when_nobody_can_come_back(quiet):
    # Given a chat with a code word, and no code to come back
    robin, identity, access = await chat(quiet)
    await note(quiet, robin, identity, "kingfisher", "code_word")
    # When the young person ends it, which wipes the token
    await quiet.young.end(access)
    # Then the keepers have the word, and nobody else
    assert "team:1" not in await holders(quiet, identity, "code_word")
    assert await quiet.kept(notes.code_word, robin, identity) == "kingfisher"


async def test_a_chat_without_a_code_word_has_none(quiet):
    robin, identity, _ = await chat(quiet)
    assert await quiet.kept(notes.code_word, robin, identity) is None
    await note(quiet, robin, identity)
    assert await quiet.kept(notes.code_word, robin, identity) is None


async def test_a_wiped_chat_leaves_no_note_behind(quiet, tmp_path):
    # Given a chat with a note that has ended
    robin, identity, _ = await chat(quiet)
    await note(quiet, robin, identity)
    [row] = await quiet.kept(store.all_of, identity)
    secrets = [row.sealed, *(key.wrapped for key in await quiet.kept(store.keys, identity))]
    in_files = [path for path in tmp_path.glob("waymark.db*") if row.sealed in path.read_bytes()]
    await quiet.desk.end(robin, identity.hex())
    # When its time is over
    quiet.clock.pass_seconds(91 * 24 * 3600)
    await purge_now(quiet.heart.database, Settings(), quiet.clock())
    # Then neither note nor key is left
    assert await quiet.kept(store.all_of, identity) == []
    assert await quiet.kept(store.keys, identity) == []
    # And on SQLite their bytes are in no file any more, the write-ahead log among them
    if quiet.heart.database.__class__.__name__ == "_Sqlite":
        assert in_files, "the note was never looked for in the right file"
        for path in tmp_path.glob("waymark.db*"):
            content = path.read_bytes()
            assert not any(secret in content for secret in secrets), path


async def test_a_hidden_chat_shows_no_notes(quiet):
    # Given a note in a chat at level 4, which is kept a day longer when it is deleted
    session = await quiet.sign_in("robin")
    _, access = await quiet.begin()
    await quiet.say(access, "he has a knife and he is here")
    identity = access.conversation
    await quiet.desk.take(session, identity.hex())
    await note(quiet, session, identity)
    # When the young person deletes it
    await quiet.young.delete(access)
    # Then it is shown to nobody
    with pytest.raises(UnknownConversation):
        await quiet.kept(notes.read, session, identity)


async def test_a_note_that_was_moved_or_changed_does_not_open_and_hides_no_other(quiet):
    # Given two notes
    robin, identity, _ = await chat(quiet)
    first, second = (
        await note(quiet, robin, identity, "first"),
        await note(quiet, robin, identity, "second"),
    )

    # When the words of one are put in the place of the other
    def swap(connection):
        [one, _] = store.all_of(connection, identity)
        notes_of = tables.desk_note
        connection.execute(
            update(notes_of).where(notes_of.c.number == second).values(sealed=one.sealed)
        )

    await quiet.heart.database.write(swap)
    # Then that one does not open, and the other does
    assert [each.number for each in await quiet.kept(notes.read, robin, identity)] == [first]
    assert await quiet.kept(notes.unopened, robin, identity) == 1


async def test_a_key_of_another_chat_opens_nothing(quiet):
    # Given notes in two chats, and the keys of one put in the place of the other's
    robin, one, _ = await chat(quiet)
    await note(quiet, robin, one, "in the first chat")
    robin, other, _ = await chat(quiet)
    await note(quiet, robin, other, "in the second chat")
    keys = tables.desk_key

    def swap(connection):
        wrapped = {row.holder: row.wrapped for row in store.keys(connection, one)}
        connection.execute(delete(keys).where(keys.c.conversation == other))
        store.add_keys(
            connection,
            [store.KeyRow(other, 0, holder, "note", key) for holder, key in wrapped.items()],
        )

    await quiet.heart.database.write(swap)
    assert await texts(quiet, robin, other) == []
    assert await texts(quiet, robin, one) == ["in the first chat"]


async def test_what_is_noted_after_somebody_left_is_under_a_key_they_never_had(quiet):
    # Given a note that kit could open, and a new team key after kit left the staff
    robin, identity, _ = await chat(quiet)
    await note(quiet, robin, identity, "before")
    kit, sam = await quiet.sign_in("kit"), await quiet.sign_in("sam")
    key = create_team_key()

    def renew(connection):
        staff.add_team_key(connection, 2, key.public, key.recovery_copy, key.recovery_public)
        for person in (robin.staff, sam.staff):
            public = staff.by_id(connection, person).secret.public
            sealed = seal_for_team(public, key.private, TEAM, 2)
            staff.add_member(connection, person, 2, sealed)
        staff.change(connection, kit.staff, left_at=quiet.heart.now())

    await quiet.heart.database.write(renew)
    # When robin, signed in since before, writes on
    await note(quiet, robin, identity, "after")
    # Then robin reads both, and the new key was wrapped for all but kit and kit's team key
    assert await texts(quiet, robin, identity) == ["after", "before"]
    newest = [row for row in await quiet.kept(store.keys, identity) if row.key_epoch == 1]
    assert {row.holder for row in newest} == {
        "team:2",
        f"staff:{robin.staff}",
        f"staff:{sam.staff}",
    }


async def test_the_same_words_sent_twice_are_kept_once(quiet):
    # Given a note whose answer was lost on the way
    robin, identity, _ = await chat(quiet)
    first = await note(quiet, robin, identity)
    # When the page sends it again
    again = await note(quiet, robin, identity)
    # Then there is one; and after another one the same words are a note of their own
    assert (again, await texts(quiet, robin, identity)) == (first, [WORDS])
    await note(quiet, robin, identity, "and then")
    await note(quiet, robin, identity)
    assert await texts(quiet, robin, identity) == [WORDS, "and then", WORDS]


@pytest.mark.parametrize(
    ("text", "kind", "error"),
    [
        (" \n ", "note", Invalid),
        ("a word", "gossip", Invalid),
        ("w" * 4001, "note", TooLong),
        ("w" * 81, "code_word", TooLong),
    ],
)
async def test_what_is_no_note_is_refused(quiet, text, kind, error):
    robin, identity, _ = await chat(quiet)
    with pytest.raises(error):
        await note(quiet, robin, identity, text, kind)
    assert await texts(quiet, robin, identity) == []


async def test_a_lone_surrogate_in_a_note_is_kept_as_a_question_mark(quiet):
    robin, identity, _ = await chat(quiet)
    await note(quiet, robin, identity, "half \ud83d of one")
    assert await texts(quiet, robin, identity) == ["half ? of one"]
