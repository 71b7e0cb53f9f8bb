"""When the helpline is open: bank holidays, evenings past midnight, both changes of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.hours import Opening
from helpline.settings import Settings, SettingsError

LONDON = ZoneInfo("Europe/London")
EVENING = ((time(18), time(2)),)
DAY = ((time(9), time(23)),)


def opening(**days) -> Opening:
    dates = days.pop("dates", {})
    return Opening(days, dates, LONDON)


def every_day(hours, dates=None) -> Opening:
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return Opening(dict.fromkeys(names, hours), dates or {}, LONDON)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def test_a_bank_holiday_goes_before_the_weekday():
    # Given a helpline that is closed on Christmas Day and opens late on the day after
    dates = {date(2026, 12, 25): (), date(2026, 12, 26): ((time(12), time(16)),)}
    helpline = every_day(DAY, dates)
    # Then it is closed all day, and says when somebody is there
    assert not helpline.is_open(at("2026-12-25T12:00"))
    assert helpline.opens(at("2026-12-24T23:30")) == "midday on Saturday"
    assert helpline.opens(at("2026-12-25T12:00")) == "midday tomorrow"
    assert helpline.is_open(at("2026-12-26T15:59"))
    assert helpline.opens(at("2026-12-26T16:00")) == "9am tomorrow"


def test_an_evening_that_began_before_a_holiday_goes_on_into_it():
    helpline = every_day(EVENING, {date(2026, 12, 25): ()})
    assert helpline.is_open(at("2026-12-25T01:59"))
    assert not helpline.is_open(at("2026-12-25T02:00"))
    assert helpline.opens(at("2026-12-25T20:00")) == "6pm tomorrow"


def test_a_long_holiday_is_told_with_its_date():
    # Given a helpline that is closed over Christmas for longer than a week
    closed = {date(2026, 12, 24) + timedelta(days=ahead): () for ahead in range(11)}
    helpline = every_day(DAY, closed)
    # Then no weekday alone is said: it would mean the next one
    assert helpline.opens(at("2026-12-24T08:00")) == "9am on Monday 4 January"
    assert helpline.opens(at("2026-12-29T08:00")) == "9am on Monday"


def test_hours_that_never_come_promise_nothing():
    assert Opening({}, {}, LONDON).opens(at("2026-12-24T08:00")) is None
    assert Opening({}, {date(2020, 1, 1): DAY}, LONDON).opens(at("2026-12-24T08:00")) is None


@pytest.mark.parametrize(
    ("utc", "is_open"),
    [
        # The clocks go forward on Sunday 29 March 2026, 1am to 2am: an hour shorter
        ("2026-03-29T00:59", True),
        ("2026-03-29T01:00", False),
        # They go back on Sunday 25 October 2026, 2am to 1am: an hour longer
        ("2026-10-25T00:30", True),
        ("2026-10-25T01:30", True),
        ("2026-10-25T02:00", False),
    ],
)
def test_an_evening_across_a_change_of_clocks_ends_when_the_wall_says_so(utc, is_open):
    assert every_day(EVENING).is_open(datetime.fromisoformat(utc).replace(tzinfo=UTC)) is is_open


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_the_morning_after_a_change_of_clocks_opens_when_the_wall_says_so(day):
    # Given the day on which the clocks change
    helpline = every_day(DAY)
    nine = datetime.combine(day, time(9), LONDON).astimezone(UTC)
    # Then it opens at nine by the new clock, and that is what is said the evening before
    assert helpline.is_open(nine)
    assert not helpline.is_open(nine - timedelta(seconds=1))
    assert helpline.opens(datetime.combine(day, time(0, 30), LONDON)) == "9am"
    evening_before = datetime.combine(day - timedelta(days=1), time(23, 30), LONDON)
    assert helpline.opens(evening_before) == "9am tomorrow"


def test_a_time_that_the_clocks_leave_out_is_told_as_the_one_they_go_to():
    helpline = opening(sunday=((time(1, 30), time(6)),))
    assert helpline.opens(datetime(2026, 3, 29, 0, 30, tzinfo=LONDON)) == "2am"
    assert helpline.is_open(datetime(2026, 3, 29, 1, 0, tzinfo=UTC))


@given(
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001
    start=st.times(),
    end=st.times(),
    closed=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)
def test_what_is_said_is_never_in_the_past_and_comes_true(moment, start, end, closed):
    # Given any hours, any holiday and any moment
    helpline = every_day(
        ((start.replace(microsecond=0), end.replace(microsecond=0)),), {closed: ()}
    )
    now = moment.replace(tzinfo=UTC)
    # Then it is open, or the next opening lies ahead and it is open then
    if not helpline.is_open(now):
        wall = helpline.next_opening(now)
        assert wall is not None
        assert wall > now.astimezone(LONDON).replace(tzinfo=None)
        assert helpline.is_open(wall.replace(tzinfo=LONDON, fold=0))


def test_settings_read_holidays_from_the_file_and_refuse_what_is_no_date(tmp_path):
    file = tmp_path / "helpline.toml"
    file.write_text('[bank_holidays]\n2026-12-25 = []\n2026-12-26 = [["12:00", "16:00"]]\n')
    loaded = Settings.load({}, tmp_path, home=tmp_path)
    assert loaded.bank_holidays == {
        date(2026, 12, 25): (),
        date(2026, 12, 26): ((time(12), time(16)),),
    }
    # And the parts read the same
    assert Settings.load(loaded.to_environment(), tmp_path) == loaded
    for wrong in ("christmas = []", "2026-13-01 = []", "5 = []", '2026-12-25 = "closed"'):
        file.write_text(f"[bank_holidays]\n{wrong}\n")
        with pytest.raises(SettingsError, match="The setting bank_holidays must be dates"):
            Settings.load({}, tmp_path, home=tmp_path)


def test_a_lead_is_on_call_in_their_hours_or_always_and_never_without_an_address(tmp_path):
    lead = {"reaches": "on_call", "address": "json://127.0.0.1:9/"}
    nights = {"friday": [["23:00", "07:00"]]}
    now = at("2026-11-28T02:00")
    assert not Settings(home=tmp_path).on_call(now)
    assert not Settings(home=tmp_path, on_call_hours=nights).on_call(now)
    assert Settings(home=tmp_path, alerts=(lead,)).on_call(now)
    assert Settings(home=tmp_path, alerts=(lead,), on_call_hours=nights).on_call(now)
    later = now + timedelta(hours=6)
    assert not Settings(home=tmp_path, alerts=(lead,), on_call_hours=nights).on_call(later)
    others = {"reaches": "supervisors", "address": "json://127.0.0.1:9/"}
    assert not Settings(home=tmp_path, alerts=(others,)).on_call(now)


@pytest.mark.parametrize(
    "wrong",
    [
        [{"reaches": "on_call", "address": "nonsense"}],
        [{"reaches": "on_call", "address": "nosuchservice://x"}],
        [{"reaches": "everybody", "address": "json://127.0.0.1:9/"}],
        [{"reaches": "on_call"}],
        "not json",
        "5",
    ],
)
def test_an_alert_address_that_cannot_be_used_stops_the_start_by_name(tmp_path, wrong):
    with pytest.raises(SettingsError, match="The setting alerts must be a list such as"):
        Settings.load({}, tmp_path, home=tmp_path, alerts=wrong)


def test_the_password_in_an_alert_address_is_printed_nowhere(tmp_path, caplog, capfd):
    hidden = "hunter2hunter2"
    good = {"reaches": "on_call", "address": f"mailtos://u:{hidden}@example.org?to=a@example.org"}
    loaded = Settings.load({}, tmp_path, home=tmp_path, alerts=[good])
    assert hidden not in repr(loaded)
    assert Settings.load(loaded.to_environment(), tmp_path) == loaded
    bad = {"reaches": "on_call", "address": f"nosuch://u:{hidden}@example.org"}
    with pytest.raises(SettingsError) as refused:
        Settings.load({}, tmp_path, home=tmp_path, alerts=[bad])
    assert hidden not in str(refused.value) + caplog.text + "".join(capfd.readouterr())


def test_the_desks_address_is_the_one_that_staff_reach(tmp_path):
    assert Settings(home=tmp_path, port=8001).desk == "http://127.0.0.1:8001/desk"
    named = Settings(home=tmp_path, desk_address="https://chat.example/desk")
    assert named.desk == "https://chat.example/desk"
