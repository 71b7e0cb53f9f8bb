"""The command line `./waymark`: reads words and prints sentences; the work is done elsewhere."""

# ruff: noqa: PLC0415 -- heavy imports stay inside the commands, so that `--help` is fast

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from helpline.settings import Settings

ROLES = ("worker", "supervisor", "editor", "admin", "auditor")
SHORTEST_PASSWORD = 12  # characters
HOME = click.option(
    "--home", type=click.Path(path_type=Path), help="Where all state lives (default: var/)."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Waymark: a chat for young people who are missing or exploited, and its helpline."""


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where the chat listens.")
@HOME
@click.option("--demo", is_flag=True, help="Make demo logins and print them. Loopback only.")
def up(port: int | None, home: Path | None, demo: bool) -> None:
    """Start every part, print READY, run until Ctrl-C."""
    from helpline import processes

    settings = _settings(port=port, home=home, demo=demo or None)
    try:
        processes.up(settings)
    except processes.StartRefused as refused:
        _refuse(str(refused))
    except processes.PartFailed as failed:
        _refuse(str(failed), code=1)


@main.command()
def screen() -> None:
    """Screen JSON lines {"id", "text"} or {"id", "turns"} from standard input for danger."""
    from safeguarding.cli import run

    sys.exit(run(sys.stdin.buffer, sys.stdout))


@main.command()
def understand() -> None:
    """Say what the trained assistant understands of JSON lines {"id", "text"}."""
    from helpline.processes import BOT_PYTHON
    from helpline.settings import ROOT

    if not BOT_PYTHON.exists():
        _refuse("The assistant is not set up yet: run `make setup`.")
    os.chdir(ROOT)
    os.execv(BOT_PYTHON, [str(BOT_PYTHON), "-m", "bot.understand"])  # noqa: S606


@main.group()
def content() -> None:
    """What the assistant says, for those who edit it."""


@content.command("check")
def content_check() -> None:
    """Check examples, replies, rules and facts; each fault with its file and line."""
    from content import cli

    sys.exit(cli.check())


@main.command()
def facts() -> None:
    """List the facts that are due, to be checked, missing or unused."""
    from content import cli

    sys.exit(cli.facts())


@main.group()
def staff() -> None:
    """Members of staff."""


@staff.command("add")
@click.option("--name", required=True, help="The name to log in with.")
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--alias", help="What young people see (default: the name).")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@HOME
def staff_add(
    name: str, role: str, alias: str | None, password_stdin: bool, home: Path | None
) -> None:
    """Add a member of staff; what is printed is shown this once."""
    from helpline import staff_cli

    settings = _kept_in(home)
    name, shown = name.strip(), (alias or name).strip()
    if not name or not shown or not (name + shown).isprintable() or len(name + shown) > 128:
        _refuse("The name and the alias must be 1 to 64 printable characters each.")
    password = _password(password_stdin)
    try:
        added = staff_cli.add(settings, name=name, alias=shown, role=role, password=password)
    except staff_cli.StaffRefused as refused:
        _refuse(str(refused))
    click.echo(f"Added {name} as {role}.")
    if added.totp_secret:
        click.echo(f"TOTP secret, shown only now: {added.totp_secret}")
    if added.recovery_key:
        click.echo(f"Recovery key of the team, shown only now: {added.recovery_key}")


@main.command()
@HOME
def purge(home: Path | None) -> None:
    """Remove what has passed its retention; prints counts only."""
    settings = _kept_in(home)
    from sqlalchemy.exc import OperationalError

    from helpline.conversation import retention

    try:
        counts = retention.purge(settings)
    except (OperationalError, OSError):
        _refuse("The database cannot be opened.")
    click.echo(str(counts))


def _kept_in(home: Path | None) -> "Settings":
    """The settings, with their state folder there."""
    from helpline.home import HomeUnusable, make_home

    settings = _settings(home=home)
    try:
        make_home(settings.home)
    except HomeUnusable as error:
        _refuse(str(error))
    return settings


def _settings(
    *, home: Path | None, port: int | None = None, demo: bool | None = None
) -> "Settings":
    from helpline.settings import Settings, SettingsError

    try:
        return Settings.load(home=home, port=port, demo=demo)
    except SettingsError as error:
        _refuse(str(error))


def _password(from_stdin: bool) -> str:
    if from_stdin:
        try:
            password = sys.stdin.readline().rstrip("\r\n")
        except UnicodeDecodeError:
            _refuse("The password on standard input is not UTF-8.")
    elif not sys.stdin.isatty():
        _refuse("There is no terminal to ask for the password: use --password-stdin.")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            _refuse("The two passwords differ.")
    if len(password) < SHORTEST_PASSWORD:
        _refuse(f"The password must have at least {SHORTEST_PASSWORD} characters.")
    return password


def _refuse(sentence: str, *, code: int = 2) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main(prog_name="waymark")
