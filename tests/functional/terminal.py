"""A command of ours as a person has it: on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress

from tests.functional.campaign import Site
from tests.functional.forks import Forked, shared


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, site: Site, *words: str, own: bool = False) -> None:
        """Forked, or as an interpreter of its `own`."""
        self._ours, theirs = pty.openpty()
        env = site.env | {"TERM": "xterm", "COLUMNS": "100"}
        self.process = (self._own if own else self._forked)(site, env, words, theirs)
        #: Until the command has opened it: without anybody there ours is at its end.
        self._theirs: int | None = theirs
        self.shown = ""

    @staticmethod
    def _own(
        site: Site, env: dict[str, str], words: tuple[str, ...], theirs: int
    ) -> subprocess.Popen[bytes] | Forked:
        return subprocess.Popen(
            [sys.executable, "-m", "scheduler.cli", *words],
            env=env,
            cwd=site.home,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )

    @staticmethod
    def _forked(
        site: Site, env: dict[str, str], words: tuple[str, ...], theirs: int
    ) -> subprocess.Popen[bytes] | Forked:
        into = site.home / "output" / "terminal"
        return shared().start(site.home, env, words, into, terminal=os.ttyname(theirs))

    def answer(self, question: str, answer: str) -> int:
        """Wait for a question, answer it, and return the exit code."""
        self.read_until(question)
        self.type(f"{answer}\n")
        return self.wait()

    def read_until(self, text: str) -> None:
        while text not in self.shown:
            assert self._read(), self.shown

    def _read(self) -> bool:
        # Linux answers EIO when the other side has closed.
        with suppress(OSError):
            found = os.read(self._ours, 4096)
            # A read may end in the middle of a character.
            self.shown += found.decode(errors="replace")
            if self._theirs is not None:
                os.close(self._theirs)
                self._theirs = None
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
