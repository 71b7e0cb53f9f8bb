"""Keeps what a process holds in memory out of core dumps, its own and those of all it starts."""

import resource

SMALLEST = 1
"""Bytes. Too few for a dump to be written to a file; and where the system hands dumps to a program
(core_pattern with a pipe), Linux heeds no limit but this one: it takes 0 for none (fs/coredump.c).
"""


def forbid() -> None:
    """Have no dump of this process, or of any that it starts, for good: nobody can take it back."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    limit = SMALLEST if hard == resource.RLIM_INFINITY else min(hard, SMALLEST)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
