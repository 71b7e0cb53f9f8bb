"""Settings are read from three places in one order, and say when the helpline opens next."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from helpline.settings import EXPECTED, Settings, SettingsError

LONDON = ZoneInfo("Europe/London")
HOURS = {
    "monday": [["09:00", "23:00"]],
    "tuesday": [["09:30", "12:00"], ["14:00", "17:00"]],
    "friday": [["18:00", "02:00"]],
}


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in the week that begins on Monday 2 November 2026."""
    return datetime(2026, 11, 1 + day, hour, minute, tzinfo=LONDON)


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(tmp_path: Path):
    # Given three places that name three ports
    (tmp_path / "helpline.toml").write_text('port = 8001\nservice_name = "Harbour"\n')
    home = {"WAYMARK_HOME": str(tmp_path)}
    # Then the nearest to the person wins, and the rest still counts
    assert Settings.load(home).port == 8001
    assert Settings.load(home | {"WAYMARK_PORT": "8002"}).port == 8002
    assert Settings.load(home | {"WAYMARK_PORT": "8002"}, port=8003).port == 8003
    assert Settings.load(home, port=8003).service_name == "Harbour"


def test_the_file_is_read_from_the_current_folder_when_the_home_has_none(tmp_path: Path):
    (tmp_path / "helpline.toml").write_text("port = 8001\n")
    assert Settings.load({}, tmp_path, home=tmp_path / "home").port == 8001
    assert Settings.load({}, tmp_path / "elsewhere", home=tmp_path / "home").port == 8000


def test_a_postgresql_address_gets_the_driver_that_waymark_uses(tmp_path: Path):
    loaded = Settings.load({"DATABASE_URL": "postgresql://u:p@h/d"}, tmp_path)
    assert loaded.database_url == "postgresql+asyncpg://u:p@h/d"
    assert Settings(home=tmp_path).database_url == f"sqlite:///{tmp_path}/waymark.db"


def test_secrets_are_not_printed_with_the_settings(tmp_path: Path):
    hidden = "0123456789abcdef0123456789abcdef"
    loaded = Settings(home=tmp_path, secret=hidden, database_url=f"postgresql://u:{hidden}@h/d")
    assert hidden not in repr(loaded)
    with pytest.raises(ValidationError) as wrong:
        Settings(home=tmp_path, database_url=f"mysql://u:{hidden}@h/d")
    assert hidden not in str(wrong.value)


def test_the_parts_read_the_same_settings_that_up_was_given(tmp_path: Path):
    told = Settings(
        home=tmp_path,
        phone="0800 000 000",
        website=("https://a.example", "https://b.example:8443"),
        opening_hours=HOURS,
        demo=True,
        secret="s" * 32,
        bot_url="http://127.0.0.1:1",
    )
    assert Settings.load(told.to_environment(), tmp_path) == told
    assert Settings.load(Settings(home=tmp_path).to_environment(), tmp_path) == Settings(
        home=tmp_path
    )


@pytest.mark.parametrize(
    "origin", ["https://a.example/path", "a.example", "https://*", "https://a.example; x", ""]
)
def test_only_an_origin_may_embed_the_chat(tmp_path: Path, origin):
    with pytest.raises(SettingsError, match="The setting website must be a list of origins"):
        Settings.load({}, tmp_path, home=tmp_path, website=(origin,))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (at(1, 8), "9am"),
        (at(1, 9), None),
        (at(1, 22, 59), None),
        (at(1, 23), "9:30am tomorrow"),
        (at(2, 12), "2pm"),
        (at(2, 20), "6pm on Friday"),
        (at(5, 23), None),
        (at(6, 1, 59), None),
        (at(6, 2), "9am on Monday"),
        (at(7, 12), "9am tomorrow"),
    ],
)
def test_the_next_opening_is_told_in_plain_words(tmp_path: Path, now, said):
    assert Settings(home=tmp_path, opening_hours=HOURS).opens(now) == said
    # And the caller's own time zone changes nothing
    tokyo = now.astimezone(ZoneInfo("Asia/Tokyo"))
    assert Settings(home=tmp_path, opening_hours=HOURS).opens(tokyo) == said


def test_unknown_hours_promise_nothing(tmp_path: Path):
    assert Settings(home=tmp_path).opens(at(1, 3)) is None


@given(
    name=st.sampled_from(sorted(EXPECTED.keys() - {"database_url"})),
    value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
)
@example(name="home", value="~0")
def test_any_value_is_either_taken_or_refused_by_name(name, value):
    # Given anything at all as the value of a setting
    sentence = ""
    try:
        loaded = Settings.load({f"WAYMARK_{name.upper()}": value}, Path("/nonexistent"))
    except SettingsError as refused:
        sentence = str(refused)
    else:
        # Then it is taken, and can be used
        assert loaded.address
        assert loaded.opens(at(1, 3)) is None or loaded.opening_hours
    # Or it is refused in one line that names it
    assert not sentence or f"setting {name} " in sentence or "state folder" in sentence
    assert "\n" not in sentence
