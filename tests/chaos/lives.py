"""One worker in several lives: started again when it has died, woken when it was frozen."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import psutil

from scheduler.clock import since_boot
from tests.chaos.plan import FREEZE_SECONDS, Plan, Strike
from tests.chaos.worker import Fate
from tests.functional.forks import Forked, shared


class Worker:
    """One worker that is started again when it has died, for its next life."""

    def __init__(
        self,
        plan: Plan,
        number: int,
        folder: Path,
        env: dict[str, str],
        program: str = "tests.chaos.worker",
    ) -> None:
        self._lives = list(plan.lives[number])
        self._life: tuple[Strike, ...] = ()
        self._shift = plan.clock_shifts[number]
        self._twice = plan.twice
        self._struck = folder / "struck"
        self._name, self._number = number, 0  #: of the worker, and of its life
        self._folder = folder
        self._env = env
        self._program = program
        self._process: Forked | None = None
        self._frozen_at: float | None = None
        self.died_at: dict[int, float] = {}  #: of lives that did not end in peace, by process id

    def start(self) -> None:
        """Begin the next life; after those of the plan, one without a fate."""
        self._life = self._lives.pop(0) if self._lives else ()
        fate = Fate(self._life, self._shift, self._twice, str(self._struck))
        env = self._env | {"CHAOS_PLAN": fate.written()}
        self._number += 1
        into = self._folder / f"worker-{self._name}-{self._number}"
        # An interpreter of its own would take longest about its imports.
        self._process = shared(self._program).start(self._folder, env, (), into)

    @property
    def is_up(self) -> bool:
        """Whether its first life has become ready, or is over."""
        log = self._folder / f"worker-{self._name}-1.err"
        return "ready." in log.read_text(errors="replace") or not self._lives_now()

    def _lives_now(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def is_at_work(self) -> bool:
        """Whether it lives and is not frozen, as far as anybody has looked."""
        return self._lives_now() and self._frozen_at is None

    def tend(self) -> None:
        """Start it again when it is dead, wake it when it has been frozen for long enough."""
        assert self._process is not None
        if not self._lives_now():
            self.died_at[self._process.pid] = since_boot()
            self._frozen_at = None
            self.start()
            return
        if psutil.Process(self._process.pid).status() != psutil.STATUS_STOPPED:
            self._frozen_at = None
        elif self._frozen_at is None:
            self._frozen_at = time.monotonic()
        elif time.monotonic() - self._frozen_at > FREEZE_SECONDS:
            self.wake()

    def freeze(self) -> bool:
        """Freeze it, unless it is dead or frozen."""
        if not self._lives_now() or self._frozen_at is not None:
            return False
        assert self._process is not None
        psutil.Process(self._process.pid).suspend()
        return True

    def wake(self) -> None:
        """Let it go on, unless it is dead."""
        if self._lives_now():
            assert self._process is not None
            psutil.Process(self._process.pid).resume()

    def kill(self) -> bool:
        """Kill it, wherever it is just now. What this life was to meet, the next one will."""
        if not self._lives_now():
            return False
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._lives.insert(0, self._life)
        return True

    def end(self) -> None:
        """End it, in peace if it goes."""
        process = self._process
        if process is None:
            return
        process.terminate()
        self.wake()
        self._process = None
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
        if process.wait() != 0:
            self.died_at[process.pid] = since_boot()
