"""The processes of `run`: its workers, and a sandbox if one is wanted."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from scheduler import private
from scheduler.errors import ConfigError
from scheduler.operations.children import started
from scheduler.operations.receiver import Receiver
from scheduler.operations.siblings import CAN_FORK, Process, Sibling
from scheduler.settings import Overrides

#: How long a worker may take to finish what is in hand: longer than a start.
LEAVE_SECONDS = 30.0

#: How long a killed process may take to end, and the sandbox until it prints its address.
KILL_SECONDS, SANDBOX_SECONDS = 5.0, 60.0

#: A worker that dies sooner than this after its start is not simply started again.
TOO_SOON_SECONDS = 5.0


class Pool:
    """Workers in sessions of their own, so that Ctrl-C reaches `run` alone.

    They hold the reading end of a pipe, and its end tells them that `run` has died.
    """

    def __init__(
        self,
        campaign_id: str,
        account: str,
        count: int,
        logs: Path,
        overrides: Overrides,
        keep_fds: tuple[int, ...],
        receiver: Receiver | None = None,
    ) -> None:
        """`overrides` take precedence over the environment in the settings of each worker.

        The workers inherit `keep_fds`, which must not close before the last of them is gone. The
        pool also keeps a `receiver` alive.
        """
        self._campaign_id = campaign_id
        self._account = account
        self._logs = logs
        self._overrides = overrides
        self._keep_fds = keep_fds if receiver is None else (*keep_fds, receiver.needed_fd)
        self._receiver = receiver
        self._reading, self._writing = os.pipe()
        self._count = count
        self._workers: dict[int, Process] = {}
        self._started_at: dict[int, float] = {}
        self._early_deaths = 0

    @property
    def hears_callbacks(self) -> bool:
        """Whether it keeps a receiver of callbacks alive."""
        return self._receiver is not None

    def start(self) -> None:
        """Start every worker: the first one, which forks the others where that can be done."""
        private.state_folder(self._logs.parent, self._logs.name)
        others = range(2, self._count + 1)
        siblings = {number: Sibling(self._log(number)) for number in others if CAN_FORK}
        self._start(1, *siblings.values())
        for number in others:
            if (sibling := siblings.get(number)) is None:
                self._start(number)
            else:
                sibling.asked_for()
                self._enter(number, sibling)

    def _start(self, number: int, *siblings: Sibling) -> None:
        options = ["worker", "--campaign", self._campaign_id, "--parent-fd", str(self._reading)]
        options += ["--accounts", self._account]
        for sibling in siblings:
            options += ["--sibling", sibling.wish]
        fds = (self._reading, *self._keep_fds, *(sibling.needed_fd for sibling in siblings))
        log = self._log(number)
        self._enter(number, started("scheduler.cli", options, self._overrides, log, fds))

    def _enter(self, number: int, worker: Process) -> None:
        self._workers[number] = worker
        self._started_at[number] = time.monotonic()

    def _log(self, number: int) -> Path:
        return self._logs / f"worker-{number}.log"

    def tend(self) -> None:
        """Start dead workers again. Raises ConfigError if they can't be kept alive."""
        if self._receiver is not None:
            self._receiver.tend()
        for number, worker in list(self._workers.items()):
            if worker.poll() is None:
                continue
            lived = time.monotonic() - self._started_at[number]
            self._early_deaths = self._early_deaths + 1 if lived < TOO_SOON_SECONDS else 0
            if self._early_deaths > 2 * self._count:
                raise ConfigError(
                    f"the workers die at once, see {self._log(number)}:",
                    *private.last_lines(self._log(1)),
                )
            self._start(number)

    def pardon(self) -> None:
        """Forget how often workers have died: they are started again all the same."""
        self._early_deaths = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Let the workers finish what is in hand, and wait for them.

        After an error it leaves them alone: they notice that `run` is gone, claim no more, and keep
        the live calls until their ends.
        """
        if kind is None:
            self._end()
        os.close(self._reading)
        os.close(self._writing)

    def _end(self) -> None:
        for worker in self._workers.values():
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        give_up_at = time.monotonic() + LEAVE_SECONDS
        for worker in self._workers.values():
            try:
                worker.wait(max(0.1, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                _kill(worker)


def _kill(process: Process) -> None:
    process.kill()
    try:
        process.wait(KILL_SECONDS)
    except subprocess.TimeoutExpired:
        process.returncode = -signal.SIGKILL  # a disk that hangs keeps it; Popen would complain


class SandboxProcess:
    """The sandbox of one `run`. It leaves when `run` and every worker are gone."""

    def __init__(self, provider: str, limit: int, folder: Path) -> None:
        """It behaves as that provider's API.

        Its journal, which has numbers in full, and its output go into `folder`.
        """
        self._provider = provider
        self._limit = limit
        self._folder = folder
        self.url = ""
        self._reading, self.needed_fd = os.pipe()

    def __enter__(self) -> Self:
        private.state_folder(self._folder.parent, self._folder.name)
        journal = self._folder / "journal.jsonl"
        private.opened(journal).close()
        command = [sys.executable, "-m", "scheduler.cli", "sandbox", "--port", "0"]
        command += ["--provider", self._provider]
        command += ["--limit", str(self._limit), "--until-fd", str(self._reading)]
        command += ["--journal", str(journal)]
        with private.opened(self._folder / "sandbox.log") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                pass_fds=(self._reading,),
            )
        os.close(self._reading)
        assert self._process.stdout is not None
        with self._process.stdout as line:
            # It prints its address in one write.
            is_heard, *_ = select.select([line], [], [], SANDBOX_SECONDS)
            self.url = line.readline().strip() if is_heard else ""
        if not self.url:
            _kill(self._process)
            raise ConfigError(f"the sandbox did not start, see {self._folder / 'sandbox.log'}")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        os.close(self.needed_fd)
        if kind is None:
            self._process.terminate()
            try:
                self._process.wait(LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                _kill(self._process)
