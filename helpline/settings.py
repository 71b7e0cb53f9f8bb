"""What can be set, from where, and one sentence when it is wrong; nothing here acts on it."""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from helpline.alerts import Alert
from helpline.hours import WEEKDAYS, Hours, Opening

ROOT: Final = Path(__file__).resolve().parent.parent
SETTINGS_FILE: Final = "helpline.toml"
DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")

# What each setting must be, in the words of the sentence that refuses it.
EXPECTED: Final[Mapping[str, str]] = {
    "service_name": "a name of 1 to 40 characters",
    "phone": "a telephone number of digits and spaces",
    "exit_address": "an http or https address",
    "website": "a list of origins such as https://charity.example",
    "home": "a folder",
    "demo": "true or false",
    "host": "an IP address or localhost",
    "port": "a whole number from 1 to 65535",
    "database_url": "an address that begins with postgresql:// or sqlite://",
    "bot_url": "an http address",
    "actions_url": "an http address",
    "secret": "at least 32 characters",
    "forwarded_secret": "at least 32 letters, digits, - or _",
    "opening_hours": 'weekdays with times, such as monday = [["09:00", "23:00"]]',
    "bank_holidays": 'dates with times, such as 2026-12-25 = [] or [["10:00", "16:00"]]',
    "answer_within_minutes": "a whole number of minutes from 1 to 120",
    "alerts": 'a list such as [{reaches = "on_call", address = "mailtos://…"}]',
    "on_call_hours": 'weekdays with times, such as monday = [["23:00", "09:00"]]',
    "desk_address": "an http or https address",
    "timezone": "a time zone such as Europe/London",
    "log_level": "DEBUG, INFO, WARNING or ERROR",
    "assistant_chats_kept_hours": "a whole number of hours from 1",
    "handed_off_chats_kept_days": "a whole number of days from 1",
    "records_kept_days": "a whole number of days from 1",
    "broken_confidentiality_kept_days": "a whole number of days from 1",
    "key_backups_kept_days": "a whole number of days from 1",
    "row_backups_kept_days": "a whole number of days from 1",
}
# Set by `waymark up` for the parts that it starts; a person sets them nowhere.
PARTS_ONLY: Final = frozenset({"bot_url", "actions_url", "secret"})
ENVIRONMENT_ONLY: Final = PARTS_ONLY | {"home", "database_url"}

Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]


class SettingsError(Exception):
    """A setting is missing or malformed; the message names it and what was expected."""


