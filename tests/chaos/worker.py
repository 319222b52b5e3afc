"""A worker of ours that dies or freezes where its plan says: `python -m tests.chaos.worker`.

What it runs is the real thing. Around some of its methods it counts who passes, and at the passage
that CHAOS_PLAN names it sends itself SIGKILL or SIGSTOP. All times are shortened in proportion, so
that a lease runs out within seconds.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tenacity import wait_exponential, wait_exponential_jitter

from scheduler.clock import since_boot
from tests.chaos.plan import Strike
from tests.functional.forks import import_ours

_SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}

#: The longest lease; a frozen worker has lost whatever it held.
DIAL_LEASE_SECONDS = 2.6

#: After how long a worker stops a call that it can't record.
UNRECORDED_SECONDS = 0.6

#: In the order of the originals: a start and the look at the clock before it (2 + 15 s of 25) fit
#: into the lease of a dialing attempt, and a token's three requests into its reservation.
SHORTENED: dict[str, dict[str, object]] = {
    "scheduler.calls.dialer": {"LEAVE_WITHIN_SECONDS": 0.6, "AFTER_NOT_REACHED_SECONDS": 0.2},
    "scheduler.calls.recorder": {"UNRECORDED_SECONDS": UNRECORDED_SECONDS},
    "scheduler.calls.insist": {"INSIST_SECONDS": 2.0},
    "scheduler.calls.stopper": {
        "BETWEEN_STOPS": wait_exponential_jitter(multiplier=0.2, max=1, jitter=0.1),
    },
    "scheduler.providers.http": {"CONNECT_SECONDS": 0.5},
    "scheduler.providers.symbl.client": {
        "START_SECONDS": 1.5,
        "STOP_SECONDS": 1.0,
        "READ_SECONDS": 1.0,
    },
    "scheduler.providers.symbl.access": {"TOKEN_SECONDS": 0.5, "_RESERVED_SECONDS": 3.0},
    "scheduler.calls.closings": {"AGAIN_SECONDS": 0.6},
    "scheduler.worker.sockets": {"LEASE_SECONDS": 1.2},
    "scheduler.worker.listener": {"LOOK_SECONDS": 0.4},
    "scheduler.worker.follower": {"TRY_AGAIN_SECONDS": (0.2, 0.4, 1.0)},
    "scheduler.worker.wires": {"OPEN_SECONDS": 1.0},
    "scheduler.calls.collector": {
        "BETWEEN_READS": wait_exponential(multiplier=0.2, max=1),
        "SILENT_SECONDS": 1.0,
    },
    "scheduler.ledger.redis.client": {"TIMEOUT_SECONDS": 1.0},
    "scheduler.ledger.insights": {"READER_LEASE_SECONDS": 3.0},
    "scheduler.worker.process": {"DIAL_TASK_SECONDS": 2.0},
}
LEASES = {"claim": 1.0, "dial": DIAL_LEASE_SECONDS, "stop_late": 3.0, "denied_interval": 0.5}
BROKER = {"visibility_timeout": 4, "socket_timeout": 2, "socket_connect_timeout": 1}


@dataclass(frozen=True)
class Fate:
    """What one life of a worker is to meet."""

    strikes: tuple[Strike, ...]
    clock_shift: float
    twice: bool
    struck: str  #: the file to which each strike is written before it happens

    def written(self) -> str:
        """Return it as CHAOS_PLAN has it."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, written: str) -> Fate:
        fate = json.loads(written)
        return cls(**fate | {"strikes": tuple(Strike(**strike) for strike in fate["strikes"])})


