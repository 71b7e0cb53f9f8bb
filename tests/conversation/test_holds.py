"""A chat is held as evidence by two people and a ground, or is erased in its time."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from helpline.conversation import departures, legal_hold, looking
from helpline.conversation.errors import (
    ChangedElsewhere,
    Invalid,
    NotAllowed,
    UnknownConversation,
    UnknownToken,
)
from helpline.conversation.events import Message
from helpline.conversation.retention import purge_now
from helpline.conversation.sessions import Session
from helpline.settings import Settings
from helpline.store import audit, conversations, legal_holds, staff
from helpline.store.erasing import CHAT_KEYS
from helpline.vault import StaffSecret, create_staff_secret, open_staff_secret, seal_for_team
from tests.conversation.conftest import PASSWORD, TEAM, texts
from tests.conversation.staff import asked_and_taken

HOUR, DAY = 3600, 86_400
DANGER = "he wont let me leave, the door is locked"
ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what does not hang on which database it is."""
SETTINGS = Settings()


@dataclass(frozen=True)
class Keys:
    """The keys of staff, opened once: hashing their passwords for each test takes a minute."""

    own: dict[str, StaffSecret]
    private: dict[str, bytes]
    team: bytes

    async def session(self, helpline, name):
        """A supervisor's session, as a sign-in would open it; who is new on the staff is added."""

        def find(connection):
            row = staff.by_name(connection, name)
            if row is not None:
                return row.id
            public = self.own[name].public
            person = staff.add(
                connection, name, name, "supervisor", self.own[name], second_factor=False
            )
            staff.add_member(connection, person, 1, seal_for_team(public, self.team, TEAM, 1))
            return person

        person = await helpline.heart.database.write(find)
        team = {1: self.team}
        return Session(person, name, name, "supervisor", "", b"", self.private[name], team)


@pytest.fixture(scope="module")
def keys(team):
    """Keys of sam, who is on every test's staff, and of ada, joe and new."""
    own = {name: secret for name, _, secret in team.people if name == "sam"}
    own |= {name: create_staff_secret(PASSWORD, "") for name in ("ada", "joe", "new")}
    private = {name: open_staff_secret(secret, PASSWORD)[0] for name, secret in own.items()}
    return Keys(own, private, team.key.private)


@pytest.fixture
async def people(quiet, keys):
    """Supervisors sam, ada and joe, and the worker robin, who is at the desk."""
    three = {name: await keys.session(quiet, name) for name in ("sam", "ada", "joe")}
    return three | {"robin": await quiet.sign_in("robin")}


async def handed_off(helpline, worker, text=DANGER):
    """A chat that a worker was let into; the young person's access to it, and its id."""
    _, access = await helpline.begin()
    await helpline.say(access, text)
    return access, await asked_and_taken(helpline, worker, access)


async def deleted(helpline, worker, text=DANGER):
    """The same, deleted by the young person at the beginning of an hour."""
    access, conversation = await handed_off(helpline, worker, text)
    helpline.clock.now = helpline.clock.now.replace(minute=0, second=0, microsecond=0)
    await helpline.young.delete(access)
    return access, conversation


async def purged(helpline):
    return await purge_now(helpline.heart.database, SETTINGS, helpline.clock())


async def is_there(helpline, access):
    return await helpline.kept(conversations.by_id, access.conversation) is not None


async def held(helpline, access):
    return await helpline.kept(legal_holds.of, access.conversation)


async def hold(helpline, people, conversation):
    await legal_hold.ask(helpline.heart, SETTINGS, people["sam"], conversation, "police")
    await legal_hold.agree(helpline.heart, SETTINGS, people["ada"], conversation)


async def log_of(helpline, access):
    """Who did what to a hold: the audit log in order."""
    names = {row.id: row.name for row in await helpline.kept(staff.everybody)}
    rows = await helpline.heart.database.read(lambda c: list(audit.every(c)))
    return [
        (names[row.staff], row.action)
        for row in rows
        if row.conversation == access.conversation
        and ("hold" in row.action or "evid" in row.action)
    ]


