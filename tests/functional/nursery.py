"""What a forked command starts of ours is forked as well: it need not import everything again."""

from __future__ import annotations

import atexit
import fcntl
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from select import select
from types import ModuleType
from typing import Any, NoReturn

#: The programs of ours that a command starts as processes of their own.
_STARTED = ("scheduler.cli", "scheduler.sandbox", "scheduler.web")

#: Above every number that a command gives a file of its own.
_HIGH = 500
_LONGEST_BYTES = 200_000


class _Replaced(BaseException):
    """Raised where a command would have another program take its place: one of ours."""

    def __init__(self, module: str, words: Sequence[str], env: Mapping[str, str]) -> None:
        self.module, self.words, self.env = module, words, env


class Nursery:
    """A process that forks for one command, and for which only that command asks.

    It is forked before the command does anything: it has no thread, no lock, and no open file.
    """

    def __init__(self, born: Path) -> None:
        """Write the process id and the words of each that it forks to that file."""
        self._asked = threading.Lock()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            self._channel.close()
            _nurse(theirs, born)
        theirs.close()

    def start(self, fds: Mapping[int, int], **what: Any) -> int:
        """Have it fork, with these open files under these numbers; return the process id."""
        return self._ask({"fds": list(fds), **what}, list(fds.values()))

    def reaped(self, pid: int) -> int:
        """Return the wait status of one that has ended."""
        return self._ask({"reap": pid}, [])

    def _ask(self, what: Mapping[str, Any], fds: list[int]) -> int:
        with self._asked:
            socket.send_fds(self._channel, [json.dumps(what).encode()], fds)
            return int(self._channel.recv(100))


def settle(nursery: Nursery) -> None:
    """Have what this process starts of ours be forks."""
    _Popen.nursery = nursery
    subprocess.Popen = _Popen  # type: ignore[misc]


def stay() -> None:
    """Have this process make way for a program of ours without a new interpreter."""
    os.execve = _execve  # type: ignore[assignment]


def main_of(module: str) -> ModuleType:
    """Return what `python -m` runs of it."""
    return import_module(f"{module}.__main__")


def _of_ours(command: Any) -> str | None:
    """Return which module of ours it is that a command line runs."""
    if isinstance(command, list) and command[:2] == [sys.executable, "-m"]:
        return command[2] if command[2] in _STARTED else None
    return None


def be(work: Callable[[], object], *, wholly: bool = False) -> NoReturn:
    """Be the process that does this and nothing else.

    It ends sooner than an interpreter does, unless it is to do so `wholly`.
    """
    code = _code(work)
    if wholly:
        sys.exit(code)
    try:
        _finish()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _code(work: Callable[[], object]) -> int:
    try:
        _done(work)
    except SystemExit as leaving:
        code: object = leaving.code or 0
        if isinstance(code, str):
            print(code, file=sys.stderr)
        return code if isinstance(code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def take(env: Mapping[str, str]) -> None:
    """Have this environment, and no other."""
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    # Who runs the tests in the background of a shell has Ctrl-C ignored, and so would we.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _done(work: Callable[[], object]) -> None:
    replaced = None
    try:
        work()
    except _Replaced as by:
        replaced = by
    if replaced is not None:
        take(replaced.env)
        _run(replaced.module, replaced.words)


def _run(module: str, words: Sequence[str]) -> None:
    main = main_of(module)
    sys.argv = [str(main.__file__), *words]
    main.main()


def _finish() -> None:
    """Do what an interpreter does before it ends."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()


def _execve(path: str, command: list[str], env: Mapping[str, str]) -> NoReturn:
    module = _of_ours(command)
    assert module is not None and path == sys.executable, command
    raise _Replaced(module, command[3:], env)


class _Popen(subprocess.Popen[Any]):
    """One whose process is a fork of the nursery where it is one of ours."""

    nursery: Nursery
    _ends: int | None = None

    def _execute_child(self, *args: Any, **kwargs: Any) -> None:
        real = super()._execute_child  # type: ignore[misc]
        given = inspect.signature(real).bind(*args, **kwargs).arguments
        module = _of_ours(given["args"])
        if module is None:
            real(*args, **kwargs)
            return
        own = {0: given["p2cread"], 1: given["c2pwrite"], 2: given["errwrite"]}
        fds = {number: number if fd == -1 else fd for number, fd in own.items()}
        fds |= {fd: fd for fd in given["pass_fds"]}
        self.pid = self.nursery.start(
            fds,
            module=module,
            words=given["args"][3:],
            env=dict(os.environ if given["env"] is None else given["env"]),
            folder=str(given["cwd"] or Path.cwd()),
            session=given["start_new_session"],
        )
        self._child_created = True
        self._ends = os.pidfd_open(self.pid)
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(given[name] for name in pipes))  # type: ignore[attr-defined]

    def _internal_poll(self, *args: Any, **kwargs: Any) -> int | None:
        if self._ends is None:
            return super()._internal_poll(*args, **kwargs)  # type: ignore[misc, no-any-return]
        return self._status(0.0)

    def _wait(self, timeout: float | None) -> int:
        if self._ends is None:
            return super()._wait(timeout)  # type: ignore[misc, no-any-return]
        code = self._status(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return code

    def _status(self, timeout: float | None) -> int | None:
        assert self._ends is not None
        with self._waitpid_lock:  # type: ignore[attr-defined]
            if self.returncode is None and select([self._ends], [], [], timeout)[0]:
                self.returncode = os.waitstatus_to_exitcode(self.nursery.reaped(self.pid))
                os.close(self._ends)
        return self.returncode


def _nurse(channel: socket.socket, born: Path) -> NoReturn:
    os.setsid()  # what a terminal sends is for the command
    with Path(os.devnull).open("r+") as nothing:
        for number in range(3):
            os.dup2(nothing.fileno(), number)
    while True:
        asked, fds, _, _ = socket.recv_fds(channel, _LONGEST_BYTES, 100)
        if not asked:
            os._exit(0)
        what = json.loads(asked)
        if "reap" in what:
            answer = os.waitpid(what["reap"], 0)[1]
        else:
            answer = os.fork()
            if answer == 0:
                channel.close()
                placed = dict(zip(what.pop("fds"), fds, strict=True))
                be(partial(_begin, born, placed, **what))
            _note(born, answer, [what["module"], *what["words"]])
        for fd in fds:
            os.close(fd)
        channel.send(str(answer).encode())


def _note(born: Path, pid: int, words: Sequence[str]) -> None:
    with born.open("a") as file:
        print(json.dumps([pid, *words]), file=file)


def _begin(
    born: Path,
    placed: Mapping[int, int],
    module: str,
    words: Sequence[str],
    env: Mapping[str, str],
    folder: str,
    session: bool,
) -> None:
    if session:
        os.setsid()
    os.chdir(folder)
    with ExitStack() as away:
        high = {}
        for number, fd in placed.items():
            high[number] = fcntl.fcntl(fd, fcntl.F_DUPFD, _HIGH)
            away.callback(os.close, high[number])
            os.close(fd)
        for number, fd in high.items():
            os.dup2(fd, number)
    take(env)
    os.register_at_fork(after_in_child=lambda: _note(born, os.getpid(), [module, *words]))
    _run(module, words)
