"""Starts the processes of `run`, each in its own session, with the settings of `run`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scheduler import private
from scheduler.settings import Overrides, environment_of_child


def started(
    module: str, options: Sequence[str], overrides: Overrides, log: Path, fds: Sequence[int]
) -> subprocess.Popen[bytes]:
    """Start a module of callsched with these open files, and its output in a log.

    `overrides` take precedence over the environment in its settings.
    """
    command = [sys.executable, "-m", module, *options]
    for name, value in overrides.items():
        # The .env file may set it too, and a child's environment can't unset that.
        command += ["--unset", name] if value is None else []
    with private.opened(log) as written:
        return subprocess.Popen(
            command,
            env=environment_of_child(overrides),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,
            pass_fds=fds,
        )
