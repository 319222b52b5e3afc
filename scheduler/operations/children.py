"""How `run` starts what works for it: in a session of its own, with the settings of `run`."""

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
    """Run a module of ours, which has these files open, and what it says in a log.

    `overrides` go before the environment in its settings.
    """
    command = [sys.executable, "-m", module, *options]
    for name, value in overrides.items():
        # The .env file may have it as well, which the environment of a child can't say.
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
