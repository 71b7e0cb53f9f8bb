"""The record of a chat: who may open it, what is on disk, and that nothing typed is lost."""

import pytest
from sqlalchemy import func, select

from helpline.conversation import asks, departures, record, record_search
from helpline.conversation.errors import (
    ChangedElsewhere,
    NotAllowed,
    NotYours,
    RecordFinished,
    UnknownConversation,
    UnknownRecord,
)
from helpline.conversation.forms import Forms
from helpline.conversation.record_opening import Target
from helpline.conversation.retention import purge_now
from helpline.conversation.saving import Sent
from helpline.settings import Settings
from helpline.store import conversations, tables
from helpline.store.records import Sought
from safeguarding.signals import load_signals
from tests.conftest import ROOT
from tests.conversation.on_disk import everything

SECRET = "kingfisher under the bridge"
DANGER = "he wont let me leave, the door is locked"
WHOLE = {
    "phone_seen_by": ["partner"],
    "code_word": [SECRET],
    "contact": ["self"],
    "categories": ["home.hurt", "missing.away_now"],
    "confidentiality": ["kept"],
    "outcome": ["safer"],
}
DAY_S = 86_400


@pytest.fixture(scope="module")
def forms():
    signals = load_signals(ROOT / "data" / "safeguarding" / "signals.yml")
    return Forms.load(ROOT / "data" / "desk" / "record.yml", signals)


class Page:
    """A page with the form open: sends what is in it, each time with the next turn."""

    def __init__(self, helpline, forms, session, target, *, name="one", after=0):
        self.helpline, self.forms, self.session = helpline, forms, session
        self.target, self.name, self.after, self.turn = target, name, after, 0

    def _sent(self, fields):
        self.turn += 1
        return Sent(fields, self.name, self.turn, self.after)

    async def saves(self, **fields):
        heart, sent = self.helpline.heart, self._sent(fields)
        return await record.save(heart, self.forms, self.session, self.target, sent)

    async def finishes(self, **fields):
        sent = self._sent(fields)
        heart = self.helpline.heart
        return await record.finish(heart, self.forms, self.session, self.target, sent)


async def held(quiet, worker, words="hello"):
    """A chat that this worker took, with the young person's yes; its access and id."""
    _, access = await quiet.begin()
    await quiet.young.ask_for_person(access)
    await quiet.desk.take(worker, access.conversation.hex())
    if words:
        await quiet.say(access, words)
    return access


def page_of(quiet, forms, session, access, **more):
    return Page(quiet, forms, session, Target(access.conversation), **more)


async def count(quiet, table):
    return await quiet.kept(lambda c: c.execute(select(func.count()).select_from(table)).scalar())


async def test_what_was_typed_is_there_again_after_a_reload_and_after_the_end(quiet, forms):
    # Given a worker who types while the chat goes on
    robin = await quiet.sign_in("robin")
    access = await held(quiet, robin)
    page = page_of(quiet, forms, robin, access)
    saved = await page.saves(area=["Leeds"], code_word=[SECRET])
    # When the page is opened anew
    again = await record.of_chat(quiet.heart, robin, access.conversation)
    # Then all of it stands there
    assert (again.answers, again.saves) == ({"code_word": SECRET, "area": "Leeds"}, 1)
    assert saved.record == again.id
    # And after the chat has ended they go on in the same record until it is finished
    await quiet.desk.end(robin, access.conversation.hex())
    page = page_of(quiet, forms, robin, access, name="two", after=again.saves)
    _, lacking = await page.finishes(**WHOLE)
    assert lacking == {}
    done = await record.of_chat(quiet.heart, robin, access.conversation)
    assert (done.id, done.finished, done.may_write) == (saved.record, True, False)
    assert ("Code word they chose", [SECRET]) in [
        (label, values) for _, lines in done.written for label, values in lines
    ]
    with pytest.raises(RecordFinished):
        await page.saves(area=["York"])


