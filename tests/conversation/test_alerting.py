"""Alerts that leave the desk: what they say, whom they reach, and what happens when they cannot."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from helpline.alerts import Alert
from helpline.conversation.alarms import alarms
from helpline.conversation.alerting import Alerting
from helpline.conversation.lookout import Lookout
from helpline.settings import Settings
from helpline.store import tables
from tests.conftest import ROOT, free_port
from tests.conversation.receiver import receiver
from tests.conversation.shift import DANGER, Shift, quiet_helpline

NIGHT = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
AT_ONCE = (0.0, 0.0)
pytestmark = pytest.mark.slow


def to(*addresses, reaches="on_call"):
    return [Alert(reaches=reaches, address=address) for address in addresses]


def by(alerts, *, on_call=True, **how):
    return Alerting(alerts, lambda _: on_call, pauses_s=AT_ONCE, **how)


@pytest.fixture
async def called(make_helpline, team):
    """A helpline like `quiet`, with a lead on call."""
    async with quiet_helpline(make_helpline, team, on_call=lambda _: True) as helpline:
        yield helpline


async def test_an_alert_arrives_with_its_words_and_nothing_else():
    with receiver() as hook:
        sender = by(to(hook.address))
        assert await sender.send(sender.reached(NIGHT), "Harbour: level 4", "A level 4 waits") == (
            "sent"
        )
    [body] = hook.bodies
    assert (body["title"], body["message"]) == ("Harbour: level 4", "A level 4 waits")
    # And it names no place of this machine, nor one in the internet
    rest = json.dumps({name: value for name, value in body.items() if name != "message"})
    assert "http" not in rest


async def test_a_refusal_is_tried_three_times_and_logged_as_a_code(caplog):
    with receiver(status=500) as hook:
        sender = by(to(hook.address))
        assert await sender.send(sender.reached(NIGHT), "title", "words of the alert") == "failed"
    assert len(hook.bodies) == 3
    assert caplog.text.count("alert_refused") == 3
    assert "words of the alert" not in caplog.text
    assert hook.address not in caplog.text


async def test_nobody_listening_is_a_failure_too():
    sender = by(to(f"json://127.0.0.1:{free_port()}/hook"))
    assert await sender.send(sender.reached(NIGHT), "title", "body") == "failed"


async def test_one_that_hangs_holds_up_no_other():
    # Given one who never answers and one who does
    with receiver(status=None) as hanging, receiver() as hook:
        sender = Alerting(to(hanging.address, hook.address), lambda _: True, pauses_s=())
        # Then the other is reached, and the hanging one is given up
        assert await sender.send(sender.reached(NIGHT), "title", "body") == "part"
        assert (len(hanging.bodies), len(hook.bodies)) == (1, 1)


async def test_one_that_answers_a_letter_at_a_time_is_stopped(caplog):
    # Given one whose answer never ends, so that no connection ever times out
    with receiver(drips=True) as dripping:
        sender = Alerting(to(dripping.address), lambda _: True, 10.0, ())
        assert await sender.send(sender.reached(NIGHT), "title", "body") == "failed"
        assert dripping.asked.is_set()
    assert "alert_too_slow" in caplog.text


async def test_a_redirect_leads_to_no_host_that_helpline_toml_does_not_name():
    with receiver() as elsewhere:
        there = elsewhere.address.replace("json://", "http://")
        with receiver(status=307, leads_to=there) as hook:
            sender = by(to(hook.address))
            assert await sender.send(sender.reached(NIGHT), "title", "body") == "failed"
            assert hook.bodies
        assert elsewhere.bodies == []


async def test_a_proxy_of_the_machine_hears_nothing(monkeypatch):
    with receiver() as proxy, receiver() as hook:
        address = proxy.address.removeprefix("json://").removesuffix("/hook")
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{address}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        sender = by(to(hook.address))
        assert await sender.send(sender.reached(NIGHT), "title", "body") == "sent"
        assert proxy.bodies == []


def test_the_sender_is_told_none_of_the_services_secrets(monkeypatch):
    from helpline.conversation.alerting import _environment

    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@h/d")
    monkeypatch.setenv("WAYMARK_SECRET", "s" * 32)
    assert not {"DATABASE_URL", "WAYMARK_SECRET"} & _environment().keys()
    assert "PATH" in _environment()


def test_what_goes_wrong_while_sending_is_printed_nowhere():
    # Given an address with a password that nobody answers
    told = {"address": f"json://u:hunter2@127.0.0.1:{free_port()}/", "title": "t", "body": "b"}
    done = subprocess.run(
        [sys.executable, "-m", "helpline.messenger"],
        input=json.dumps(told),
        cwd=ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    # Then it fails with nothing but its exit status
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


def test_out_of_their_hours_a_lead_is_not_reached_and_supervisors_are():
    alerts = [*to("json://127.0.0.1:9/a"), *to("json://127.0.0.1:9/b", reaches="supervisors")]
    assert by(alerts).reached(NIGHT) == alerts
    assert by(alerts, on_call=False).reached(NIGHT) == alerts[1:]


async def test_a_level_4_with_nobody_at_the_desk_reaches_the_lead_and_says_nothing_of_the_chat(
    called,
):
    # Given nobody at the desk, and a lead on call
    with receiver() as hook:
        settings = Settings(
            alerts=to(hook.address), service_name="Harbour", desk_address="https://x.example/desk"
        )
        shift = Shift(called, Lookout(called.heart, by(settings.alerts), settings))
        _, access = await called.begin()
        await shift.writes(access)
        # When the service looks next, once and again
        await shift.tick()
        await shift.lookout.settled()
        await shift.passes(180)
        await shift.lookout.settled()
    # Then one alert came, with since when and the desk's address, and no word or id of the chat
    [body] = hook.bodies
    assert body["title"] == "Harbour: level 4"
    assert body["message"] == (
        "A level 4 waits for a helper since 20:00. Desk: https://x.example/desk"
    )
    said = json.dumps(body)
    assert access.conversation.hex() not in said
    assert not any(word in said for word in DANGER.split() if len(word) > 3)
    # And the audit log knows that it went
    entry = await shift.entry(access)
    assert (entry.alert, entry.lead_told_at) == (
        "sent",
        datetime(2026, 11, 21, 20, tzinfo=UTC).timestamp(),
    )
    actions = await called.kept(
        lambda c: [row.action for row in c.execute(tables.audit_entry.select())]
    )
    assert actions.count("alert sent") == 1


async def test_two_services_on_one_database_send_one_alert(called):
    # Given two processes' lookouts over the same level 4
    with receiver() as hook:
        settings = Settings(alerts=to(hook.address))
        lookouts = [Lookout(called.heart, by(settings.alerts), settings) for _ in range(2)]
        shift = Shift(called, lookouts[0])
        _, access = await called.begin()
        await shift.writes(access)
        for lookout in lookouts:
            await lookout.look()
        for lookout in lookouts:
            await lookout.settled()
    assert len(hook.bodies) == 1


async def test_an_alert_that_failed_is_on_the_supervisors_desk_until_one_goes_out(quiet):
    # Given a lead who cannot be reached, and a desk where nobody reacts
    settings = Settings(alerts=to(f"json://127.0.0.1:{free_port()}/", reaches="supervisors"))
    shift = Shift(quiet, Lookout(quiet.heart, by(settings.alerts), settings))
    robin, sam = await shift.signs_in("robin"), await shift.signs_in("sam")
    _, access = await quiet.begin()
    await shift.writes(access)
    await shift.passes(60)
    alerted = quiet.heart.now()
    await shift.lookout.settled()
    # Then supervisors see it, workers do not
    assert (await alarms(quiet.heart, sam)).trouble == alerted
    assert (await alarms(quiet.heart, robin)).trouble is None
    # And it is over when the next alert goes out
    with receiver() as hook:
        settings = Settings(alerts=to(hook.address, reaches="supervisors"))
        shift.lookout = Lookout(quiet.heart, by(settings.alerts), settings)
        _, other = await quiet.begin()
        await shift.writes(other)
        await shift.passes(60)
        await shift.lookout.settled()
    assert hook.bodies
    assert (await alarms(quiet.heart, sam)).trouble is None


async def test_stopping_the_service_stops_a_sender_that_hangs(called):
    with receiver(status=None) as hook:
        settings = Settings(alerts=to(hook.address))
        shift = Shift(called, Lookout(called.heart, by(settings.alerts, within_s=60.0), settings))
        _, access = await called.begin()
        await shift.writes(access)
        await shift.tick()
        await shift.lookout.stop()
    # Then the alert is still owed: who comes next sends it
    assert (await shift.entry(access)).alert == "sending"