async def test_two_supervisors_hold_a_deleted_chat_and_two_end_it(quiet, people):
    # Given a chat handed off in danger and deleted
    access, conversation = await deleted(quiet, people["robin"])
    # When one asks, and another agrees
    await hold(quiet, people, conversation)
    # Then no purge takes it, a year later either
    quiet.clock.now += timedelta(days=365)
    await purged(quiet)
    assert await is_there(quiet, access)
    # When one of them asks to end it, it is still held
    sam, ada = people["sam"], people["ada"]
    await legal_hold.ask_to_end(quiet.heart, ada, conversation)
    await purged(quiet)
    assert await is_there(quiet, access)
    # And once another agrees it is erased
    await legal_hold.agree_to_end(quiet.heart, sam, conversation)
    assert (await purged(quiet)).deleted == 1
    assert not await is_there(quiet, access)
    # And every step stands in the audit log
    assert await log_of(quiet, access) == [
        ("sam", "asked to hold"),
        ("ada", "agreed to hold"),
        ("ada", "asked to end hold"),
        ("sam", "hold ended"),
    ]


@ONE
async def test_nobody_holds_it_alone(quiet, people):
    # Given a deleted chat, and one supervisor who asks, twice
    access, conversation = await deleted(quiet, people["robin"])
    for _ in range(2):
        await legal_hold.ask(quiet.heart, SETTINGS, people["sam"], conversation, "court")
    # Then they cannot agree with themselves, and it is noted once
    with pytest.raises(NotAllowed):
        await legal_hold.agree(quiet.heart, SETTINGS, people["sam"], conversation)
    assert await log_of(quiet, access) == [("sam", "asked to hold")]
    assert (await held(quiet, access)).holders == ()
    # And the worker who held the chat has no part in it
    for step in (
        legal_hold.ask(quiet.heart, SETTINGS, people["robin"], conversation, "court"),
        legal_hold.agree(quiet.heart, SETTINGS, people["robin"], conversation),
        legal_hold.listed(quiet.heart, SETTINGS, people["robin"]),
        legal_hold.read(quiet.heart, people["robin"], conversation),
    ):
        with pytest.raises(NotAllowed):
            await step
    # And a day later it is erased, and so is the wish
    quiet.clock.pass_seconds(25 * HOUR)
    assert (await purged(quiet)).deleted == 1
    assert not await is_there(quiet, access)
    assert await held(quiet, access) is None


@ONE
async def test_a_hold_that_one_began_is_not_ended_by_one(quiet, people):
    access, conversation = await deleted(quiet, people["robin"])
    await hold(quiet, people, conversation)
    # Given that one asked to end it, twice
    for _ in range(2):
        await legal_hold.ask_to_end(quiet.heart, people["joe"], conversation)
    # Then the same one cannot agree, and another may keep it
    with pytest.raises(NotAllowed):
        await legal_hold.agree_to_end(quiet.heart, people["joe"], conversation)
    await legal_hold.keep(quiet.heart, people["sam"], conversation)
    with pytest.raises(UnknownConversation):
        await legal_hold.agree_to_end(quiet.heart, people["ada"], conversation)
    assert (await held(quiet, access)).holders
    assert [what for _, what in await log_of(quiet, access)][2:] == [
        "asked to end hold",
        "kept hold",
    ]


async def test_asked_in_the_last_second_it_is_held_only_if_another_agrees_in_it(quiet, people):
    # Given two deleted chats, a second before they are to be erased
    one, first = await deleted(quiet, people["robin"])
    two, second = await deleted(quiet, people["robin"])
    quiet.clock.pass_seconds(25 * HOUR - 1)
    sam, ada = people["sam"], people["ada"]
    for conversation in (first, second):
        await legal_hold.ask(quiet.heart, SETTINGS, sam, conversation, "police")
    # When somebody agrees to one in that second, and to the other a second later
    await legal_hold.agree(quiet.heart, SETTINGS, ada, first)
    quiet.clock.pass_seconds(1)
    with pytest.raises(UnknownConversation):
        await legal_hold.agree(quiet.heart, SETTINGS, ada, second)
    # Then the first stays and the second goes, whether or not a purge had come yet
    await purged(quiet)
    assert await is_there(quiet, one)
    assert not await is_there(quiet, two)


async def test_pressed_at_once_by_two_it_is_done_once(quiet, people):
    # Given a deleted chat that two supervisors ask to hold at the same moment
    access, conversation = await deleted(quiet, people["robin"])
    asked = await asyncio.gather(
        *(
            legal_hold.ask(quiet.heart, SETTINGS, people[name], conversation, "police")
            for name in ("sam", "ada")
        ),
        return_exceptions=True,
    )
    # Then one has asked, and the other is told so: it is not held by that
    assert sorted(type(each) for each in asked if each) == [ChangedElsewhere]
    asker = (await held(quiet, access)).asked_by
    assert (await held(quiet, access)).holders == ()
    # When the two others agree at the same moment
    others = [people[name] for name in ("sam", "ada", "joe") if people[name].staff != asker]
    agreed = await asyncio.gather(
        *(legal_hold.agree(quiet.heart, SETTINGS, each, conversation) for each in others),
        return_exceptions=True,
    )
    # Then one has, and it stands in the log once
    assert [type(each) for each in agreed if each] == [ChangedElsewhere]
    assert [what for _, what in await log_of(quiet, access)] == ["asked to hold", "agreed to hold"]


