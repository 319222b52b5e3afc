"""A command of ours as a person has it: on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress

from tests.functional.campaign import Site


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, site: Site, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scheduler.cli", *words],
            env=site.env | {"TERM": "xterm", "COLUMNS": "100"},
            cwd=site.home,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self.shown = ""

    def read_until(self, text: str) -> None:
        while text not in self.shown:
            assert self._read(), self.shown

    def _read(self) -> bool:
        # Linux answers EIO when the other side has closed.
        with suppress(OSError):
            found = os.read(self._ours, 4096)
            self.shown += found.decode()
            return bool(found)
        return False

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def wait(self) -> int:
        """Read what is left; return the exit code."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(20)
