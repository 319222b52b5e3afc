"""A worker forks others that are to do the same, before it starts a thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from scheduler import private


def fork_siblings(wishes: Sequence[str]) -> None:
    """Fork a process for each wish; it goes on where this one does, in a session of its own.

    A wish is `FD:LOG`: the writing end of a pipe, into which the new process writes its id and
    which it holds until it ends, and the file for its output.

    Call it before the first thread starts: a lock that another thread holds would never be free in
    the new process.
    """
    wanted = {int(fd): Path(log) for fd, _, log in (wish.partition(":") for wish in wishes)}
    born = []
    for fd, log in wanted.items():
        pid = os.fork()
        if pid == 0:
            _begin(fd, log, wanted)
            return
        born.append(pid)
    for fd in wanted:
        os.close(fd)
    for pid in born:
        # Else each would stay a zombie once it has ended.
        threading.Thread(target=os.waitpid, args=(pid, 0), name="siblings", daemon=True).start()


def _begin(life: int, log: Path, every: Iterable[int]) -> None:
    for fd in every:
        if fd != life:
            os.close(fd)
    os.set_inheritable(life, False)
    os.setsid()
    with private.opened(log) as written:
        for stream in (1, 2):
            os.dup2(written.fileno(), stream)
    os.write(life, str(os.getpid()).encode())
