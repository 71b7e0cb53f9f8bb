"""Says on what the figures were measured; names no host, no path and no person."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil


def describe(project: Path) -> dict[str, str | int | float]:
    """Processor, memory, system and the versions of what was measured, for results.json."""
    python = project / ".venvs" / "bot" / "bin" / "python"
    return {
        "processor": _processor(),
        "cores": psutil.cpu_count() or 0,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 2),
        "service_python": platform.python_version(),
        "bot_python": _output(
            [str(python), "-c", "import platform as p; print(p.python_version())"]
        ),
        "rasa": _output(
            [str(python), "-c", "from importlib.metadata import version as v; print(v('rasa'))"]
        ),
        "sanic": version("sanic"),
        "sqlalchemy": version("sqlalchemy"),
        "spacy": version("spacy"),
        "commit": _output(["git", "-C", str(project), "rev-parse", "--short", "HEAD"]),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
