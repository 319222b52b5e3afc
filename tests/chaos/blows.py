"""Deals the blows of a plan, mends what does not pass by itself, and counts what struck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import psutil
from redis.exceptions import RedisError

from scheduler.errors import SchedulerError
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.chaos.account import Account, CutOff
from tests.chaos.lives import Worker
from tests.chaos.plan import ALL, Blow
from tests.chaos.proxy import Proxy

#: Starts or stops that go wrong in a row. Three lost starts would be an outage, which makes the
#: account wait.
AT_ONCE = 2

#: While one account is cut off, the other is dialled on within this time, whatever else strikes.
DIALLED_ON_WITHIN_SECONDS = 20.0


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
        accounts: Sequence[Account],
        redis: EmbeddedRedis,
        ledger: Ledger,
        workers: Sequence[Worker],
        lines: Sequence[Proxy],
    ) -> None:
        """`lines` are the ways of each worker to Redis."""
        self._accounts = accounts
        self._redis = redis
        self._ledger = ledger
        self._workers = workers
        self._lines = lines
        self.struck: Counter[str] = Counter()  #: by kind
        #: Account and operation -> the kind of fault that waits for it.
        self._armed: dict[tuple[Account, str], str] = {}
        self.cuts: list[CutOff] = []  #: of one account from its API

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
        for waiting in tuple(self._armed):
            self._disarm(*waiting)

    def tend(self) -> None:
        """Mend what has been cut off for long enough, once the other account was dialled on."""
        for cut in self.cuts:
            if not cut.over_at and (
                cut.has_lasted(DIALLED_ON_WITHIN_SECONDS) or self._is_finished(cut.other)
            ):
                cut.mend()

    def _is_finished(self, account: Account) -> bool:
        with suppress(SchedulerError):
            return views.campaign(self._ledger, account.campaign_id).state == "finished"
        return False

    def _ways(self, blow: Blow) -> tuple[Callable[[], None], Callable[[], None] | None]:
        """Return what deals a blow, and what mends it when it does not pass by itself."""
        match blow.kind:
            case "redis cut" | "api cut":
                return self._cutting(blow, self._cut_by(blow))
            case "account cut off":
                return lambda: self._cut_off(blow), None
            case "redis refuses":
                return lambda: self._refuse(blow), lambda: self._take_writes(blow)
            case "redis killed":
                return lambda: self._kill_redis(blow), self._revive
            case "frozen":
                worker = self._workers[blow.worker]
                return lambda: self._count(blow, worker.freeze()), None
            case "killed":
                return lambda: self._kill_workers(blow), None
            case "answer lost" | "stop failed" | "stop denied":
                operation = "start" if blow.kind == "answer lost" else "stop"
                return lambda: self._arm(operation, blow), None
            case _:
                account = self._accounts[blow.account]
                return lambda: self._harm_sockets(blow), lambda: account.turn(sockets="open")

    def _count(self, blow: Blow, struck: bool = True) -> None:
        self.struck[blow.name] += struck

    def _cut_by(self, blow: Blow) -> Sequence[Proxy]:
        if blow.kind == "api cut":
            return [self._accounts[blow.account].api]
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

    def _cut_off(self, blow: Blow) -> None:
        """Cut one account off, unless another is, or there is nothing to be dialled on another."""
        account, other = self._accounts[blow.account], self._accounts[1 - blow.account]
        if not self._is_finished(other) and all(cut.over_at for cut in self.cuts):
            self.cuts.append(CutOff.begun(account, other, blow.seconds, blow.how))
            self._count(blow)

    def _arm(self, operation: str, blow: Blow) -> None:
        """Have the next requests of their kind go wrong."""
        account = self._accounts[blow.account]
        self._disarm(account, operation)
        fault = "404" if blow.kind == "stop denied" else blow.how
        account.turn(**{f"{operation}_fault": fault, f"{operation}_fault_count": AT_ONCE})
        self._armed[account, operation] = blow.name

    def _disarm(self, account: Account, operation: str) -> None:
        """Count what has struck; what has not is taken back."""
        kind = self._armed.pop((account, operation), "")
        if kind and account.sandbox.knobs()[f"{operation}_fault"] is None:
            self.struck[kind] += 1
        account.turn(**{f"{operation}_fault": None, f"{operation}_fault_count": None})

    def _harm_sockets(self, blow: Blow) -> None:
        account = self._accounts[blow.account]
        if blow.how == "refused":
            account.turn(sockets="refused")
            self._count(blow)
        else:
            self._count(blow, account.sandbox.drop_sockets(how=blow.how) > 0)
