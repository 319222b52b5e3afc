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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from select import select
from types import TracebackType
from typing import Any, Self

from tests.functional.nursery import Nursery, be, main_of, settle, stay, take

#: A command that takes longer is killed, and the test fails.
PATIENCE_SECONDS = 30

#: In place of a path: a pipe whose reader has left.
CLOSED = "closed"


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
        output: str | None = None,
        source: str | None = None,
        called: str = "callsched",
    ) -> Forked:
        """Start the program with these words, this environment and nothing else, as this user.

        It reads a file, if there is a `source`, and writes to the files `into`.out and .err; or it
        does both on a terminal. With its standard `output` at another place it ends as an
        interpreter does, which writes what is left. Another `program` of ours than the one that
        this forks for may be said, and how it was `called`.
        """
        if terminal is None:
            for end in ("out", "err"):
                Path(f"{into}.{end}").touch()  # who looks at once finds it
        places = {"into": str(into), "terminal": terminal, "output": output, "source": source}
        asked = {"folder": str(folder), "env": dict(env), "words": list(words), "user": user}
        asked |= places | {"called": called} | ({} if program is None else {"program": program})
        return Forked(self, self.ask(run=asked))

    def call(
        self,
        folder: Path,
        env: Mapping[str, str],
        words: Sequence[str],
        user: int | None = None,
        program: str | None = None,
        output: str | None = None,
        source: str | None = None,
        within_seconds: float = PATIENCE_SECONDS,
    ) -> Ended:
        """Run it to its end, as `start` starts it."""
        into = folder / "output"
        forked = self.start(
            folder, env, words, into, user, program=program, output=output, source=source
        )
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
    output: str | None,
    source: str | None,
    called: str,
) -> int:
    files = [source or os.devnull, output or f"{into}.out", f"{into}.err"]
    if terminal is not None:
        files = [terminal] * 3
    if words[:1] == ["web"]:
        main_of("scheduler.web")  # few tests need it, and those again and again
    child = os.fork()
    if child == 0:
        born = Path(f"{into}.born")
        work = partial(_be, program, folder, env, [called, *words], files, user, born)
        be(work, wholly=bool(output))
    return child


def _be(
    program: str,
    folder: str,
    env: dict[str, str],
    command: list[str],
    files: list[str],
    user: int | None,
    born: Path,
) -> None:
    os.setsid()
    os.chdir(folder)
    for number, path in enumerate(files):
        opened = _opened(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC if number else os.O_RDONLY)
        os.dup2(opened, number)
        os.close(opened)
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    take(env)
    sys.stdin = os.fdopen(0, closefd=False)  # the other one may have read more than a line of ours
    if sys.stdout.isatty():
        _look_at_terminal()
    stay()
    if command[1:2] == ["run"]:
        settle(Nursery(born))
    sys.argv = command
    import_module(program).main()


def _opened(path: str, flags: int) -> int:
    if path != CLOSED:
        return os.open(path, flags, 0o600)
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def _look_at_terminal() -> None:
    """See what is otherwise seen as an interpreter starts and as our console is imported."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    console = import_module("scheduler.cli.console")
    for one, how in ((console.out, {}), (console.err, {"file": console.err.file})):
        vars(one).update(vars(type(one)(**how)))


if __name__ == "__main__":
    _serve(sys.argv[1])
