"""The commands as processes, in a state directory of their own, and a judge of the journal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from scheduler.cli import status_view
from scheduler.ledger.ledger import Ledger
from scheduler.live.standing import standing
from tests.functional.forks import Forked, shared
from tests.sandbox_process import SandboxProcess

Event = dict[str, Any]

#: How late a stop may be, and how early. What nobody sends comes never and what only a lease brings
#: comes after 25 s; in between, a busy machine may be to blame, and `benchmarks/` measure that.
LATE_SECONDS, EARLY_SECONDS = 15.0, 0.01

_NOTHING: Mapping[str, str] = {}
_AREAS = (202, 212, 213, 303, 312, 404, 415, 503, 512, 617)


def numbers(count: int) -> list[str]:
    """Return numbers that are reserved for fiction; the sandbox simply accepts them."""
    every = [f"+1{area}55501{last:02}" for area in _AREAS for last in range(100)]
    return every[:count]


def magic(ending: int) -> str:
    """Return the number by which the sandbox misbehaves in this way."""
    return f"+186755501{ending:02}"


def write_contacts(path: Path, phone_numbers: Iterable[str]) -> Path:
    """Write a CSV file of these numbers and nothing else."""
    path.write_text("\n".join(["phone_number", *phone_numbers]) + "\n")
    return path


class Command:
    """A `callsched` command, or another one, that runs; its output goes to files."""

    def __init__(self, process: subprocess.Popen[bytes] | Forked, into: Path) -> None:
        self.process = process
        self._out, self._err = Path(f"{into}.out"), Path(f"{into}.err")

    @classmethod
    def started(cls, words: Sequence[str], env: Mapping[str, str], cwd: Path, into: Path) -> Self:
        """Start these words."""
        with Path(f"{into}.out").open("wb") as out, Path(f"{into}.err").open("wb") as err:
            nothing = subprocess.DEVNULL
            process = subprocess.Popen(
                words, env=env, cwd=cwd, stdin=nothing, stdout=out, stderr=err
            )
        return cls(process, into)

    @property
    def out(self) -> str:
        """What it has said on standard output so far."""
        return self._out.read_text()

    @property
    def out_bytes(self) -> bytes:
        """The same of a command that writes no text."""
        return self._out.read_bytes()

    @property
    def err(self) -> str:
        """What it has said on standard error so far."""
        return self._err.read_text()

    def wait(self, within_seconds: float = 60.0) -> int:
        """Wait until it has ended; return its exit code."""
        try:
            return self.process.wait(within_seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it goes on running:\n{self.err[-3000:]}") from None

    def interrupt(self) -> None:
        """Send what Ctrl-C sends."""
        self.process.send_signal(signal.SIGINT)

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def record(self) -> dict[str, Any]:
        """The JSON object on the last line of standard output."""
        return dict(json.loads(self.out.splitlines()[-1]))


class Site:
    """A machine as an operator sees it: an environment, a state directory, a working directory.

    Whatever was started here is gone when the block is left.
    """

    def __init__(self, home: Path, api_url: str, **env: object) -> None:
        self.home = home
        self.state = home / "state"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CALLSCHED_", "CELERY_", "PYTEST_")) and name != "PYTHONPATH"
        }
        self.env = kept | {
            "CALLSCHED_STATE_DIR": str(self.state),
            # Tests run at night, too; those of the hours say which they mean.
            "CALLSCHED_CALLING_HOURS": "always",
            "CALLSCHED_SYMBL_BASE_URL": api_url,
            "CALLSCHED_SYMBL_APP_ID": "app",
            "CALLSCHED_SYMBL_APP_SECRET": "hush-hush-secret",
            "TERM": "dumb",
        }
        self.env |= {name: str(value) for name, value in env.items()}
        self._logs = home / "output"
        self._logs.mkdir(parents=True)
        self._commands: list[Command] = []
        self._forked: dict[Forked, list[str]] = {}  #: the words of each
        self._ledger: Ledger | None = None
        self._count = 0

    def contacts(self, phone_numbers: Iterable[str], name: str = "contacts.csv") -> str:
        """Write a campaign file into the working directory; return its path."""
        return str(write_contacts(self.home / name, phone_numbers))

    def start(
        self, *words: str, env: Mapping[str, str] = _NOTHING, called: str = "callsched"
    ) -> Command:
        """Start a `callsched` command, as an interpreter of its own or, far sooner, by a fork.

        `run` has one worker unless it is said otherwise. What a forked one starts are forks, too.
        """
        if words[0] == "run" and not {"--workers", "--help"} & set(words):
            words = (*words, "--workers", "1")
        return self._start("scheduler.cli", "scheduler.cli.app", words, env, called)

    def start_celery_worker(
        self, *words: str, env: Mapping[str, str] = _NOTHING, quiet: bool = False
    ) -> Command:
        """Start `celery -A scheduler worker` with these options, in the same way."""
        words = (*["--quiet"] * quiet, "-A", "scheduler", "worker", *words)
        return self._start("celery", "celery.__main__", words, env)

    def _start(
        self,
        module: str,
        program: str,
        words: Sequence[str],
        env: Mapping[str, str],
        called: str = "callsched",
    ) -> Command:
        chosen = {**self.env, **env}
        of_its_own = dict(chosen.items() - os.environ.items())
        if not all(map(_is_read_late, of_its_own)):
            return self.start_python("-m", module, *words, env=env)
        into = self._next_output()
        forked = shared().start(self.home, chosen, words, into, program=program, called=called)
        self._forked[forked] = [module, *words]
        return self._kept(Command(forked, into))

    def start_python(
        self, *words: str, env: Mapping[str, str] = _NOTHING, cwd: Path | None = None
    ) -> Command:
        """Start this Python with other words."""
        words = (sys.executable, *words)
        into = self._next_output()
        return self._kept(Command.started(words, {**self.env, **env}, cwd or self.home, into))

    def _kept(self, command: Command) -> Command:
        self._commands.append(command)
        return command

    def _next_output(self) -> Path:
        self._count += 1
        return self._logs / f"{self._count:02}"

    def call(
        self, *words: str, env: Mapping[str, str] = _NOTHING, within_seconds: float = 60.0
    ) -> Command:
        """Run a `callsched` command to its end."""
        command = self.start(*words, env=env)
        command.wait(within_seconds)
        return command

    def results(self, campaign_id: str, env: Mapping[str, str] = _NOTHING) -> list[Event]:
        """Return the record of every contact."""
        told = self.call("results", campaign_id, "--format", "jsonl", env=env)
        assert told.process.returncode == 0, told.err
        return [json.loads(line) for line in told.out.splitlines()]

    def standing(self, campaign_id: str) -> dict[str, Any]:
        """Return what `status --json` says of a campaign, for a test that looks again and again.

        Only where the settings name a Redis, and only what follows from the ledger.
        """
        return status_view.record(standing(self.ledger, campaign_id), campaign_id)

    @property
    def ledger(self) -> Ledger:
        """The ledger, where the settings name a Redis."""
        if self._ledger is None:
            self._ledger = Ledger(self.env["CALLSCHED_REDIS_URL"])
        return self._ledger

    def workers(self) -> list[psutil.Process]:
        """Return the workers that live."""
        return [one for one in self.living() if _is_worker(self.words(one))]

    def words(self, process: psutil.Process) -> list[str]:
        """Return what a process was started with, from its module on where it was forked."""
        if words := self._forks().get(process.pid):
            return words
        try:
            return process.cmdline()
        except psutil.Error:
            return []  # it has just gone

    def redis(self) -> psutil.Process | None:
        """Return the private Redis, if it lives."""
        return next((process for process in self.living() if _is_redis(process)), None)

    def kill_everything(self) -> None:
        """Kill whatever lives here, all at once as far as that goes: `run`, workers and Redis."""
        living = self.living()
        for action in (psutil.Process.suspend, psutil.Process.kill):
            for process in living:
                with suppress(psutil.NoSuchProcess):
                    action(process)
        self._reap(living)

    def living(self) -> list[psutil.Process]:
        """Return what was started here. What it started in turn shows by its state directory."""
        found, forked = [], self._forks()
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                is_ours = process.pid in forked or self._is_ours(process)
                if process.status() != psutil.STATUS_ZOMBIE and is_ours:
                    found.append(process)
        return found

    def _is_ours(self, process: psutil.Process) -> bool:
        if process.pid == os.getpid():
            return False
        if process.environ().get("CALLSCHED_STATE_DIR") == str(self.state):
            return True
        # The private Redis has none of our environment.
        return _is_redis(process) and process.cwd() == str(self.state.resolve())

    def _forks(self) -> dict[int, list[str]]:
        """Return the words of what was forked: environment and words don't show from outside."""
        living = {one.pid: words for one, words in self._forked.items() if one.poll() is None}
        for path in self._logs.glob("*.born"):
            for line in path.read_text().splitlines():
                pid, *words = json.loads(line)
                if self._is_fork(pid):
                    living[pid] = words
        return living

    def _is_fork(self, pid: int) -> bool:
        """Whether a process of this id is still the one that was forked here."""
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            forked = "tests.functional.forks" in process.cmdline()
            return forked and process.cwd() == str(self.home.resolve())
        return False

    def _reap(self, processes: Iterable[psutil.Process]) -> None:
        for command in self._commands:
            if command.process.pid in {process.pid for process in processes}:
                command.process.wait()
        psutil.wait_procs(processes, timeout=30)

    def logged(self) -> str:
        """Return all that was ever written to a log or to standard error."""
        logs = [*self._logs.glob("*.err"), *(self.state / "logs").glob("*.log")]
        return "\n".join(path.read_text(errors="replace") for path in logs)

    def __enter__(self) -> Self:
        shared()  # on a busy machine it takes seconds, which no test should wait for in its middle
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._ledger is not None:
            self._ledger.close()
        self.kill_everything()


