"""Deals the blows of a plan, mends what does not pass by itself, and counts what struck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import psutil
from redis.exceptions import RedisError

from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.chaos.lives import Worker
from tests.chaos.plan import ALL, Blow
from tests.chaos.proxy import Proxy
from tests.sandbox_process import SandboxProcess

#: Starts or stops that go wrong in a row. Three lost starts would be an outage, which makes the
#: account wait.
AT_ONCE = 2


#: What has Redis refuse every write, and what takes that back.
_REFUSALS = {
    "OOM": (("CONFIG", "SET", "maxmemory", "1mb"), ("CONFIG", "SET", "maxmemory", "0")),
    "NOREPLICAS": (
        ("CONFIG", "SET", "min-replicas-to-write", "3"),
        ("CONFIG", "SET", "min-replicas-to-write", "0"),
    ),
    "NOPERM": (
        ("ACL", "SETUSER", "default", "-@write"),
        ("ACL", "SETUSER", "default", "+@all"),
    ),
}


class Blows:
    """What strikes from outside."""

    def __init__(
        self,
        sandbox: SandboxProcess,
        redis: EmbeddedRedis,
        ledger: Ledger,
        workers: Sequence[Worker],
        api: Proxy,
        lines: Sequence[Proxy],
    ) -> None:
        """`api` is the way of all workers to the sandbox, `lines` are those of each to Redis."""
        self._sandbox = sandbox
        self._redis = redis
        self._ledger = ledger
        self._workers = workers
        self._api = api
        self._lines = lines
        self.struck: Counter[str] = Counter()  #: by kind
        self._armed: dict[str, str] = {}  #: operation -> the kind of fault that waits for it

    def agenda(self, blows: Iterable[Blow]) -> list[tuple[float, bool, Callable[[], None]]]:
        """Return what happens when, the soonest first: blows (True) and mendings."""
        agenda: list[tuple[float, bool, Callable[[], None]]] = []
        for blow in blows:
            deal, mend = self._ways(blow)
            agenda.append((blow.at_seconds, True, deal))
            if mend is not None:
                agenda.append((blow.at_seconds + blow.seconds, False, mend))
        return sorted(agenda, key=lambda entry: entry[0])

    def close(self) -> None:
        """Take back what has not struck yet."""
        for operation in tuple(self._armed):
            self._disarm(operation)

    def _ways(self, blow: Blow) -> tuple[Callable[[], None], Callable[[], None] | None]:
        """Return what deals a blow, and what mends it when it does not pass by itself."""
        match blow.kind:
            case "redis cut" | "api cut":
                return self._cutting(blow, self._cut_by(blow))
            case "redis refuses":
                return lambda: self._refuse(blow), lambda: self._take_writes(blow)
            case "redis killed":
                return lambda: self._kill_redis(blow), self._revive
            case "frozen":
                worker = self._workers[blow.worker]
                return lambda: self._count(blow, worker.freeze()), None
            case "killed":
                return lambda: self._kill_workers(blow), None
            case "answer lost":
                return lambda: self._arm("start", blow), None
            case "stop failed" | "stop denied":
                return lambda: self._arm("stop", blow), None
            case _:
                return lambda: self._harm_sockets(blow), lambda: self._turn(sockets="open")

    def _count(self, blow: Blow, struck: bool = True) -> None:
        self.struck[blow.name] += struck

    def _cut_by(self, blow: Blow) -> Sequence[Proxy]:
        if blow.kind == "api cut":
            return [self._api]
        return self._lines if blow.worker == ALL else [self._lines[blow.worker]]

    def _cutting(
        self, blow: Blow, lines: Sequence[Proxy]
    ) -> tuple[Callable[[], None], Callable[[], None]]:
        def cut() -> None:
            self._count(blow)
            for line in lines:
                line.cut(blow.how)

        def mend() -> None:
            for line in lines:
                line.mend()

        return cut, mend

    def _kill_workers(self, blow: Blow) -> None:
        for worker in self._workers if blow.worker == ALL else [self._workers[blow.worker]]:
            self._count(blow, worker.kill())

    def _kill_redis(self, blow: Blow) -> None:
        with suppress(RedisError):  # it is dead already
            psutil.Process(self._ledger.redis.info("server")["process_id"]).kill()
            self._count(blow)

    def _refuse(self, blow: Blow) -> None:
        with suppress(RedisError):  # it is dead
            self._ledger.redis.execute_command(*_REFUSALS[blow.how][0])
            self._count(blow)

    def _take_writes(self, blow: Blow) -> None:
        with suppress(RedisError):  # it has died meanwhile, and forgotten the order
            self._ledger.redis.execute_command(*_REFUSALS[blow.how][1])

    def _revive(self) -> None:
        self._redis.ensure()

    def _arm(self, operation: str, blow: Blow) -> None:
        """Have the next requests of their kind go wrong."""
        self._disarm(operation)
        fault = "404" if blow.kind == "stop denied" else blow.how
        self._turn(**{f"{operation}_fault": fault, f"{operation}_fault_count": AT_ONCE})
        self._armed[operation] = blow.name

    def _disarm(self, operation: str) -> None:
        """Count what has struck; what has not is taken back."""
        kind = self._armed.pop(operation, "")
        if kind and self._sandbox.knobs()[f"{operation}_fault"] is None:
            self.struck[kind] += 1
        self._turn(**{f"{operation}_fault": None, f"{operation}_fault_count": None})

    def _harm_sockets(self, blow: Blow) -> None:
        if blow.how == "refused":
            self._turn(sockets="refused")
            self._count(blow)
        else:
            self._count(blow, self._sandbox.drop_sockets(how=blow.how) > 0)

    def _turn(self, **knobs: object) -> None:
        self._sandbox.knobs(**knobs)
