"""What cannot work is refused before anything starts: one sentence, exit code 2."""

from pathlib import Path

import pytest

from tests.setup.running import waymark


def refused(*words: str, stdin: str = "", **more: str) -> str:
    """Run a command that must be refused; returns its one sentence."""
    done = waymark(*words, stdin=stdin, **more)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"WAYMARK_PORT": "many"}, "The setting port must be a whole number from 1 to 65535."),
        ({"WAYMARK_HOST": "everywhere"}, "The setting host must be an IP address or localhost."),
        ({"WAYMARK_COLOUR": "1"}, "There is no setting WAYMARK_COLOUR: take it out or correct it."),
        (
            {"DATABASE_URL": "mysql://root:hunter2@db/waymark"},
            "The setting database_url must be an address that begins with postgresql:// or"
            " sqlite://.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(tmp_path: Path, settings, sentence):
    # When Waymark is started with it; Then the sentence names it and repeats no value
    assert refused("up", "--home", str(tmp_path), **settings) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"phone = [", "is not TOML"),
        (b"phone = '\xff'", "is not UTF-8"),
        (b"colour = 'red'", "There is no setting colour in"),
        (b"secret = 'not here, since it would be kept on disk'", "There is no setting secret in"),
        (b"port = 'x'", "The setting port must be"),
    ],
)
def test_a_broken_helpline_toml_stops_the_start(tmp_path: Path, text, sentence):
    # Given the file in the home
    (tmp_path / "helpline.toml").write_bytes(text)
    # Then the start says what is wrong with it
    assert sentence in refused("up", "--home", str(tmp_path))


def test_demo_mode_is_refused_beyond_loopback(tmp_path: Path):
    # When demo logins would be open to the network; Then it does not start
    sentence = refused("up", "--demo", "--home", str(tmp_path), WAYMARK_HOST="0.0.0.0")  # noqa: S104
    assert sentence.startswith("Demo mode runs on loopback only")


def test_a_state_folder_that_is_no_folder_is_refused(tmp_path: Path):
    # Given a file in its place
    file = tmp_path / "home"
    file.write_text("")
    # Then the sentence names it
    assert refused("up", "--home", str(file)) == (
        f"The state folder {file} cannot be read and written."
    )


def test_an_address_of_another_machine_is_refused(tmp_path: Path):
    # 192.0.2.1 is nobody's (RFC 5737); it is only bound here, never sent to
    sentence = refused("up", "--home", str(tmp_path), WAYMARK_HOST="192.0.2.1")
    assert sentence == "Port 8000 cannot be used: 192.0.2.1 is no address of this machine."


@pytest.mark.parametrize(
    ("words", "stdin", "sentence"),
    [
        (("--name", "Ann"), "", "There is no terminal to ask for the password"),
        (("--name", "Ann", "--password-stdin"), "short\n", "at least 15 characters"),
        (("--name", " ", "--password-stdin"), "long enough a password\n", "1 to 64 printable"),
    ],
)
def test_staff_that_cannot_be_added_are_refused(tmp_path: Path, words, stdin, sentence):
    home = ("--home", str(tmp_path))
    assert sentence in refused("staff", "add", "--role", "worker", *words, *home, stdin=stdin)


@pytest.mark.parametrize(
    "command",
    [(), ("up",), ("screen",), ("understand",), ("purge",), ("backup",), ("restore",)],
)
def test_every_command_answers_help(command):
    done = waymark(*command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: waymark")


@pytest.mark.parametrize("command", ["screen", "understand"])
def test_a_line_that_is_not_json_is_refused_without_repeating_it(command):
    # When a command that reads JSON lines gets another line
    sentence = refused(command, stdin="my name is private\n")
    # Then it says so, and not what stood there
    assert "private" not in sentence
