"""Breaking confidentiality: nothing waits for the second person, and years later all is plain."""

import pytest
from sqlalchemy import func, select

from helpline.conversation import asks, breaking, record, second_view
from helpline.conversation.errors import (
    ChangedElsewhere,
    Invalid,
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
from safeguarding.signals import load_signals
from tests.conftest import ROOT
from tests.conversation.on_disk import everything

SECRET = "kingfisher under the bridge"
DECISION = {
    "danger_now": ["no"],
    "reason": [SECRET],
    "ground": ["harm_to_self"],
    "told": ["I told them at ten that I would ring"],
    "said": ["ok. please dont say my name"],
    "decided_by": ["me"],
}
SHARING = {
    "to": ["police_999"],
    "whom": ["Officer Reed, control room"],
    "words": ["A young person has said where they are"],
    "reference": ["1234 of today"],
}
DAY_S = 86_400


@pytest.fixture(scope="module")
def forms():
    signals = load_signals(ROOT / "data" / "safeguarding" / "signals.yml")
    return Forms.load(ROOT / "data" / "desk" / "record.yml", signals)


class Pages:
    """Pages of one person, each with a name of its own, as the server draws them."""

    def __init__(self, quiet, forms, session):
        self.heart, self.forms, self.session, self.drawn = quiet.heart, forms, session, 0

    def sent(self, fields, after=0, turn=1):
        self.drawn += 1
        return Sent(fields, f"{self.session.name} {self.drawn}", turn, after)

    async def saves(self, target, after=0, **fields):
        sent = self.sent(fields, after)
        return await breaking.save(self.heart, self.forms, self.session, target, sent)

    async def decides(self, target, after=0, **fields):
        sent = self.sent(fields, after)
        return await breaking.decide(self.heart, self.forms, self.session, target, sent)

    async def shares(self, number, **fields):
        after = (await self.reads(number)).saves
        sent = self.sent(fields, after)
        return await breaking.share(self.heart, self.forms, self.session, number, sent)

    async def views(self, number, verdict="agree", why="It is what I would do"):
        await second_view.give_view(
            self.heart, self.forms, self.session, number, verdict=verdict, why=why
        )

    async def reads(self, number):
        return await breaking.by_number(self.heart, self.session, number)

    async def asked(self):
        return [(ask.kind, ask.id) for ask in await asks.asks(self.heart, self.session)]


async def pages(quiet, forms, name):
    return Pages(quiet, forms, await quiet.sign_in(name))


async def held(quiet, worker):
    """A chat that this worker took."""
    _, access = await quiet.begin()
    await quiet.young.ask_for_person(access)
    await quiet.desk.take(worker, access.conversation.hex())
    return access


def kinds(shown):
    return [step.kind for step in shown.steps]


async def test_a_second_person_is_asked_at_once_and_nothing_waits_for_them(quiet, forms):
    # Given a worker who decides, life not in danger now
    robin, sam = await pages(quiet, forms, "robin"), await pages(quiet, forms, "sam")
    access = await held(quiet, robin.session)
    number, lacking = await robin.decides(Target(access.conversation), **DECISION)
    assert lacking == {}
    # Then a supervisor is asked at once
    assert await sam.asked() == [("view", number)]
    # When the worker goes on without waiting
    quiet.clock.pass_seconds(60)
    assert await robin.shares(number, **SHARING) == {}
    # Then it is shared, and it says that no view had come by then
    shown = await robin.reads(number)
    assert kinds(shown) == ["decided", "asked", "shared"]
    assert shown.steps[2].without
    # And when the view comes it stands after it, with name and time
    quiet.clock.pass_seconds(60)
    sam = await pages(quiet, forms, "sam")
    await sam.views(number, "disagree", "Social care first")
    robin = await pages(quiet, forms, "robin")
    shown = await robin.reads(number)
    assert kinds(shown) == ["decided", "asked", "shared", "view"]
    view = shown.steps[3]
    assert (view.name, view.verdict, view.lines) == (
        "sam",
        "disagree",
        (("I disagree", ("Social care first",)),),
    )
    assert view.at == shown.steps[2].at + 60
    # And nobody is asked any more, and its writer is told that it was answered
    assert await sam.asked() == []
    assert await robin.asked() == [("answer", number)]
    # And what is shared after it says nothing of a lacking view
    await robin.shares(number, **SHARING | {"to": ["social_care"]})
    assert not (await robin.reads(number)).steps[4].without


async def test_with_life_in_danger_the_second_person_is_asked_afterwards(quiet, forms):
    # Given a decision with life in danger now
    robin, sam = await pages(quiet, forms, "robin"), await pages(quiet, forms, "sam")
    access = await held(quiet, robin.session)
    danger = DECISION | {"danger_now": ["yes"]}
    number, _ = await robin.decides(Target(access.conversation), **danger)
    # Then nobody is asked yet
    assert await sam.asked() == []
    assert kinds(await robin.reads(number)) == ["decided"]
    # When it is written down what was shared; Then they are
    quiet.clock.pass_seconds(120)
    await robin.shares(number, **SHARING)
    sam = await pages(quiet, forms, "sam")
    assert await sam.asked() == [("view", number)]
    shown = await robin.reads(number)
    assert sorted(kinds(shown)) == ["asked", "decided", "shared"]
    assert shown.steps[0].lines[0] == ("Life in danger now", ("Yes",))


async def test_with_life_in_danger_they_are_asked_even_if_nothing_more_is_written(quiet, forms):
    # Given such a decision of which nothing more is written down
    robin = await pages(quiet, forms, "robin")
    access = await held(quiet, robin.session)
    danger = DECISION | {"danger_now": ["yes"]}
    number, _ = await robin.decides(Target(access.conversation), **danger)
    # When a quarter of an hour has passed
    quiet.clock.pass_seconds(15 * 60 - 1)
    assert await (await pages(quiet, forms, "sam")).asked() == []
    quiet.clock.pass_seconds(1)
    # Then they are asked, and it says when
    sam = await pages(quiet, forms, "sam")
    assert await sam.asked() == [("view", number)]
    asked = (await sam.reads(number)).steps[1]
    assert (asked.kind, asked.at) == ("asked", quiet.heart.now())


async def test_the_second_person_is_never_the_same_and_a_worker_only_without_supervisors(
    quiet, forms
):
    # Given a decision of robin's, with a supervisor at the desk
    robin, kit = await pages(quiet, forms, "robin"), await pages(quiet, forms, "kit")
    sam = await pages(quiet, forms, "sam")
    access = await held(quiet, robin.session)
    number, _ = await robin.decides(Target(access.conversation), **DECISION)
    # Then robin can give no view of it
    with pytest.raises(NotAllowed):
        await robin.views(number)
    # And neither can kit, who is not asked and reads nothing
    assert await kit.asked() == []
    with pytest.raises(NotAllowed):
        await kit.views(number)
    with pytest.raises(NotAllowed):
        await kit.reads(number)
    # When the supervisor has gone
    await quiet.desk.sign_out(sam.session)
    # Then kit is asked, reads it and answers
    assert await kit.asked() == [("view", number)]
    assert (await kit.reads(number)).may_view
    await kit.views(number, "questions", "Do they know that you ring?")
    # And a worker who answered may read it on, but nobody else
    assert kinds(await kit.reads(number))[-1] == "view"
    with pytest.raises(NotAllowed):
        await kit.views(number)


async def test_a_supervisor_who_breaks_it_is_not_their_own_second_person(quiet, forms):
    # Given a supervisor who breaks the confidentiality of a worker's chat
    sam, kit = await pages(quiet, forms, "sam"), await pages(quiet, forms, "kit")
    robin = await pages(quiet, forms, "robin")
    access = await held(quiet, robin.session)
    number, _ = await sam.decides(Target(access.conversation), **DECISION)
    # Then the only supervisor here is the one who broke it: a worker is asked
    with pytest.raises(NotAllowed):
        await sam.views(number)
    assert await kit.asked() == [("view", number)]
    await kit.views(number)


async def test_questions_are_answered_and_the_second_person_is_asked_again(quiet, forms):
    # Given a supervisor with questions
    robin, sam = await pages(quiet, forms, "robin"), await pages(quiet, forms, "sam")
    access = await held(quiet, robin.session)
    number, _ = await robin.decides(Target(access.conversation), **DECISION)
    await sam.views(number, "questions", "Do they know?")
    assert await sam.asked() == []
    # When the worker answers
    quiet.clock.pass_seconds(30)
    await breaking.add(quiet.heart, robin.session, number, "Yes, since ten")
    # Then they are asked again, and both views stand in order
    assert await sam.asked() == [("view", number)]
    quiet.clock.pass_seconds(30)
    await sam.views(number, "agree", "Then yes")
    shown = await robin.reads(number)
    assert [step.kind for step in shown.steps] == [
        "decided",
        "asked",
        "view",
        "added",
        "asked",
        "view",
    ]
    # And an answer that came twice stands once
    await breaking.add(quiet.heart, robin.session, number, "They are safe")
    await breaking.add(quiet.heart, robin.session, number, "They are safe")
    assert kinds(await robin.reads(number)).count("added") == 2


async def test_what_was_typed_is_kept_and_only_its_writer_sees_a_draft(quiet, forms):
    # Given a form that is half filled in
    robin, sam = await pages(quiet, forms, "robin"), await pages(quiet, forms, "sam")
    access = await held(quiet, robin.session)
    target = Target(access.conversation)
    saved = await robin.saves(target, reason=[SECRET])
    # Then it is there after a reload, and a supervisor sees no draft
    begun, earlier = await breaking.of_chat(quiet.heart, robin.session, access.conversation)
    assert (begun.answers, begun.decided, earlier) == ({"reason": SECRET}, False, [])
    with pytest.raises(UnknownRecord):
        await sam.reads(saved.record)
    assert await breaking.listed(quiet.heart, sam.session) == []
    # And an old page does not undo it
    with pytest.raises(ChangedElsewhere):
        await robin.saves(target, reason=["old"])
    # And deciding says what is missing, and keeps what there is
    fields = {"reason": [SECRET], "ground": ["harm_to_self"]}
    number, lacking = await robin.decides(target, after=saved.saves, **fields)
    assert set(lacking) == {"danger_now", "told", "said", "decided_by"}
    assert number == saved.record
    kept = await robin.reads(number)
    assert (kept.decided, kept.answers) == (False, {"reason": SECRET, "ground": "harm_to_self"})
    # When it is decided; Then it stands for good
    await robin.decides(target, after=kept.saves, **DECISION)
    with pytest.raises(RecordFinished):
        await robin.decides(Target(record=number), after=99, **DECISION)
    assert [one.id for one in await breaking.listed(quiet.heart, sam.session)] == [number]
    # And the next in the same chat is another, which leads to the first
    begun, earlier = await breaking.of_chat(quiet.heart, robin.session, access.conversation)
    assert (begun.id, [one.id for one in earlier]) == (None, [number])


async def test_what_was_shared_is_written_once_however_often_it_is_sent(quiet, forms):
    # Given a decision
    robin = await pages(quiet, forms, "robin")
    access = await held(quiet, robin.session)
    number, _ = await robin.decides(Target(access.conversation), **DECISION)
    # When something is missing; Then it is named, and nothing is written down
    lacking = await robin.shares(number, to=["police_999"])
    assert set(lacking) == {"whom", "words"}
    assert "shared" not in kinds(await robin.reads(number))
    # When the same page sends the whole twice, because the answer was lost
    sent = robin.sent(SHARING, after=(await robin.reads(number)).saves, turn=3)
    for _ in range(2):
        assert await breaking.share(quiet.heart, forms, robin.session, number, sent) == {}
    # Then it stands once
    assert kinds(await robin.reads(number)).count("shared") == 1


async def test_only_who_held_the_chat_and_supervisors_can_break_it(quiet, forms):
    # Given a chat that robin holds
    robin, kit = await pages(quiet, forms, "robin"), await pages(quiet, forms, "kit")
    access = await held(quiet, robin.session)
    # Then kit can neither begin nor decide, and nothing is begun in a chat that never came
    with pytest.raises(NotYours):
        await breaking.of_chat(quiet.heart, kit.session, access.conversation)
    with pytest.raises(NotYours):
        await kit.decides(Target(access.conversation), **DECISION)
    _, alone = await quiet.begin()
    with pytest.raises(UnknownConversation):
        await robin.decides(Target(alone.conversation), **DECISION)
    # And of robin's, kit can neither share nor add
    number, _ = await robin.decides(Target(access.conversation), **DECISION)
    sent = kit.sent(SHARING, after=1)
    with pytest.raises(NotAllowed):
        await breaking.share(quiet.heart, forms, kit.session, number, sent)
    with pytest.raises(NotAllowed):
        await breaking.add(quiet.heart, kit.session, number, "me too")
    with pytest.raises(Invalid):
        await breaking.add(quiet.heart, robin.session, number, "  ")


async def test_no_word_of_it_is_on_disk_in_clear_and_the_audit_log_has_the_steps(
    quiet, forms, tmp_path
):
    # Given all its steps
    robin, sam = await pages(quiet, forms, "robin"), await pages(quiet, forms, "sam")
    access = await held(quiet, robin.session)
    number, _ = await robin.decides(Target(access.conversation), **DECISION)
    await robin.shares(number, **SHARING)
    await sam.views(number, "agree", "otter at the weir")
    await breaking.add(quiet.heart, robin.session, number, "heron on the bank")
    # Then no word of any is in the database, in which a search finds names
    held_there = await everything(quiet, tmp_path)
    for word in (SECRET, "Officer Reed", "1234 of today", "otter at", "heron on", "harm_to_self"):
        assert word.encode() not in held_there
    assert b"robin" in held_there
    # And the audit log says who did what, and about whom
    entry = tables.audit_entry.c
    query = select(entry.action, entry.staff, entry.about, entry.detail)
    rows = await quiet.kept(lambda c: [tuple(row) for row in c.execute(query)])
    by, of, which = robin.session.staff, sam.session.staff, str(number)
    for expected in (
        ("breaking decided", by, by, which),
        ("breaking shared", by, by, which),
        ("second view: agree", of, by, which),
        ("breaking added", by, by, which),
    ):
        assert expected in rows


async def test_it_outlives_its_chat_and_the_record_still_leads_to_it(quiet, forms):
    # Given a record of a chat whose confidentiality was broken
    robin = await pages(quiet, forms, "robin")
    access = await held(quiet, robin.session)
    number, _ = await robin.decides(Target(access.conversation), **DECISION)
    fields = {
        "phone_seen_by": ["nobody"],
        "contact": ["self"],
        "categories": ["home.hurt"],
        "confidentiality": ["broken"],
        "outcome": ["help_coming"],
    }
    sent = robin.sent(fields)
    target = Target(access.conversation)
    saved, lacking = await record.finish(quiet.heart, forms, robin.session, target, sent)
    assert lacking == {}
    # When the young person deletes the chat
    await quiet.young.delete(access)
    assert await quiet.kept(conversations.by_id, access.conversation) is None
    # Then both are there without its id, and the record leads on
    kept = await record.by_number(quiet.heart, robin.session, saved.record)
    assert (kept.conversation, kept.breakings) == (None, (number,))
    shown = await robin.reads(number)
    assert (shown.conversation, kinds(shown)) == (None, ["decided", "asked"])
    # And it goes on
    assert await robin.shares(number, **SHARING) == {}


@pytest.mark.parametrize(("days", "kept"), [(None, 9131), (60, 60)])
async def test_it_is_kept_as_long_as_the_settings_say(quiet, forms, days, kept):
    # Given one of today
    robin = await pages(quiet, forms, "robin")
    access = await held(quiet, robin.session)
    await robin.decides(Target(access.conversation), **DECISION)
    settings = Settings() if days is None else Settings(broken_confidentiality_kept_days=days)

    async def left():
        query = select(func.count()).select_from(tables.broken_confidentiality_key)
        await purge_now(quiet.heart.database, settings, quiet.clock())
        return await quiet.kept(lambda c: c.execute(query).scalar())

    # Then it is there until so many days later, and gone with its key a moment after
    quiet.clock.pass_seconds(kept * DAY_S)
    assert await left() == 1
    quiet.clock.pass_seconds(1)
    assert await left() == 0
