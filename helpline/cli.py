"""The command line `./waymark`: reads words and prints sentences; the work is done elsewhere."""

# ruff: noqa: PLC0415 -- heavy imports stay inside the commands, so that `--help` is fast

import getpass
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from bot import cores

if TYPE_CHECKING:
    from helpline.settings import Settings

ROLES = ("worker", "supervisor", "editor", "admin", "auditor")
HOME = click.option(
    "--home", type=click.Path(path_type=Path), help="Where all state lives (default: var/)."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Waymark: a chat for young people who are missing or exploited, and its helpline."""
    cores.forbid()


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


@staff.command("list")
@HOME
def staff_list(home: Path | None) -> None:
    """List who is, or was, on the staff."""
    from helpline import staff_cli

    settings = _kept_in(home)
    try:
        people = staff_cli.everybody(settings)
    except staff_cli.StaffRefused as refused:
        _refuse(str(refused))
    for person in people:
        words = [person.name, person.role, f"seen as {person.alias}"]
        if person.since is not None:
            words.append(f"since {_day(person.since)}")
        if person.left_at is not None:
            words.append(f"left {_day(person.left_at)}")
        elif person.access is not None:
            words.append(f"{person.at_once} chats at once")
            words.append("has access" if person.access else "waits for access")
        click.echo(", ".join(words))


@staff.command("leave")
@click.option("--name", required=True, help="Who leaves.")
@HOME
def staff_leave(name: str, home: Path | None) -> None:
    """Cut somebody off at once: their sessions end, their keys go, the team key is renewed."""
    from helpline import staff_cli

    settings = _kept_in(home)
    try:
        done = staff_cli.leave(settings, name.strip())
    except staff_cli.StaffRefused as refused:
        _refuse(str(refused))
    chats = len(done.released)
    click.echo(f"{name.strip()} has left; {chats} of their chats went back to the queue.")
    if done.renewed:
        click.echo("The team key is a new one.")
    elif done.renewed is False:
        click.echo("The team key is still the old one: run `./waymark staff recover` once.")


@staff.command("recover")
@click.option("--name", required=True, help="A supervisor, added before.")
@HOME
def staff_recover(name: str, home: Path | None) -> None:
    """Give a supervisor the team key, with its recovery key on standard input."""
    from helpline import staff_cli

    settings = _kept_in(home)
    at_terminal = sys.stdin.isatty()
    key = getpass.getpass("Recovery key: ") if at_terminal else _line("The recovery key")
    try:
        epochs = staff_cli.recover(settings, name.strip(), key.strip())
    except staff_cli.StaffRefused as refused:
        _refuse(str(refused))
    click.echo(f"{name.strip()} has the team key again, every one of {epochs} so far.")


@main.group()
def audit() -> None:
    """The log of who did what when."""


@audit.command("verify")
@click.option("--chain", metavar="HEX", help="A chain noted earlier: is its entry still there?")
@HOME
def audit_verify(chain: str | None, home: Path | None) -> None:
    """Check that no entry was changed, put in or taken out; exit 1 if one was."""
    from helpline import staff_cli

    settings = _kept_in(home)
    try:
        sought = bytes.fromhex(chain) if chain is not None else None
    except ValueError:
        _refuse("--chain must be a chain that `audit verify` printed.")
    try:
        found = staff_cli.verify(settings, sought)
    except staff_cli.StaffRefused as refused:
        _refuse(str(refused))
    if found.before:
        click.echo(f"{found.before} entries stand before the chain began.")
    if found.broken is not None:
        click.echo(f"Entry {found.broken} does not hold.")
        sys.exit(1)
    click.echo(f"{found.holds} entries hold.")
    if found.holds:
        click.echo(f"The last is entry {found.last}, chain {found.chain.hex()}")
    if not found.found:
        click.echo("The entry of that chain is not there any more.")
        sys.exit(1)


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


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@HOME
def backup(folder: Path, home: Path | None) -> None:
    """Write a backup into DIR, in two files: what is sealed, and its keys.

    Those of keys expire sooner (key_backups_kept_days): what was deleted is gone with them. Each
    backup removes what has expired in DIR. Keep copies elsewhere no longer than that.
    """
    from helpline import backup_cli

    try:
        click.echo(backup_cli.backup(_settings(home=home), folder))
    except backup_cli.BackupRefused as refused:
        _refuse(str(refused))


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--rows", type=click.Path(path_type=Path), help="Older rows than the newest in DIR.")
@HOME
def restore(folder: Path, rows: Path | None, home: Path | None) -> None:
    """Restore a backup of DIR into an empty state folder, always with its newest keys.

    What was deleted since stays deleted. Put helpline.toml into the state folder before, or after.
    """
    from helpline import backup_cli

    try:
        click.echo(backup_cli.restore(_settings(home=home), folder, rows))
    except backup_cli.BackupRefused as refused:
        _refuse(str(refused))


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
        return _line("The password")
    if not sys.stdin.isatty():
        _refuse("There is no terminal to ask for the password: use --password-stdin.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        _refuse("The two passwords differ.")
    return password


def _line(what: str) -> str:
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        _refuse(f"{what} on standard input is not UTF-8.")


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def _refuse(sentence: str, *, code: int = 2) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main(prog_name="waymark")