async def test_a_purge_and_the_second_yes_at_once_never_lose_a_held_chat(quiet, people):
    # Given deleted chats in their last second, asked for by one
    chats = [await deleted(quiet, people["robin"]) for _ in range(3)]
    quiet.clock.pass_seconds(25 * HOUR - 1)
    sam, ada = people["sam"], people["ada"]
    for _, conversation in chats:
        await legal_hold.ask(quiet.heart, SETTINGS, sam, conversation, "police")
    # When the second yes and a purge whose clock is a second ahead come at once
    ahead = quiet.clock() + timedelta(seconds=1)
    *said, _ = await asyncio.gather(
        *(legal_hold.agree(quiet.heart, SETTINGS, ada, chat) for _, chat in chats),
        purge_now(quiet.heart.database, SETTINGS, ahead),
        return_exceptions=True,
    )
    # Then each chat is held and whole, or was refused and is gone
    for (access, conversation), refused in zip(chats, said, strict=True):
        assert await is_there(quiet, access) is (refused is None)
        if refused is None:
            read = await legal_hold.read(quiet.heart, ada, conversation)
            assert texts(read, "young_person") == [DANGER]


async def test_only_the_two_who_hold_it_have_a_key_and_each_reading_is_logged(quiet, people):
    # Given a deleted chat that two hold
    access, conversation = await deleted(quiet, people["robin"])
    await hold(quiet, people, conversation)

    # Then no key of it is left but theirs
    def holders(connection):
        return {
            row.holder
            for table in CHAT_KEYS
            for row in connection.execute(table.select())
            if row.conversation == access.conversation
        }

    theirs = {f"staff:{people[name].staff}" for name in ("sam", "ada")}
    assert await quiet.heart.database.read(holders) == theirs
    # And they read it, while another supervisor does not, on no page
    for name in ("sam", "ada"):
        said = await legal_hold.read(quiet.heart, people[name], conversation)
        assert texts(said, "young_person") == [DANGER]
    with pytest.raises(NotAllowed):
        await legal_hold.read(quiet.heart, people["joe"], conversation)
    for name in ("sam", "joe"):
        with pytest.raises(UnknownConversation):
            await looking.look(quiet.heart, people[name], conversation)
    # And each time stands in the audit log
    assert (await log_of(quiet, access))[2:] == [("sam", "read evidence"), ("ada", "read evidence")]


@ONE
async def test_the_list_says_when_and_who_and_not_a_word_of_the_chat(quiet, people):
    # Given a deleted chat that one asked to hold
    _, conversation = await deleted(quiet, people["robin"])
    at = quiet.clock().timestamp()
    [waits] = await legal_hold.listed(quiet.heart, SETTINGS, people["joe"])
    assert (waits.level, waits.deleted_at, waits.erased_at) == (4, at, at + 25 * HOUR)
    assert waits.asked_by is None
    # Then the list names who asked, to who asked and to others
    await legal_hold.ask(quiet.heart, SETTINGS, people["sam"], conversation, "claim")
    [theirs] = await legal_hold.listed(quiet.heart, SETTINGS, people["sam"])
    [others] = await legal_hold.listed(quiet.heart, SETTINGS, people["joe"])
    assert (theirs.asked_by, theirs.ground, theirs.mine) == ("sam", "claim", True)
    assert (others.asked_by, others.mine, others.reads) == ("sam", False, False)
    assert DANGER not in repr((waits, theirs, others))