#: Besides ours, Twilio's and OpenTelemetry's, the variables that nothing reads before a command
#: begins.
_OTHERS = ("BROWSER", "HOME", "NO_COLOR", "PATH", "SECRET", "TERM", "TZ", "XDG_STATE_HOME")


def _is_read_late(name: str) -> bool:
    """Whether a variable counts also for a process that has started already."""
    return name.startswith(("CALLSCHED_", "OTEL_", "TWILIO_")) or name in _OTHERS


def _is_redis(process: psutil.Process) -> bool:
    try:
        return "redis" in process.name()
    except psutil.Error:
        return False


def _is_worker(words: Sequence[str]) -> bool:
    return "worker" in words and ("scheduler.cli" in words or "celery" in words)


class Judge:
    """What the sandbox's journal says about a campaign."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.journal = sandbox.journal()

    def events(self, *names: str) -> list[Event]:
        """Return the events with these names, oldest first."""
        return [event for event in self.journal if event["event"] in names]

    @property
    def accepted(self) -> Counter[str]:
        """How often each number was rung."""
        return Counter(event["phone_number"] for event in self.events("accepted"))

    @property
    def rung_twice(self) -> list[str]:
        return [number for number, times in self.accepted.items() if times > 1]

    @property
    def peak(self) -> int:
        """The most calls that were live at once."""
        return max((event["live"] for event in self.events("accepted")), default=0)

    @property
    def refusals(self) -> list[Event]:
        """Starts that were answered 429."""
        return [event for event in self.events("refused") if event["status"] == 429]

    @property
    def live(self) -> set[str]:
        """Numbers whose call has not ended."""
        ended = {event["connection_id"] for event in self.events("ended")}
        return {
            event["phone_number"]
            for event in self.events("accepted")
            if event["connection_id"] not in ended
        }

    def lateness(self, seconds: float | Callable[[str], float]) -> list[float]:
        """Return by how much the first stop of each answered call missed its deadline."""
        length = seconds if callable(seconds) else lambda _: seconds
        stopped: dict[str, float] = {}
        for event in self.events("stop"):
            stopped.setdefault(event["connection_id"], event["at"])
        return [
            stopped.get(event["connection_id"], float("inf"))
            - event["at"]
            - length(event["phone_number"])
            for event in self.events("answered")
            if event["connection_id"]
        ]

    def assert_on_time(self, seconds: float | Callable[[str], float]) -> None:
        """Each answered call was stopped by its deadline, and none early."""
        lateness = self.lateness(seconds)
        assert lateness
        assert max(lateness) < LATE_SECONDS
        assert min(lateness) > -EARLY_SECONDS
