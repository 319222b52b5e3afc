"""The receiver of `run`: a process that receives its provider's callbacks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from scheduler import private
from scheduler.accounts import Account
from scheduler.errors import ConfigError
from scheduler.fields.scripts import uses_callbacks
from scheduler.models import Policy
from scheduler.operations.children import started
from scheduler.operations.listening import behind, bound, local_url
from scheduler.providers import callback_address
from scheduler.settings import Overrides, Settings

#: How long it may take to start, and to end.
START_SECONDS, LEAVE_SECONDS = 30.0, 10.0

#: A receiver that dies at once is started no more often than this.
RESTART_INTERVAL_SECONDS = 1.0


def is_needed(account: Account, settings: Settings, policy: Policy) -> bool:
    """Whether the provider of an account sends callbacks for the calls of a campaign."""
    address = callback_address(account, settings)
    return address is not None and address.is_told(is_used=uses_callbacks(policy))


class Receiver:
    """A receiver in its own session, unless one of the same ledger listens there already.

    It ends when `run` and all workers are gone. This process keeps the socket open, so that
    requests wait while a new receiver replaces a dead one.
    """

    def __init__(
        self,
        settings: Settings,
        ledger_id: str,
        overrides: Overrides,
        listening: socket.socket | None = None,
    ) -> None:
        """`overrides` take precedence over the environment in its settings.

        `listening` is its socket, if the address is taken already.
        """
        self._address = (settings.web_host, settings.web_port)
        self._url = local_url(*self._address)
        self._ledger_id = ledger_id
        self._log = settings.state_dir / "logs" / "web.log"
        self._overrides = overrides
        self._listening = listening
        self._reading, self.needed_fd = os.pipe()
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    @property
    def log(self) -> Path:
        """Its log file."""
        return self._log

    def __enter__(self) -> Self:
        """Start the receiver, unless there is one.

        Raises ConfigError if another program has the address, or if it does not start.
        """
        try:
            if self._listening is not None or self._takes_address():
                self._start()
                self._await()
        except BaseException:
            self._close(is_leaving=True)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._close(is_leaving=kind is None)

    def tend(self) -> None:
        """Start it again if it has died, or if the other receiver is gone."""
        if self._process is not None and self._process.poll() is None:
            return
        if time.monotonic() < self._started_at + RESTART_INTERVAL_SECONDS:
            return
        if self._listening is None:
            try:
                self._listening = bound(*self._address)
            except OSError:
                return  # the other receiver still has it
        self._start()

    def _takes_address(self) -> bool:
        """Take the address; False if a receiver of this ledger has it. Raises ConfigError."""
        try:
            self._listening = bound(*self._address)
        except (OSError, UnicodeError) as error:
            found = behind(self._url)
            if found.ledger == self._ledger_id:
                return False
            host, port = self._address
            why = getattr(error, "strerror", None) or error
            if found.ledger:
                why = "a receiver of another ledger listens there"
            elif not found.is_none:
                why = f"another program listens there: {found.why}"
            raise ConfigError(
                f"callbacks can't be received on {host}:{port}: {why}; set CALLSCHED_WEB_PORT to a"
                " port that is free, for the workers as well"
            ) from error
        return True

    def _start(self) -> None:
        assert self._listening is not None
        private.state_folder(self._log.parent.parent, self._log.parent.name)
        fds = {"--fd": self._listening.fileno(), "--until-fd": self._reading}
        options = ["--callbacks-only"]
        for name, fd in fds.items():
            options += [name, str(fd)]
        self._process = started(
            "scheduler.web", options, self._overrides, self._log, tuple(fds.values())
        )
        self._started_at = time.monotonic()

    def _await(self) -> None:
        """Wait until it answers. Raises ConfigError."""
        assert self._process is not None
        while time.monotonic() < self._started_at + START_SECONDS:
            if self._process.poll() is not None:
                break
            if behind(self._url).ledger == self._ledger_id:
                return
            time.sleep(0.05)
        raise ConfigError(
            f"the receiver of callbacks does not start, see {self._log}:",
            *private.last_lines(self._log),
        )

    def _close(self, *, is_leaving: bool) -> None:
        os.close(self.needed_fd)
        os.close(self._reading)
        if self._process is not None and is_leaving:
            self._end(self._process)
        elif self._process is not None and self._process.poll() is None:
            self._process.returncode = 0  # it outlives this process; Popen would warn
        if self._listening is not None:
            self._listening.close()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
