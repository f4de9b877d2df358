"""Become a program that ends with its parent and that PostgreSQL accepts; run as a script, with the parent's pid first.

A process of its own does this, and not code between fork and exec, because the parent may have threads.
PostgreSQL refuses root. A user namespace gives root another name for itself: files stay root's, no account is made.
Where a container forbids that, root becomes nobody and keeps only the right to pass through folders.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Final

CLONE_NEWUSER: Final = 0x10000000
PR_SET_PDEATHSIG: Final = 1
PR_SET_KEEPCAPS: Final = 8
PR_CAP_AMBIENT: Final = 47
PR_CAP_AMBIENT_RAISE: Final = 2
CAP_DAC_OVERRIDE: Final = 1
CAPABILITY_VERSION: Final = 0x20080522

INSIDE: Final = 1000
"""The number under which root knows itself in its namespace; any but 0 serves."""

NOBODY: Final = 65534


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if os.geteuid() == 0 and not _rename_root(libc):
            _become_nobody(libc)
        # Last, because a change of user clears it. SIGINT is PostgreSQL's fast shutdown.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() == parent:
        os.execv(program[0], program)


def _rename_root(libc: ctypes.CDLL) -> bool:
    group = os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        return False
    for name, line in (("setgroups", "deny"), ("uid_map", f"{INSIDE} 0 1"), ("gid_map", f"{INSIDE} {group} 1")):
        Path("/proc/self", name).write_text(line)
    return True


def _become_nobody(libc: ctypes.CDLL) -> None:
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    # Effective, permitted, inheritable; then the same for capabilities above 31, of which none is kept.
    kept = (ctypes.c_uint32 * 6)(*[1 << CAP_DAC_OVERRIDE] * 3, 0, 0, 0)
    if libc.capset(header, kept) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    main()