async def test_an_ended_chat_that_was_not_deleted_is_held_past_its_time(quiet, people):
    # Given a chat that a worker ended, held as evidence, while supervisors may still look in
    access, conversation = await handed_off(quiet, people["robin"])
    await quiet.desk.end(people["robin"], conversation)
    await hold(quiet, people, conversation)
    await looking.look(quiet.heart, people["joe"], conversation)
    # When its 90 days are over
    quiet.clock.pass_seconds(91 * DAY)
    await purged(quiet)
    # Then it is there for the two who hold it, and for nobody else: not for who held the token
    sam, joe, robin = [people[name] for name in ("sam", "joe", "robin")]
    said = await legal_hold.read(quiet.heart, sam, conversation)
    assert DANGER in texts(said, "young_person")
    for session in (joe, robin):
        with pytest.raises(NotAllowed):
            await legal_hold.read(quiet.heart, session, conversation)
    with pytest.raises(UnknownConversation):
        await quiet.desk.transcript(robin, conversation)
    with pytest.raises(UnknownToken):
        await quiet.young.events(access, 0)


@ONE
async def test_a_held_chat_that_is_deleted_is_hidden_and_not_erased(quiet, people):
    # Given a chat at no level that a worker ended, held as evidence
    access, conversation = await handed_off(quiet, people["robin"], "hello")
    await quiet.desk.end(people["robin"], conversation)
    await hold(quiet, people, conversation)
    # When the young person deletes it
    await quiet.young.delete(access)
    quiet.clock.pass_seconds(25 * HOUR)
    await purged(quiet)
    # Then it is gone for all but the two who hold it
    sam, joe = people["sam"], people["joe"]
    assert "hello" in texts(await legal_hold.read(quiet.heart, sam, conversation), "young_person")
    with pytest.raises(UnknownConversation):
        await looking.look(quiet.heart, joe, conversation)
    # And is erased when the hold ends
    await legal_hold.ask_to_end(quiet.heart, sam, conversation)
    await legal_hold.agree_to_end(quiet.heart, joe, conversation)
    await purged(quiet)
    assert not await is_there(quiet, access)


async def test_what_no_helper_was_let_into_is_erased_at_once_and_cannot_be_held(quiet, people):
    # Given danger that a worker saw the excerpt of, and no yes
    _, access = await quiet.begin()
    await quiet.say(access, DANGER)
    [row] = await quiet.desk.queue(people["robin"])
    with pytest.raises(Invalid):
        await legal_hold.ask(quiet.heart, SETTINGS, people["sam"], row.conversation, "police")
    # When it is deleted
    await quiet.young.delete(access)
    # Then it is gone: there is nothing to wait for
    assert not await is_there(quiet, access)
    with pytest.raises(UnknownConversation):
        await legal_hold.ask(quiet.heart, SETTINGS, people["sam"], row.conversation, "police")


@ONE
async def test_what_somebody_who_left_had_asked_for_counts_no_more(quiet, people):
    # Given a hold that sam asked for, before they left the staff
    access, conversation = await deleted(quiet, people["robin"])
    await legal_hold.ask(quiet.heart, SETTINGS, people["sam"], conversation, "police")
    await departures.let_go(quiet.heart, people["ada"], people["sam"].staff)
    # Then nobody can agree to it, and somebody else can ask
    with pytest.raises(ChangedElsewhere):
        await legal_hold.agree(quiet.heart, SETTINGS, people["ada"], conversation)
    await legal_hold.ask(quiet.heart, SETTINGS, people["ada"], conversation, "police")
    await legal_hold.agree(quiet.heart, SETTINGS, people["joe"], conversation)
    assert set((await held(quiet, access)).holders) == {people["ada"].staff, people["joe"].staff}


@ONE
@pytest.mark.parametrize("ground", ["", "curious", "police "])
async def test_without_a_ground_of_the_list_nothing_is_asked(quiet, people, ground):
    access, conversation = await deleted(quiet, people["robin"])
    with pytest.raises(Invalid):
        await legal_hold.ask(quiet.heart, SETTINGS, people["sam"], conversation, ground)
    assert await held(quiet, access) is None


@ONE
async def test_who_was_given_no_key_of_it_cannot_ask_but_can_agree(quiet, people, keys):
    # Given a deleted chat, and a supervisor who came later
    _, conversation = await deleted(quiet, people["robin"])
    new = await keys.session(quiet, "new")
    # Then they cannot be the one whose key keeps it
    with pytest.raises(NotAllowed):
        await legal_hold.ask(quiet.heart, SETTINGS, new, conversation, "police")
    # And can be the second, which leaves the key of who asked
    await legal_hold.ask(quiet.heart, SETTINGS, people["sam"], conversation, "police")
    await legal_hold.agree(quiet.heart, SETTINGS, new, conversation)
    said = await legal_hold.read(quiet.heart, people["sam"], conversation)
    assert [event.text for event in said if isinstance(event, Message)][-1]
