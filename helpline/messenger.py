"""Speaks to the world outside through apprise; what is said, and to whom, others decide.

`python -m helpline.messenger` sends one alert and ends: a process of its own can be stopped while
it hangs on somebody else's machine, and holds none of the service's memory. It reads one JSON
object {"address", "title", "body"} on standard input and exits with 0 only if it was sent.
"""

import json
import logging
import sys
from functools import cache
from typing import Final

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat

REFUSED: Final = 3


@cache
def _asset() -> AppriseAsset:
    """Follows no redirect, names no picture elsewhere, keeps nothing on disk.

    What apprise logs can hold an address with its password, so it logs nothing.
    """
    logging.getLogger("apprise").disabled = True
    return AppriseAsset(
        app_id="Waymark",
        app_desc="Waymark",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        http_redirects=False,
        storage_mode="memory",
    )


def understood(address: str) -> bool:
    """Whether apprise knows how to reach this address; contacts nobody."""
    return isinstance(Apprise.instantiate(address, asset=_asset()), NotifyBase)


def send(address: str, title: str, body: str) -> bool:
    """Sends one alert; False if the other side refused it or could not be reached."""
    receiver = Apprise(asset=_asset())
    if not receiver.add(address):
        return False
    return bool(receiver.notify(title=title, body=body, body_format=NotifyFormat.TEXT))


def main() -> int:
    """Sends what standard input holds."""
    told = json.load(sys.stdin)
    return 0 if send(told["address"], told["title"], told["body"]) else REFUSED


if __name__ == "__main__":
    sys.exit(main())
