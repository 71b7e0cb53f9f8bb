"""Turns an address, or a chat's token, into the number of a bucket that leads back to neither."""

import hashlib
import secrets
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

ROTATED_AFTER_S: Final = 3600.0
ADDRESSES: Final = 1024
"""Few enough that a bucket fits many addresses, many enough that two busy ones seldom meet."""
CHATS: Final = 65_536
"""Enough that of 2,000 open chats three in a hundred share a bucket, with another honest one."""
IPV6_HOUSEHOLD: Final = 64
"""One line has at least so many bits of IPv6 addresses to itself (RFC 6177): it counts as one."""


class Seeded:
    """Numbers from 0 to `buckets` - 1 under a seed that lives in memory and changes every hour.

    `clock` gives seconds that only rise. A number means nothing once `seed` has changed.
    """

    def __init__(self, buckets: int, clock: Callable[[], float]) -> None:
        self._buckets = buckets
        self._clock = clock
        self._renew()

    def _renew(self) -> None:
        self.seed = secrets.token_bytes(16)
        self._made = self._clock()

    def number(self, value: str) -> int:
        """The bucket of `value` for this hour."""
        if self._clock() - self._made > ROTATED_AFTER_S:
            self._renew()
        hashed = hashlib.blake2b(value.encode("utf-8", "replace"), key=self.seed, digest_size=8)
        return int.from_bytes(hashed.digest()) % self._buckets


def line_of(address: str) -> str:
    """The line that an address belongs to: without a port, and of IPv6 the network alone.

    What is no address (a socket's name, a proxy's pseudonym) stays as it is.
    """
    bare = address.removeprefix("[").partition("]")[0]
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(int(found) >> (128 - IPV6_HOUSEHOLD))
