"""Nothing that anybody said, and no secret, stands anywhere: a whole run, searched everywhere."""

import gzip
import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from helpline.settings import ROOT
from tests.privacy import places, plants, product, story
from tests.privacy.marks import Marks
from tests.privacy.places import Place
from tests.privacy.product import Product
from tests.privacy.scan import Report, Scanner
from tests.privacy.story import Story

pytestmark = pytest.mark.slow

SYSTEM = ("var/tmp", "dev/shm", "var/lib/systemd/coredump", "var/crash")
"""Where a system puts what belongs to nobody in particular."""


@dataclass(frozen=True)
class Told:
    """A run that is over: what was searched and found, and what its processes may dump."""

    marks: Marks
    product: Product
    running: Report
    stopped: Report
    dumps: dict[str, int]
    cores: list[Path]
    began: float
    left_out: Path


@pytest.fixture(scope="module")
def told(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The whole story, searched after each step, before the end, and when all of it had stopped."""
    assert model.exists()
    folder = tmp_path_factory.mktemp("product")
    began, left_out = time.time(), tmp_path_factory.getbasetemp().parent
    settings, marks, running = product.make_folders(folder), Marks(), Report()
    supervisor = product.add_staff(marks, folder / "state", "ash", "supervisor", settings)
    worker = product.add_staff(marks, folder / "state", "bell", "worker", settings)
    with (
        product.running(folder, settings) as started,
        Story(started, marks, supervisor, worker) as told,
    ):
        for step in story.STEPS:
            step(told)
            running += Scanner(marks.looks).search(started.live())
        running += Scanner(marks.looks).search([*started.left(), *changed(began, left_out)])
        dumps = {
            f"{process.pid} {process.name()}": process.rlimit(psutil.RLIMIT_CORE)[1]
            for process in places.family(started.launcher)
        }
        story.crashed(told)
    stopped = Scanner(marks.looks).search(
        [*started.left(), *changed(began, left_out), *places.files("model", ROOT / "models")]
    )
    cores = [path for path in ROOT.glob("*core*") if path.stat().st_ctime >= began]
    for when, report in (("while it ran", running), ("after it crashed and stopped", stopped)):
        print(f"{when}: {report}")
    return Told(marks, started, running, stopped, dumps, cores, began, left_out)


def changed(since: float, left_out: Path) -> Iterator[Place]:
    """What changed of what is not its own alone: models, caches, the system's temporary folders,
    the code's own folder. Folders of the tests are left out: others plant there what the scan must
    find, and their own words are in no file.
    """
    temporary = [Path(tempfile.gettempdir()), *(Path("/", name) for name in SYSTEM)]
    for kind, folders in {
        "changed model": [ROOT / "models"],
        "changed cache": [Path.home() / ".cache"],
        "changed file of the code": [ROOT],
        "changed temporary file": temporary,
    }.items():
        for folder in filter(Path.exists, folders):
            leave_out = (left_out, ROOT / ".git", ROOT / ".venvs", ROOT / "node_modules")
            yield from places.files(kind, folder, since=since, leave_out=leave_out)


def test_no_secret_stands_anywhere_while_it_runs(told: Told) -> None:
    assert sorted(told.running.finds) == []


def test_no_secret_stands_anywhere_after_it_crashed_and_stopped(told: Told) -> None:
    assert sorted(told.stopped.finds) == []


def test_all_of_it_was_searched(told: Told) -> None:
    # Given what a run must at least have to search
    files = {"state file": 8, "printed file": 2}
    live = {"process arguments": 30, "process environment": 30, "open file": 50}
    models = {"model": 5}
    # Then it was there, all of it was read, and nothing was skipped
    for report, wanted in ((told.running, live | files), (told.stopped, files | models)):
        too_few = {kind for kind, count in wanted.items() if report.places[kind] < count}
        assert too_few == set()
        assert report.not_searched == []
    assert told.running.read > 5_000_000
    assert told.stopped.read > 20_000_000
    assert told.stopped.unpacked > 10_000_000
    assert len(told.marks.looks) >= 60
    names = {path.name for path in told.product.state.rglob("*")}
    assert {"waymark.db", "pepper", "service.log", "bot.log", "actions.log"} <= names


def test_a_word_left_in_any_of_these_folders_would_be_found(told: Told) -> None:
    # Given a word left in each folder that was searched, by what is gone by now
    own = [told.product.folder / name for name in ("state/log", "home", "temporary", "printed")]
    shared = [Path(tempfile.gettempdir()), ROOT, ROOT / "models", Path.home() / ".cache"]
    marks, files = Marks(), list[Path]()
    try:
        for folder in (*own, *filter(Path.is_dir, shared)):
            files.append(folder / f"waymark-planted-{secrets.token_hex(4)}.gz")
            files[-1].write_bytes(gzip.compress(marks.word(str(folder)).encode()))
        # When the same search is made again
        places_searched = [*told.product.left(), *changed(told.began, told.left_out)]
        report = Scanner(marks.looks).search(places_searched)
    finally:
        for file in files:
            file.unlink(missing_ok=True)
    # Then each is found
    print(f"planted {len(files)}, found {len({find.secret for find in report.finds})}")
    assert {find.secret for find in report.finds} == set(marks.looks)
    assert len(files) >= 7


def test_every_part_logged_all_it_could(told: Told) -> None:
    for part in ("service", "bot", "actions"):
        logs = told.product.state.glob(f"log/{part}.log*")
        lines = [line for log in logs for line in log.read_text().splitlines()]
        assert sum(bool(re.search(r"\bDEBUG\b", line)) for line in lines) >= 5, part


def test_no_part_leaves_its_memory_in_a_core_dump(told: Told, tmp_path: Path) -> None:
    # Given a process that asks for dumps, forbids them as each part does, and dies
    forbids = "from bot import cores; cores.forbid()"
    assert plants.crash(tmp_path, b"a word in memory", first=forbids) == []
    # When every part was started with dumps asked for, and died of SIGSEGV, SIGABRT or SIGQUIT
    # Then none left one, and nothing that was started ever may
    assert told.cores == []
    assert len(told.dumps) >= 5
    assert {name: limit for name, limit in told.dumps.items() if limit not in (0, 1)} == {}
