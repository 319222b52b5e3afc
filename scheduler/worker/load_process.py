"""Loads the file of a schedule in a process of its own.

Reading and checking a large file occupies a whole core. In a worker, the threads that send stops
would wait for it at every step, because only one thread of a process runs at a time.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

from scheduler.errors import LedgerError, LedgerTrouble, LedgerUnreachable, SchedulerError
from scheduler.ledger import access
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.schedules import Launch
from scheduler.logs import be_discreet
from scheduler.models import Schedule
from scheduler.settings import Settings, environment_of_child, read_settings
from scheduler.worker.schedules import load_file

logger = logging.getLogger(__name__)

#: How often the worker that waits looks whether to go on.
LOOK_SECONDS = 1.0


def load_in_other_process(
    _ledger: Ledger,
    _settings: Settings,
    launch: Launch,
    campaign_id: str,
    account: str,
    go_on: Callable[[], None],
) -> str:
    """Do what `load_file` does in another process, with the environment of this one.

    That process ends with this one, or if `go_on` raises: another worker then completes what it has
    loaded.
    """
    words = (launch.path, launch.encoding, launch.region, campaign_id, account)
    with subprocess.Popen(
        [sys.executable, "-m", __name__, *words],
        env=environment_of_child(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            answer = _awaited(process, go_on)
        finally:
            process.kill()
    return _id_or_error(answer)


def _awaited(process: subprocess.Popen[bytes], go_on: Callable[[], None]) -> bytes:
    while True:
        try:
            process.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            go_on()
        else:
            assert process.stdout is not None
            return process.stdout.read()


def _id_or_error(answer: bytes) -> str:
    if not answer:
        raise LedgerError("the process that loaded the file died: see the log of the worker")
    outcome, text = json.loads(answer)
    if outcome == "away":
        raise LedgerUnreachable(text)
    if outcome == "failed":
        raise LedgerError(text)
    return str(text)


def _load(path: str, encoding: str, region: str, campaign_id: str, account: str) -> tuple[str, str]:
    try:
        settings = read_settings()
        with access.opened(settings, upgrades=True) as (ledger, _):
            launch = Launch(path, encoding, Schedule(), region)
            return "loaded", load_file(ledger, settings, launch, campaign_id, account, lambda: None)
    except LedgerTrouble as error:
        return "away", str(error)
    except SchedulerError as error:
        return "failed", str(error).splitlines()[0]
    except Exception as error:
        logger.exception("%s can't be loaded", path)
        return "failed", f"{type(error).__name__}: {error}"


def _die_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    """Load one file; write the result."""
    be_discreet()
    # A worker that shuts down ends this process itself.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    sys.stdout.write(json.dumps(_load(*sys.argv[1:])))


if __name__ == "__main__":
    main()
