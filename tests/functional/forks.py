"""Commands by the hundred: a process that has imported everything forks for each of them."""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from select import select
from types import TracebackType
from typing import Any, Self

#: A command that takes longer is killed, and the test fails.
PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str


class Forked:
    """A command that was forked, with what `subprocess.Popen` offers of a process."""

    def __init__(self, forks: Forks, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._forks = forks
        self._ends = os.pidfd_open(pid)

    def poll(self) -> int | None:
        return self._code(0.0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._code(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("a forked command", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            signal.pidfd_send_signal(self._ends, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _code(self, timeout: float | None) -> int | None:
        if self.returncode is None and select([self._ends], [], [], timeout)[0]:
            self.returncode = self._forks.ask(reap=self.pid)
            os.close(self._ends)
        return self.returncode


class Forks:
    """Runs commands as a shell would, for a tenth of the time."""

    def __init__(self, program: str = "scheduler.cli.app") -> None:
        """Fork for the `main` of a module: `callsched`, or another one.

        What that is to find imported its `prepare` imports, which may change things before anything
        has looked at them; for `callsched` it is everything of ours.
        """
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Every command is registered, and none of what this process has set counts.
            env={name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        )

    def start(
        self,
        folder: Path,
        env: Mapping[str, str],
        words: Sequence[str],
        into: Path,
        user: int | None = None,
        terminal: str | None = None,
        program: str | None = None,
    ) -> Forked:
        """Start the program with these words, this environment and nothing else, as this user.

        What it writes goes to the files `into`.out and .err, or to a terminal, which it reads.
        Another `program` of ours than the one that this forks for may be said.
        """
        if terminal is None:
            for end in ("out", "err"):
                Path(f"{into}.{end}").touch()  # who looks at once finds it
        places = {"folder": str(folder), "into": str(into), "terminal": terminal}
        asked = places | {"env": dict(env), "words": list(words), "user": user}
        asked |= {} if program is None else {"program": program}
        return Forked(self, self.ask(run=asked))

    def call(
        self,
        folder: Path,
        env: Mapping[str, str],
        words: Sequence[str],
        user: int | None = None,
        program: str | None = None,
        within_seconds: float = PATIENCE_SECONDS,
    ) -> Ended:
        """Run it to its end, as `start` starts it."""
        into = folder / "output"
        forked = self.start(folder, env, words, into, user, program=program)
        try:
            code = forked.wait(within_seconds)
        except subprocess.TimeoutExpired:
            forked.kill()
            code = forked.wait()
        out, err = (Path(f"{into}.{end}").read_text(errors="replace") for end in ("out", "err"))
        return Ended(code, out, err)

    def ask(self, **what: Any) -> int:
        """Have the process that forks do something; returns its answer."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._lock:
            print(json.dumps(what), file=self._process.stdin, flush=True)
            return int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@cache
def shared(program: str = "scheduler.cli.app") -> Forks:
    """Return one of a program for all tests of this process."""
    forks = Forks(program).__enter__()
    atexit.register(forks.__exit__, None, None, None)
    return forks


def _serve(program: str) -> None:
    for library in _LIBRARIES:
        import_module(library)
    getattr(import_module(program), "prepare", import_ours)()
    gc.collect()
    gc.freeze()  # no command looks through, and so copies, what all of them share
    for line in sys.stdin:
        for what, of in json.loads(line).items():
            print(
                _reaped(of) if what == "reap" else _started(**{"program": program} | of), flush=True
            )


#: What is imported only when it is needed, and what another user may not be able to read.
_LIBRARIES = (
    *("billiard.pool", "celery.app.control", "celery.app.events", "celery.app.log"),
    *("celery.app.routes", "celery.app.trace", "celery.apps.worker", "celery.backends.base"),
    *("celery.bin.celery", "celery.concurrency.thread", "celery.events.receiver"),
    *("celery.fixups.django", "celery.loaders.app", "celery.worker.autoscale"),
    *("celery.worker.consumer", "celery.worker.consumer.delayed_delivery", "celery.worker.loops"),
    *("celery.worker.strategy", "dateutil.easter", "holidays.countries.united_states", "jinja2"),
    *("kombu.matcher", "kombu.transport.redis", "phonenumbers.data.region_US"),
    *("phonenumbers.tzdata.data0", "psutil", "pydantic_settings", "redis.sentinel", "requests"),
    *("rich.console", "rich.markdown", "rich.panel", "tenacity", "typer._adapters"),
    *("typer._click.decorators", "typer.main", "typer.rich_utils", "websockets.asyncio.client"),
    "yaml",
)

#: None of them looks at the settings as it is imported: `scheduler.celery` does, and stays out.
_ROOMS = ("calls", "cli", "ledger", "operations", "plan", "report", "worker")


def import_ours() -> None:
    for room in _ROOMS:
        package = f"scheduler.{room}"
        for module in iter_modules(import_module(package).__path__, f"{package}."):
            import_module(module.name)
    import_module("scheduler.sandbox.__main__")
    _prepare()


def _prepare() -> None:
    """Make what each process would make for itself when it first needs it."""
    # It puts its scripts together once, and connects to nothing.
    import_module("scheduler.ledger.ledger").Ledger("redis://127.0.0.1:1").close()
    records, policy = import_module("scheduler.records"), import_module("scheduler.models").Policy
    records.decode_policy(records.encode_policy(policy(max_duration_seconds=1.0)))
    for kind in import_module("scheduler.providers").PROVIDERS:
        import_module("scheduler.campaign.schema").campaign_of(kind)


def _reaped(pid: int) -> int:
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _started(
    program: str,
    folder: str,
    into: str,
    env: dict[str, str],
    words: list[str],
    user: int | None,
    terminal: str | None,
) -> int:
    files = [os.devnull, f"{into}.out", f"{into}.err"] if terminal is None else [terminal] * 3
    child = os.fork()
    if child == 0:
        _be(program, folder, env, words, files, user)
    return child


def _be(
    program: str,
    folder: str,
    env: dict[str, str],
    words: list[str],
    files: list[str],
    user: int | None,
) -> None:
    """Be the command, and never return."""
    code: object = 1
    try:
        os.setsid()
        os.chdir(folder)
        for number, path in enumerate(files):
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(path, flags if number else os.O_RDONLY, 0o600), number)
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        os.environ.clear()
        os.environ.update(env)
        time.tzset()
        # Who runs the tests in the background of a shell has Ctrl-C ignored, and so would we.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["callsched", *words]
        import_module(program).main()
        code = 0
    except SystemExit as leaving:
        code = leaving.code or 0
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        _finish()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _finish() -> None:
    """Do what an interpreter does before it ends."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()


if __name__ == "__main__":
    _serve(sys.argv[1])
