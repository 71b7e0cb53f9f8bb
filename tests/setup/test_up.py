"""`waymark up` starts everything, keeps it alive and leaves nothing behind."""

import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.setup.running import Running, port_of, wait_for, waymark

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    one = Running.start(tmp_path_factory.mktemp("running") / "home")
    yield one
    one.stop()


def test_ready_is_said_once_and_then_the_addresses(running):
    # Given Waymark started on a port; Then the first line says where, and the next ones the pages
    address = f"http://127.0.0.1:{running.port}/"
    assert running.printed == (f"READY {address}", f"  chat  {address}", f"  desk  {address}desk")


def test_every_part_listens_on_loopback_only(running):
    # Given a running Waymark
    def listening() -> list[str]:
        return [
            connection.laddr.ip
            for process in running.processes()
            for connection in process.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        ]

    # Then its three parts listen (a look at all sockets is not one moment: some may be passed over)
    wait_for(lambda: len(listening()) >= 3, seconds=10, saying="fewer than three parts listen")
    # And none of them beyond this machine
    assert set(listening()) == {"127.0.0.1"}


def test_nobody_else_on_the_machine_can_read_run_and_log(running):
    # Given a running Waymark; Then its folders, logs and configuration are its owner's only
    for folder in (running.home, running.home / "run", running.home / "log"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in [*(running.home / "run").iterdir(), *(running.home / "log").iterdir()]:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_the_shared_secret_is_in_no_file_and_no_command_line(running):
    # Given the secret that the assistant was started with
    bot = running.part("bot.server")
    secret = bot.environ()["WAYMARK_SECRET"]
    # Then no file of the state folder holds it
    files = [file for file in running.home.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if secret.encode() in file.read_bytes()]
    # And no command line that other accounts could list
    assert not [one for one in running.processes() if secret in " ".join(one.cmdline())]
    # And the scan can find it
    planted = running.home / "log" / "planted"
    planted.write_text(secret)
    assert secret.encode() in planted.read_bytes()
    planted.unlink()


def test_the_assistant_does_not_get_the_database_address(running):
    # Given a running Waymark; Then only the service knows where the database is
    assert "DATABASE_URL" in running.part("helpline.app").environ()
    assert "DATABASE_URL" not in running.part("bot.server").environ()
    assert "DATABASE_URL" not in running.part("bot.action_server").environ()


def test_a_second_one_on_the_same_state_folder_is_refused(running):
    # When it is started again with the same home and another port
    refused = waymark("up", "--home", str(running.home), "--port", "8999")
    # Then one sentence says so
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "already runs" in refused.stderr


def test_a_port_in_use_is_refused(running, tmp_path):
    # When another Waymark wants the same port
    refused = waymark("up", "--home", str(tmp_path / "other"), "--port", str(running.port))
    # Then one sentence names it
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert f"Port {running.port} is already in use" in refused.stderr


def test_a_part_that_hangs_is_replaced(running):
    # Given an action server at work
    part = running.part("bot.action_server")
    port = port_of(part)
    wait_for(lambda: running.answers(port), seconds=15, saying="it does not answer")
    # When it is alive and answers nothing more
    part.send_signal(signal.SIGSTOP)
    # Then another takes its place: after 10 s of silence, or 60 s if it had only just started
    wait_for(
        lambda: not part.is_running() and running.answers(port),
        seconds=90,
        saying="it still hangs",
    )


@pytest.mark.parametrize("module", ["bot.server", "bot.action_server"])
def test_a_killed_part_answers_again_within_15_seconds(running, module):
    # Given a part at work
    part = running.part(module)
    port = port_of(part)
    # When it is killed
    part.kill()
    # Then it answers again in time
    wait_for(lambda: not part.is_running(), seconds=5, saying="it did not die")
    wait_for(lambda: running.answers(port), seconds=15, saying=f"{module} did not come back")


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_launcher_leaves_no_process(tmp_path: Path, with_signal):
    # Given a running Waymark of five processes
    one = Running.start(tmp_path / "home")
    processes = one.processes()
    assert len(processes) >= 5
    # When the launcher is stopped, even in a way that it cannot notice
    one.launcher.send_signal(with_signal)
    code = one.launcher.wait(timeout=30)
    # Then nothing is left, and the state folder is free again
    _, left = psutil.wait_procs(processes, timeout=20)
    assert left == []
    assert code == (-signal.SIGKILL if with_signal == signal.SIGKILL else 0)


def test_a_second_ctrl_c_does_not_wait_for_a_part_that_hangs(tmp_path: Path):
    # Given a running Waymark whose assistant hangs
    one = Running.start(tmp_path / "home")
    processes = one.processes()
    one.part("bot.server").send_signal(signal.SIGSTOP)
    # When Ctrl-C is pressed, and once more while it stops
    one.launcher.send_signal(signal.SIGINT)
    wait_for(lambda: "Stopping" in one.said.read_text(), seconds=10, saying="it does not stop")
    one.launcher.send_signal(signal.SIGINT)
    # Then everything is gone before the hanging part's 5 s are over
    assert one.launcher.wait(timeout=4) == 0
    _, left = psutil.wait_procs(processes, timeout=4)
    assert left == []


def test_a_part_that_cannot_start_is_named_with_its_log(tmp_path: Path):
    # Given a database that nobody serves
    home, nowhere = tmp_path / "home", "postgresql://waymark@127.0.0.1:1/none"
    # When Waymark is started
    failed = waymark("up", "--home", str(home), "--port", "8998", DATABASE_URL=nowhere)
    # Then it gives up, saying which part and where its log is
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert f"The service does not start: see {home}/log/service.log." in failed.stderr