class Points:
    """Counts the passages of each point, and strikes."""

    def __init__(self, fate: Fate) -> None:
        self._struck = Path(fate.struck)
        self._learned = self._struck.with_name("learned")
        self._strikes = {(one.point, one.passage): one.how for one in fate.strikes}
        self._passed: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._here = threading.local()

    def install(self) -> None:
        """Stand around every method whose passage is counted."""
        ledger, line = (
            import_module("scheduler.ledger.calls"),
            import_module("scheduler.providers.http").Line,
        )
        self._around(ledger, "claim", before="before claim", after="after claim")
        self._around(ledger, "begin", after="after begin")
        self._around(ledger, "connect", after="after connect")
        wire = import_module("urllib3.connection").HTTPConnection
        wrap(line, "send", self._send)
        wrap(wire, "getresponse", self._getresponse)
        self._install_at_provider()

    def _install_at_provider(self) -> None:
        """Stand around what differs from provider to provider."""
        wrap(import_module("scheduler.providers.symbl").Symbl, "start", self._start)
        ledger = import_module("scheduler.ledger.calls")
        self._around(ledger, "confirm", before="before end", after="after end")

    def _around(self, owner: Any, name: str, *, before: str = "", after: str = "") -> None:
        def counted(real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            if before:
                self._pass(before)
            result = real(*args, **kwargs)
            if after and result:
                self._pass(after)
            return result

        wrap(owner, name, counted)

    def _start(self, real: Callable[..., Any], provider: Any, order: Any, leave: Any) -> Any:
        def leaving() -> None:
            leave()
            self._pass("start leaving")

        connection = real(provider, order, leaving)
        with self._learned.open("a") as file:
            file.write(f"{os.getpid()} {since_boot()} {connection.connection_id}\n")
        self._pass("start answered")
        return connection

    def _send(self, real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._here.operation = self._operation(args, kwargs)
        return real(*args, **kwargs)

    def _operation(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Return whether an exchange starts or stops a call; None for any other."""
        body = args[3] if len(args) > 3 and args[3] else {}
        return body.get("operation")

    def _getresponse(self, real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if operation := getattr(self._here, "operation", None):
            self._pass(f"{operation} sent")
        return real(*args, **kwargs)

    def _pass(self, point: str) -> None:
        with self._lock:
            self._passed[point] += 1
            how = self._strikes.get((point, self._passed[point]))
            if how is None:
                return
            with self._struck.open("a") as file:
                file.write(f"{how}: {point}\n")
            os.kill(os.getpid(), _SIGNALS[how])


def wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    real = getattr(owner, name)
    setattr(owner, name, lambda *args, **kwargs: around(real, *args, **kwargs))


def prepare(shortened: Mapping[str, Mapping[str, object]] = SHORTENED) -> None:
    """Have every life find everything imported, and its times made short before."""
    shorten(shortened)
    import_ours()


def shorten(shortened: Mapping[str, Mapping[str, object]]) -> None:
    """Make every time short, before anything has looked at it."""
    for module_name, constants in shortened.items():
        module = import_module(module_name)
        for name, value in constants.items():
            assert hasattr(module, name), f"{module_name} has no {name} any more"
            setattr(module, name, value)
    ledger: Any = import_module("scheduler.ledger.access")
    ledger.Leases = partial(import_module("scheduler.ledger.ledger").Leases, **LEASES)


def hurry_broker() -> None:
    """Have what Celery waits for at the broker take less; this reads the settings."""
    app = import_module("scheduler.celery").app
    app.conf.broker_transport_options = app.conf.broker_transport_options | BROKER
    connection = import_module("kombu").Connection
    soon = {"interval_start": 0.2, "interval_step": 0.2, "interval_max": 1.0}
    wrap(connection, "ensure_connection", lambda real, *a, **k: real(*a, **soon | k))


def say_twice() -> None:
    """Have every message delivered twice under the same id, as a redelivery is."""
    uuid4 = import_module("uuid").uuid4

    def twice(real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        kwargs = {"task_id": str(uuid4())} | kwargs
        real(*args, **kwargs)
        return real(*args, **kwargs)

    wrap(import_module("celery.app.task").Task, "apply_async", twice)


def main(
    points: type[Points] = Points, shortened: Mapping[str, Mapping[str, object]] = SHORTENED
) -> None:
    """Run one life of a worker."""
    fate = Fate.read(os.environ["CHAOS_PLAN"])
    if fate.clock_shift:
        real, shift = time.time, fate.clock_shift
        time.time = lambda: real() + shift
    shorten(shortened)
    hurry_broker()
    points(fate).install()
    if fate.twice:
        say_twice()
    sys.argv = ["callsched", "worker"]
    import_module("scheduler.cli").main()


if __name__ == "__main__":
    main()