async def test_only_who_wrote_it_and_supervisors_open_a_record(quiet, forms):
    # Given a record that robin wrote
    robin, kit, sam = [await quiet.sign_in(name) for name in ("robin", "kit", "sam")]
    access = await held(quiet, robin)
    saved = await page_of(quiet, forms, robin, access).saves(**WHOLE)
    # Then another worker opens it neither by its chat nor by its number, nor writes in it
    with pytest.raises(NotYours):
        await record.of_chat(quiet.heart, kit, access.conversation)
    with pytest.raises(NotAllowed):
        await record.by_number(quiet.heart, kit, saved.record)
    for target in (Target(access.conversation), Target(record=saved.record)):
        with pytest.raises((NotYours, NotAllowed)):
            await Page(quiet, forms, kit, target, name="kits", after=1).saves(area=["York"])
    # And kit's search does not find it
    assert (await record_search.search(quiet.heart, kit, Sought()))[0] == []
    # But a supervisor reads it and does not write in it, and the audit log has it
    read = await record.by_number(quiet.heart, sam, saved.record)
    assert read.answers["code_word"] == SECRET
    assert not read.may_write
    with pytest.raises(NotAllowed):
        await Page(quiet, forms, sam, Target(record=saved.record), after=1).saves(area=["York"])
    actions = await quiet.kept(
        lambda c: c.execute(select(tables.audit_entry.c.action, tables.audit_entry.c.staff)).all()
    )
    assert ("record opened", sam.staff) in actions
    # And nobody opens what is not there
    with pytest.raises(UnknownRecord):
        await record.by_number(quiet.heart, sam, 4711)
    with pytest.raises(UnknownConversation):
        await record.of_chat(quiet.heart, robin, b"\1" * 16)


