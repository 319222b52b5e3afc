"""Commands by the hundred: a process that has imported everything forks for each of them."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
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


class Forks:
    """Runs commands as a shell would, for a tenth of the time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Every command is registered, and none of what this process has set counts.
            env={name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        )

    def call(
        self,
        folder: Path,
        env: Mapping[str, str],
        words: Sequence[str],
        user: int | None = None,
        *,
        into: Path | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> Ended:
        """Run `callsched` with these words, this environment and nothing else, as this user.

        What it writes goes to the files `into`.out and .err; without, to two in its folder.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        asked = {
            "folder": str(folder),
            "env": dict(env),
            "words": list(words),
            "user": user,
            "into": str(into or folder / "output"),
            "seconds": int(patience_seconds),
        }
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        return Ended(**json.loads(self._process.stdout.readline()))

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
def shared() -> Forks:
    """Return one for all tests of this process."""
    forks = Forks().__enter__()
    atexit.register(forks.__exit__, None, None, None)
    return forks


#: These look at the settings as they are imported.
_READ_THE_ENVIRONMENT = {"scheduler.cli.worker", "scheduler.cli.__main__"}


def _serve() -> None:
    # What commands import only when they need it, and what another user may not be able to read.
    import celery  # noqa: F401
    import kombu.transport.redis  # noqa: F401
    import typer.main  # noqa: F401

    for package in ("scheduler.cli", "scheduler.operations", "scheduler.ledger", "scheduler.plan"):
        for module in iter_modules(import_module(package).__path__, f"{package}."):
            if module.name not in _READ_THE_ENVIRONMENT:
                import_module(module.name)

    for line in sys.stdin:
        print(json.dumps(_run(**json.loads(line))), flush=True)


def _run(
    folder: str, env: dict[str, str], words: list[str], user: int | None, into: str, seconds: int
) -> dict[str, Any]:
    out, err = Path(f"{into}.out"), Path(f"{into}.err")
    child = os.fork()
    if child == 0:
        signal.alarm(seconds)
        _be(folder, env, words, out, err, user)
    _, status = os.waitpid(child, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "out": out.read_text(errors="replace"),
        "err": err.read_text(errors="replace"),
    }


def _be(
    folder: str, env: dict[str, str], words: list[str], out: Path, err: Path, user: int | None
) -> None:
    """Be the command, and never return."""
    code: object = 1
    try:
        os.setsid()
        os.chdir(folder)
        for number, path in enumerate((Path(os.devnull), out, err)):
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(path, flags if number else os.O_RDONLY, 0o600), number)
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        os.environ.clear()
        os.environ.update(env)
        time.tzset()
        sys.argv = ["callsched", *words]
        from scheduler.cli.app import main

        main()
    except SystemExit as leaving:
        code = leaving.code or 0
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    _serve()
