"""Alerts people outside the desk by the addresses of helpline.toml; when, `lookout` decides."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from helpline.alerts import Alert
from helpline.settings import ROOT

log = logging.getLogger("waymark")

SEND_WITHIN_S: Final = 20.0
PAUSES_S: Final = (2.0, 8.0)
"""A try that fails is followed by the next after so many seconds: three tries in all."""
LONGEST_S: Final = SEND_WITHIN_S * (len(PAUSES_S) + 1) + sum(PAUSES_S)

How = Literal["sent", "part", "failed"]
"""How an alert went: to everybody, to some, to nobody."""

# Not the sender's business, or a way to hosts that helpline.toml does not name.
_WITHHELD: Final = ("WAYMARK_", "DATABASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True)
class Alerting:
    """Sends an alert to everybody it reaches now, all at once, each from a process of its own.

    `on_call` says whether the on-call lead may be called at a time.
    """

    alerts: Sequence[Alert]
    on_call: Callable[[datetime], bool]
    within_s: float = SEND_WITHIN_S
    pauses_s: Sequence[float] = PAUSES_S

    def reached(self, now: datetime) -> list[Alert]:
        """Whom an alert reaches at a time."""
        lead = self.on_call(now)
        return [alert for alert in self.alerts if lead or alert.reaches != "on_call"]

    async def send(self, to: Sequence[Alert], title: str, body: str) -> How:
        """Sends to each address, in three tries; a failure is logged without address or words."""
        went = await asyncio.gather(*(self._try(alert, title, body) for alert in to))
        if all(went):
            return "sent"
        return "part" if any(went) else "failed"

    async def _try(self, alert: Alert, title: str, body: str) -> bool:
        told = json.dumps({"address": alert.address, "title": title, "body": body}).encode()
        for pause in (*self.pauses_s, None):
            code = await self._once(told)
            if code is None:
                return True
            log.error("an alert was not sent (%s): %s", alert.reaches, code)
            if pause is not None:
                await asyncio.sleep(pause)
        return False

    async def _once(self, told: bytes) -> str | None:
        """One try: None when it was sent, else a code."""
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "helpline.messenger"),
                cwd=ROOT,
                env=_environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            return "alert_not_started"
        try:
            async with asyncio.timeout(self.within_s):
                await process.communicate(told)
        except TimeoutError:
            return "alert_too_slow"
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return None if process.returncode == 0 else "alert_refused"


def _environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.upper().startswith(_WITHHELD)
    }
