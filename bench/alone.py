"""Starts the service alone, with a fixed reply in place of its assistant; measures nothing."""

import secrets
import sys
from pathlib import Path

from bench.processes import Part, free_port

_FEW_FILES = 'ulimit -Sn 256; exec "$@"'
"""What a process may open where nobody raised it: the service must see to it by itself."""


def parts(project: Path, workspace: Path, *, turn_seconds: float = 0.0) -> tuple[int, Part, Part]:
    """The port of the service, the fixed reply and the service; state and logs in `workspace`."""
    port, bot_port = free_port(), free_port()
    bot, home = f"http://127.0.0.1:{bot_port}", workspace / "home"
    secret = {"WAYMARK_SECRET": secrets.token_urlsafe(32)}
    fixed = [sys.executable, "-m", "bench.fixed_bot", "--port", str(bot_port)]
    fixed += ["--turn-seconds", str(turn_seconds)]
    service = ["sh", "-c", _FEW_FILES, "sh", sys.executable, "-m", "helpline.app"]
    where = {
        "WAYMARK_HOME": str(home),
        "WAYMARK_PORT": str(port),
        "WAYMARK_BOT_URL": bot,
        "WAYMARK_ACTIONS_URL": bot,
    }
    return (
        port,
        Part("The fixed reply", fixed, project, secret, workspace / "fixed.log"),
        Part("The service", service, project, {**secret, **where}, workspace / "service.log"),
    )
