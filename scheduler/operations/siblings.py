"""Workers that the first worker of `run` forks: they need not import everything once more."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

#: Elsewhere the system's own libraries may not survive a fork.
CAN_FORK = sys.platform == "linux"

#: How long the first worker may take until it has forked the others.
BIRTH_SECONDS = 5.0


class Process(Protocol):
    """What a pool needs of a worker; a `subprocess.Popen` has it."""

    returncode: int | None

    def poll(self) -> int | None:
        """Return how it has ended; None while it lives."""

    def wait(self, timeout: float | None = None) -> int:
        """Return how it has ended; raises subprocess.TimeoutExpired."""

    def send_signal(self, sig: int) -> None:
        """Send it a signal, if it lives."""

    def kill(self) -> None:
        """Kill it."""


class Sibling:
    """A worker that another worker forks, so that it is no child of this process.

    It gets the writing end of a pipe, writes its process id, and the pipe ends when it does.
    """

    def __init__(self, log: Path) -> None:
        """Its output goes into `log`."""
        self._log = log
        self._life, self.needed_fd = os.pipe()
        self._is_open = True
        self._pid: int | None = None
        self.returncode: int | None = None

    @property
    def wish(self) -> str:
        """The argument by which a worker is told to fork it."""
        return f"{self.needed_fd}:{self._log}"

    def asked_for(self) -> None:
        """Let the workers alone hold the writing end, now that one of them has it."""
        os.close(self.needed_fd)

    def poll(self) -> int | None:
        """Return 0 once it has ended, or if it was never forked; None while it may live."""
        return self._look(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended. Raises subprocess.TimeoutExpired."""
        until = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            left = None if until is None else max(0.0, until - time.monotonic())
            if self._look(left) is None and left == 0.0:
                raise subprocess.TimeoutExpired("a worker", timeout or 0.0)
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send it a signal, if it lives; if it is about to be born, wait for that."""
        if self._pid is None:
            self._look(BIRTH_SECONDS)
        if self._look(0.0) is None and self._pid is not None:
            os.kill(self._pid, sig)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        """Read its process id, or that it has ended, within so many seconds."""
        if self._is_open and select.select([self._life], [], [], timeout)[0]:
            written = os.read(self._life, 100)
            if written:
                self._pid = int(written)
            else:
                os.close(self._life)
                self._is_open, self.returncode = False, 0
        return self.returncode
