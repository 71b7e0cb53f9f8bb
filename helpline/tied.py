"""Runs one program that dies with the process that started it; what it runs is not its concern.

`python -I -S helpline/tied.py SIGNAL FORGET PROGRAM …`: on Linux the kernel sends SIGNAL to the
program when the process that started this dies, even by SIGKILL; elsewhere the program just runs.
FORGET names environment variables, with commas between them, that are not the program's business.
Standard library only, so that it starts in a few hundredths of a second.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Tie this process to its parent, then become the program."""
    signal_number, forget, *program = sys.argv[1:]
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
        if os.getppid() != parent:  # it died before it was watched
            sys.exit(1)
    for name in forget.split(","):
        os.environ.pop(name, None)
    os.execv(program[0], program)  # noqa: S606


if __name__ == "__main__":
    main()