class Settings(BaseModel):
    """Every setting, checked. Made by `load`; times of opening are in `timezone`.

    How long records, and records of a broken confidentiality, are kept only the charity can
    decide; what stands here (6 and 25 years) is a placeholder for its trustees' schedule. What was
    deleted can be brought back for as long as backups of its keys are kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    service_name: Annotated[str, Field(min_length=1, max_length=40)] = "Waymark"
    phone: Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ]{1,20}$")] | None = None
    exit_address: Address = "https://www.bbc.co.uk/weather"
    website: tuple[str, ...] = ()
    home: Path = ROOT / "var"
    demo: bool = False
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    database_url: str = Field(default="", repr=False)
    bot_url: Address | None = None
    actions_url: Address | None = None
    secret: str | None = Field(default=None, min_length=32, repr=False)
    forwarded_secret: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{32,}$")] | None = Field(
        default=None, repr=False
    )
    opening_hours: Mapping[str, Hours] = Field(default_factory=dict)
    bank_holidays: Mapping[date, Hours] = Field(default_factory=dict)
    answer_within_minutes: Annotated[int, Field(ge=1, le=120)] = 5
    alerts: tuple[Alert, ...] = ()
    on_call_hours: Mapping[str, Hours] = Field(default_factory=dict)
    desk_address: Address | None = None
    timezone: str = "Europe/London"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    assistant_chats_kept_hours: Annotated[int, Field(ge=1)] = 24
    handed_off_chats_kept_days: Annotated[int, Field(ge=1)] = 90
    records_kept_days: Annotated[int, Field(ge=1)] = 2190
    broken_confidentiality_kept_days: Annotated[int, Field(ge=1)] = 9131
    key_backups_kept_days: Annotated[int, Field(ge=1)] = 2
    row_backups_kept_days: Annotated[int, Field(ge=1)] = 30

    @classmethod
    def load(
        cls,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        **given: object,
    ) -> Self:
        """The settings in force: `given` (from the command line), then WAYMARK_… and DATABASE_URL
        of `environment` (default: the process's), then helpline.toml in the home, else in `folder`
        (default: the current one). Raises SettingsError.
        """
        chosen: dict[str, object] = _from_environment(
            os.environ if environment is None else environment
        )
        chosen |= {name: value for name, value in given.items() if value is not None}
        home = Path(str(chosen.get("home", ROOT / "var")))
        places = (home / SETTINGS_FILE, (folder or Path.cwd()) / SETTINGS_FILE)
        try:
            file = next((place for place in places if place.is_file()), None)
        except OSError:
            raise SettingsError(f"The state folder {home} cannot be read.") from None
        try:
            return cls.model_validate((_from_file(file) if file else {}) | chosen)
        except ValidationError as error:
            raise SettingsError(_sentence(error)) from None

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.host == "localhost" or ip_address(self.host).is_loopback

    @property
    def address(self) -> str:
        """Where the chat is, ending in a slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    def to_environment(self) -> dict[str, str]:
        """The same settings as variables, for a part that reads them with `load`."""
        variables: dict[str, str] = {}
        for name, value in self.model_dump(mode="json", exclude_none=True).items():
            variable = "DATABASE_URL" if name == "database_url" else f"WAYMARK_{name.upper()}"
            if name == "website":
                variables[variable] = ",".join(value)
            else:
                variables[variable] = value if isinstance(value, str) else json.dumps(value)
        return variables

    def opens(self, now: datetime) -> str | None:
        """The next opening in plain words, bank holidays heeded (see `Opening.opens`)."""
        zone = ZoneInfo(self.timezone)
        return Opening(self.opening_hours, self.bank_holidays, zone).opens(now)

    def on_call(self, now: datetime) -> bool:
        """Whether an on-call lead can be alerted now: in `on_call_hours`, or always without any."""
        if not any(alert.reaches == "on_call" for alert in self.alerts):
            return False
        hours = Opening(self.on_call_hours, {}, ZoneInfo(self.timezone))
        return not self.on_call_hours or hours.is_open(now)

    @property
    def desk(self) -> str:
        """Where the desk is, as staff reach it."""
        return self.desk_address or f"{self.address}desk"

    @field_validator("website", mode="before")
    @classmethod
    def _origins(cls, value: object) -> object:
        listed = value.split(",") if isinstance(value, str) and value else value or ()
        if not isinstance(listed, list | tuple):
            raise ValueError("not a list")
        return tuple(_origin(origin) for origin in listed)

    @field_validator("host")
    @classmethod
    def _ip_address(cls, value: str) -> str:
        if value != "localhost":
            ip_address(value)
        return value

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return _folder(value)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, KeyError):
            raise ValueError("unknown") from None
        return value

    @field_validator("alerts", mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value

    @field_validator("bank_holidays", mode="before")
    @classmethod
    def _dates(cls, value: object) -> object:
        days = json.loads(value) if isinstance(value, str) else value
        if not isinstance(days, Mapping) or any(not DATE.fullmatch(str(day)) for day in days):
            raise ValueError("not dates")
        return days

    @field_validator("opening_hours", "on_call_hours", mode="before")
    @classmethod
    def _week(cls, value: object) -> object:
        week = json.loads(value) if isinstance(value, str) else value
        if not isinstance(week, Mapping) or any(day not in WEEKDAYS for day in week):
            raise ValueError("not weekdays")
        return week

    @model_validator(mode="before")
    @classmethod
    def _database(cls, data: Any) -> Any:
        url = data.get("database_url")
        if not url:
            with suppress(ValueError):  # the field itself refuses such a home by its name
                home = _folder(Path(str(data.get("home", ROOT / "var"))))
                return {**data, "database_url": f"sqlite:///{home / 'waymark.db'}"}
            return {**data, "database_url": "sqlite://"}
        scheme, separator, rest = str(url).partition("://")
        if scheme in {"postgres", "postgresql"}:
            return {**data, "database_url": f"postgresql+asyncpg{separator}{rest}"}
        return data

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("postgresql+asyncpg://", "sqlite://")):
            raise ValueError("unknown database")
        return value


def _folder(path: Path) -> Path:
    """The folder's whole path; raises ValueError for the home of an account that is not there."""
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError("no such account") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    chosen: dict[str, object] = {}
    for variable, value in environment.items():
        if variable == "DATABASE_URL":
            chosen["database_url"] = value
        elif variable.startswith("WAYMARK_"):
            name = variable.removeprefix("WAYMARK_").lower()
            if name not in EXPECTED or name == "database_url":
                raise SettingsError(f"There is no setting {variable}: take it out or correct it.")
            chosen[name] = value
    return chosen


def _from_file(file: Path) -> dict[str, object]:
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise SettingsError(f"{file} cannot be read.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file} is not UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not TOML: {error}.") from None
    for name in read:
        if name not in EXPECTED or name in ENVIRONMENT_ONLY:
            raise SettingsError(f"There is no setting {name} in {file}: take it out or correct it.")
    return read


def _sentence(error: ValidationError) -> str:
    name = str(error.errors()[0]["loc"][0])
    return f"The setting {name} must be {EXPECTED.get(name, 'one that exists')}."


def _origin(value: object) -> str:
    parts = urlsplit(str(value).strip())
    bare = f"{parts.scheme}://{parts.netloc}"
    if (
        parts.scheme not in {"http", "https"}
        or not parts.netloc
        or str(value).strip().rstrip("/") != bare
        or any(character in bare for character in " ;,'\"@*")
    ):
        raise ValueError("not an origin")
    return bare