async def test_on_disk_stand_day_staff_contact_and_categories_and_no_word(quiet, forms, tmp_path):
    # Given a finished record
    robin = await quiet.sign_in("robin")
    access = await held(quiet, robin)
    saved, _ = await page_of(quiet, forms, robin, access).finishes(**WHOLE, area=["Sheffield"])
    # Then in clear stand these alone
    columns = [column for column in tables.record.c if column.name != "sealed"]
    row = await quiet.kept(lambda c: c.execute(select(*columns)).one()._asdict())
    assert row == {
        "id": saved.record,
        "conversation": access.conversation,
        "staff": robin.staff,
        "day": int(quiet.heart.now() // DAY_S),
        "contact": "self",
        "finished": True,
        "talk_asked_at": None,
    }
    # And no word of it is anywhere in the database
    held_there = await everything(quiet, tmp_path)
    for word in (SECRET.encode(), b"Sheffield", b"phone_seen_by"):
        assert word not in held_there
    # And the search would have found one
    assert b"robin" in held_there


async def test_what_the_screen_noticed_is_ticked_and_what_it_notices_later(quiet, forms):
    # Given a chat in which danger was noticed
    robin = await quiet.sign_in("robin")
    access = await held(quiet, robin, DANGER)
    begun = await record.of_chat(quiet.heart, robin, access.conversation)
    # Then its signal is ticked before anything was typed
    assert "A6" in begun.answers["indicators"]
    # When the worker takes it off, and another danger is written
    page = page_of(quiet, forms, robin, access)
    await page.saves(noticed=list(begun.noticed))
    await quiet.say(access, "he has a knife")
    later = await record.of_chat(quiet.heart, robin, access.conversation)
    # Then what was taken off stays off and what is new is ticked
    assert "A6" not in later.answers["indicators"]
    assert "A5" in later.answers["indicators"]


async def test_finish_says_what_is_missing_and_keeps_what_there_is(quiet, forms):
    # Given a record with one answer
    robin = await quiet.sign_in("robin")
    access = await held(quiet, robin)
    saved, lacking = await page_of(quiet, forms, robin, access).finishes(contact=["self"])
    # Then it names the fields, and is kept, unfinished
    assert set(lacking) == {"phone_seen_by", "categories", "confidentiality", "outcome"}
    kept = await record.by_number(quiet.heart, robin, saved.record)
    assert (kept.finished, kept.answers) == (False, {"contact": "self"})
    # And with confidentiality broken the step of its own is missing
    page = page_of(quiet, forms, robin, access, name="two", after=kept.saves)
    _, lacking = await page.finishes(**WHOLE | {"confidentiality": ["broken"]})
    assert set(lacking) == {"confidentiality"}
    assert "step of its own" in lacking["confidentiality"]


async def test_an_old_page_does_not_undo_what_was_written_since(quiet, forms):
    # Given two pages with the same record open
    robin = await quiet.sign_in("robin")
    access = await held(quiet, robin)
    first, second = [page_of(quiet, forms, robin, access, name=name) for name in ("one", "two")]
    await first.saves(area=["Leeds"])
    # When the one that was drawn before that saves; Then it is told, and nothing is undone
    with pytest.raises(ChangedElsewhere):
        await second.saves(area=[""])
    # And of two saves of one page the later stays, in whichever order they come
    late = Sent({"area": ["Lee"]}, "one", 1, 0)
    await first.saves(area=["Leeds and York"])
    await record.save(quiet.heart, forms, robin, Target(access.conversation), late)
    kept = await record.of_chat(quiet.heart, robin, access.conversation)
    assert kept.answers["area"] == "Leeds and York"
    # And a save that came twice, because its answer was lost, is kept once more without harm
    await record.save(
        quiet.heart,
        forms,
        robin,
        Target(access.conversation),
        Sent({"area": ["Hull"]}, "one", 9, 0),
    )
    again = Sent({"area": ["Hull"]}, "one", 9, 0)
    await record.save(quiet.heart, forms, robin, Target(access.conversation), again)
    kept = await record.of_chat(quiet.heart, robin, access.conversation)
    assert kept.answers["area"] == "Hull"
    assert await count(quiet, tables.record) == 1


async def test_a_record_goes_with_its_chat_to_the_next_helper(quiet, forms):
    # Given a record begun by robin, who signs out and gives the chat back
    robin, kit = await quiet.sign_in("robin"), await quiet.sign_in("kit")
    access = await held(quiet, robin)
    await page_of(quiet, forms, robin, access).saves(area=["Leeds"])
    await quiet.desk.sign_out(robin)
    quiet.clock.pass_seconds(60)
    await quiet.desk.here(kit)
    await quiet.desk.take(kit, access.conversation.hex())
    # When kit takes the chat and writes
    seen = await record.of_chat(quiet.heart, kit, access.conversation)
    assert (seen.answers["area"], seen.may_write) == ("Leeds", True)
    await page_of(quiet, forms, kit, access, name="kits", after=seen.saves).saves(area=["York"])
    # Then it is kit's record, both are named in it, and robin writes in it no more
    after = await record.of_chat(quiet.heart, kit, access.conversation)
    assert [name for name, _ in after.hands] == ["robin", "kit"]
    robin = await quiet.sign_in("robin")
    with pytest.raises(NotYours):
        await page_of(quiet, forms, robin, access, name="old", after=after.saves).saves()


async def test_a_chat_that_ended_without_a_finished_record_is_told_until_it_has_one(quiet, forms):
    # Given a chat that ended
    robin = await quiet.sign_in("robin")
    access = await held(quiet, robin)
    assert await record_search.unwritten(quiet.heart, robin) == []
    await quiet.desk.end(robin, access.conversation.hex())
    # Then its record is missing, for robin alone
    [lacking] = await record_search.unwritten(quiet.heart, robin)
    assert (lacking.conversation, lacking.record) == (access.conversation, None)
    assert await record_search.unwritten(quiet.heart, await quiet.sign_in("sam")) == []
    # And begun is not finished
    page = page_of(quiet, forms, robin, access)
    saved = await page.saves(area=["Leeds"])
    [lacking] = await record_search.unwritten(quiet.heart, robin)
    assert lacking.record == saved.record
    # And finished it is told no more
    await page.finishes(**WHOLE)
    assert await record_search.unwritten(quiet.heart, robin) == []


async def test_a_record_outlives_its_chat_and_is_still_finished_by_who_wrote_it(quiet, forms):
    # Given a record begun before the young person deletes the chat, which wipes it at once
    robin = await quiet.sign_in("robin")
    access = await held(quiet, robin)
    page = page_of(quiet, forms, robin, access)
    saved = await page.saves(area=["Leeds"])
    await quiet.young.delete(access)
    assert await quiet.kept(conversations.by_id, access.conversation) is None
    # Then the chat's id is gone from it, and robin still finds it and finishes it
    [lacking] = await record_search.unwritten(quiet.heart, robin)
    assert (lacking.conversation, lacking.record) == (None, saved.record)
    by_number = Page(quiet, forms, robin, Target(record=saved.record), after=saved.saves)
    _, lacking = await by_number.finishes(**WHOLE)
    assert lacking == {}
    # And a page that began to type only after that is kept as well, without the chat
    late = await page_of(quiet, forms, robin, access, name="late").saves(area=["York"])
    kept = await record.by_number(quiet.heart, robin, late.record)
    assert (kept.conversation, kept.answers) == (None, {"area": "York"})
    # And one can be begun for a chat that left nothing
    number = await record.begin_without_chat(quiet.heart, robin)
    assert (await record.by_number(quiet.heart, robin, number)).may_write


async def test_records_are_found_by_category_contact_and_day_and_by_nothing_else(quiet, forms):
    # Given robin's record of today and kit's of ten days later
    robin, kit, sam = [await quiet.sign_in(name) for name in ("robin", "kit", "sam")]
    first = await held(quiet, robin)
    one, _ = await page_of(quiet, forms, robin, first).finishes(**WHOLE)
    today = int(quiet.heart.now() // DAY_S)
    quiet.clock.pass_seconds(10 * DAY_S)
    robin, kit, sam = [await quiet.sign_in(name) for name in ("robin", "kit", "sam")]
    second = await held(quiet, kit)
    other = WHOLE | {"contact": ["friend"], "categories": ["rights.police"]}
    two, _ = await page_of(quiet, forms, kit, second).finishes(**other)

    async def found(session, **sought):
        rows, _ = await record_search.search(quiet.heart, session, Sought(**sought))
        return [row.id for row in rows]

    # Then a supervisor finds both, newest first, and each worker their own
    assert await found(sam) == [two.record, one.record]
    assert await found(robin) == [one.record]
    assert await found(robin, staff=kit.staff) == [one.record]
    # And by each of the three, of the upper level and of both
    assert await found(sam, category="home") == [one.record]
    assert await found(sam, category="home.hurt") == [one.record]
    assert await found(sam, category="home.neglect") == []
    assert await found(sam, category="hom") == []
    assert await found(sam, contact="friend") == [two.record]
    assert await found(sam, last_day=today) == [one.record]
    assert await found(sam, first_day=today + 1, last_day=today + 10) == [two.record]


async def test_more_records_than_fit_are_read_on_from_the_last(quiet, forms):
    # Given a record more than fits
    robin = await quiet.sign_in("robin")
    numbers = [
        await record.begin_without_chat(quiet.heart, robin)
        for _ in range(record_search.AT_ONCE + 1)
    ]
    # Then the first page leads to the rest
    rows, more = await record_search.search(quiet.heart, robin, Sought())
    rest, end = await record_search.search(quiet.heart, robin, Sought(), before=more)
    assert [row.id for row in [*rows, *rest]] == sorted(numbers, reverse=True)
    assert end is None


async def test_a_helper_who_would_like_to_talk_is_seen_by_every_supervisor_until_one_has(
    quiet, forms
):
    # Given a worker, and a supervisor's desk that listens
    robin, kit, sam = [await quiet.sign_in(name) for name in ("robin", "kit", "sam")]
    access = await held(quiet, robin)
    page = page_of(quiet, forms, robin, access)
    with quiet.heart.broadcast.listen(b"desk") as desk:
        # When robin would like to talk
        saved = await page.saves(wellbeing=["talk"])
        # Then the desk is woken
        assert (await desk.get()).kind == "queue"
    [ask] = await asks.asks(quiet.heart, sam)
    assert (ask.kind, ask.id, ask.name, ask.own) == ("talk", saved.record, "robin", False)
    # And no other worker is told
    assert await asks.asks(quiet.heart, kit) == []
    # And typing on does not ask again once it was seen
    with pytest.raises(NotAllowed):
        await asks.seen_talk(quiet.heart, kit, saved.record)
    await asks.seen_talk(quiet.heart, sam, saved.record)
    await page.saves(wellbeing=["talk"], area=["Leeds"])
    assert await asks.asks(quiet.heart, sam) == []
    # And to take it back and ask anew does
    await page.saves(wellbeing=["well"])
    await page.saves(wellbeing=["talk"])
    assert len(await asks.asks(quiet.heart, sam)) == 1
    await page.saves(wellbeing=["well"])
    assert await asks.asks(quiet.heart, sam) == []


async def test_a_supervisor_gives_a_finished_record_back_to_be_corrected(quiet, forms):
    # Given a finished record
    robin, sam = await quiet.sign_in("robin"), await quiet.sign_in("sam")
    access = await held(quiet, robin)
    saved, _ = await page_of(quiet, forms, robin, access).finishes(**WHOLE)
    # When a supervisor gives it back; a worker cannot
    with pytest.raises(NotAllowed):
        await record.reopen(quiet.heart, robin, saved.record)
    await record.reopen(quiet.heart, sam, saved.record)
    # Then who wrote it can write in it again
    again = await record.by_number(quiet.heart, robin, saved.record)
    assert again.may_write
    page = page_of(quiet, forms, robin, access, name="two", after=again.saves)
    _, lacking = await page.finishes(**WHOLE | {"outcome": ["no_change"]})
    assert lacking == {}


@pytest.mark.parametrize(("days", "kept"), [(None, 2190), (30, 30)])
async def test_records_are_kept_as_long_as_the_settings_say(quiet, forms, days, kept):
    # Given a record of today
    robin = await quiet.sign_in("robin")
    access = await held(quiet, robin)
    await page_of(quiet, forms, robin, access).finishes(**WHOLE)
    settings = Settings() if days is None else Settings(records_kept_days=days)
    # Then it is there until so many days later, and gone with its key and categories a day after
    quiet.clock.pass_seconds(kept * DAY_S)
    counts = await purge_now(quiet.heart.database, settings, quiet.clock())
    assert (counts.records, await count(quiet, tables.record)) == (0, 1)
    quiet.clock.pass_seconds(DAY_S)
    counts = await purge_now(quiet.heart.database, settings, quiet.clock())
    assert counts.records == 1
    for table in (tables.record, tables.record_key, tables.record_category):
        assert await count(quiet, table) == 0


async def test_a_record_stays_readable_when_somebody_leaves_and_the_team_key_is_renewed(
    quiet, forms
):
    # Given a record of kit's and one of robin's
    robin, kit, sam = [await quiet.sign_in(name) for name in ("robin", "kit", "sam")]
    first = await held(quiet, kit)
    old = await page_of(quiet, forms, kit, first).saves(area=["Leeds"])
    # When kit leaves, and the team key is a new one
    gone = await departures.let_go(quiet.heart, sam, kit.staff)
    assert gone.renewed
    robin, sam = await quiet.sign_in("robin"), await quiet.sign_in("sam")
    second = await held(quiet, robin)
    new = await page_of(quiet, forms, robin, second).saves(area=["York"])
    # Then a supervisor reads both, and the next helper goes on in the record of kit's chat
    for saved, area in ((old, "Leeds"), (new, "York")):
        read = await record.by_number(quiet.heart, sam, saved.record)
        assert read.answers["area"] == area
    await quiet.desk.take(robin, first.conversation.hex())
    seen = await record.of_chat(quiet.heart, robin, first.conversation)
    assert (seen.answers["area"], seen.by, seen.may_write) == ("Leeds", "kit", True)
    # And what is sealed from then on is wrapped for the new key alone
    holders = await quiet.kept(
        lambda c: dict(
            c.execute(select(tables.record_key.c.record, tables.record_key.c.holder)).all()
        )
    )
    assert holders == {old.record: "team:1", new.record: "team:2"}
