"""How much processor time the processes have taken that a benchmark started.

One worker of `run` forks the others. Each of these is nobody's child once its parent has ended, and
its time would be in nobody's account. So a benchmark adopts such orphans, and waits for them.
"""

from __future__ import annotations

import ctypes
import resource
import sys
from collections.abc import Callable, Collection

import psutil

#: See prctl(2). Only Linux has it, and workers fork others nowhere else.
PR_SET_CHILD_SUBREAPER = 36

#: How long a process that is about to end may take.
END_SECONDS = 10.0


def adopt_orphans() -> None:
    """Be the parent of every process below this one whose own parent ends first."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def children_seconds(but: Collection[int] = ()) -> float:
    """Return the processor time of all children that have ended; wait for them, `but` for these."""
    children = psutil.Process().children()
    psutil.wait_procs([one for one in children if one.pid not in but], timeout=END_SECONDS)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds_of(work: Callable[[], object]) -> float:
    """Do something; return the processor time of all that it started and that ended."""
    others = {child.pid for child in psutil.Process().children()}
    adopt_orphans()
    before = children_seconds(others)
    work()
    return children_seconds(others) - before
