"""The receiver of a provider's callbacks, in as many lives as it needs."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import requests

#: A look that takes longer is one at a receiver that has not begun to answer.
_LOOK_SECONDS = 0.2


class Receiver:
    """One process that hears what the provider tells by itself; its address outlives it."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        # Bound here for good, so that nobody else has the address while it is dead.
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._env = env
        self._log = folder / "receiver.err"
        self._process: subprocess.Popen[bytes] | None = None
        self._has_answered = False  #: in this life

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def start(self) -> None:
        """Begin a life, unless it has one."""
        if self._process is not None:
            return
        at = self._listening.fileno()
        command = [sys.executable, "-m", "scheduler.web", "--callbacks-only", "--fd", str(at)]
        env = self._env | {"CALLSCHED_PUBLIC_URL": self.url}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, env=env, stderr=log, pass_fds=(at,))

    @property
    def is_up(self) -> bool:
        """Whether it answers by now: on a busy machine its imports take a while."""
        if self._process is not None and not self._has_answered:
            with suppress(requests.RequestException):
                self._has_answered = requests.get(f"{self.url}/healthz", timeout=_LOOK_SECONDS).ok
        return self._has_answered

    def kill(self) -> bool:
        """Kill it; False when it was dead."""
        process, self._process = self._process, None
        self._has_answered = False
        if process is None:
            return False
        process.kill()
        process.wait()
        return True

    def end(self) -> None:
        """End it for good."""
        self.kill()
        self._listening.close()
