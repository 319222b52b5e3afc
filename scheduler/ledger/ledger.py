"""The ledger: its connection, its clock and leases, and how a script runs. Verbs stand apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from redis.commands.core import Script

from scheduler.errors import LedgerError, LedgerFault, LedgerTrouble
from scheduler.ledger import counts, keys, names, turns
from scheduler.ledger.redis.client import connect, connect_once, expect_redis, reaching
from scheduler.ledger.redis.durability import expect_durable
from scheduler.ledger.scripts import Scripts
from scheduler.models import (
    Durability,
)


@dataclass(frozen=True, slots=True)
class Leases:
    """How long things may take before somebody else deals with them; all in seconds."""

    claim: float = 10.0  #: from claim to begin
    dial: float = 25.0  #: from begin to the answer on record; more than the 15 s of a start
    stop_patience: float = 600.0  #: how long a stop that is not confirmed keeps its slot
    stop_give_up: float = 24 * 3600.0  #: how long a stop that is not confirmed is repeated
    stop_late: float = 30.0  #: a call that is overdue by more counts; too many fence `begin`
    denied_apart: float = 5.0  #: between the two "no such connection" that confirm an end


@dataclass(frozen=True, slots=True)
class Control:
    """An operator who gives an order. It goes on record in the step that carries it out."""

    who: str  #: user@host
    note: str = ""
    #: Of this execution: what is sent again because its answer was lost is done and recorded once.
    token: str = field(default_factory=lambda: uuid4().hex)
    #: The `moves` of the campaign that they saw: where it has moved on since, nothing is changed.
    #: "" for an order that is meant however it stands.
    seen: str = ""

    @property
    def written(self) -> tuple[str, str, str]:
        """What a script takes."""
        return self.who, self.note, self.token


#: Nobody gives an order: nothing goes on record.
NOBODY = Control("", "", "")


class Ledger:
    """The ledger.

    `now` is for tests, and `time` for those that run a campaign of days in seconds; without them
    the clock is the server's.
    """

    def __init__(
        self,
        url: str,
        leases: Leases | None = None,
        durability: Durability = Durability.SERVER,
        time: Callable[[], float] | None = None,
    ) -> None:
        self.leases = leases or Leases()
        self.durability = durability
        self._time = time
        # Any: the annotations of redis-py cover bytes too, and we have every answer decoded.
        self.redis: Any = connect(url)
        self.once = connect_once(url)
        self.do = Scripts(self.redis)
        self.do_once = Scripts(self.once)

    def close(self) -> None:
        """Close the connections."""
        self.redis.close()
        self.once.close()

    def clock(self, now: float | None) -> str:
        """Return what a script takes for the time: "" for the server's own."""
        if now is None and self._time is not None:
            now = self._time()
        return "" if now is None else repr(now)

    def time(self, now: float | None = None) -> float:
        """Return the time in epoch seconds: as given, else by the clock. Raises LedgerTrouble."""
        if given := self.clock(now):
            return float(given)
        with reaching():
            return self.time_of(self.redis.time())

    def time_of(self, answer: tuple[int, int], now: float | None = None) -> float:
        """Return the same where a pipeline has the answer to TIME among others."""
        seconds, microseconds = answer
        return float(self.clock(now) or seconds + microseconds / 1e6)

    def open(self, *, upgrades: bool = True) -> None:
        """Check the ledger's schema. Raises LedgerError when it is newer than this release.

        Who `upgrades` raises an older one, from when on older workers dial no more; who only looks,
        or gives orders, leaves it. Raises ConfigError when the server can't be as durable as the
        setting asks for.
        """
        expect_redis(self.redis)
        expect_durable(self.once, self.durability)
        with reaching():
            self.redis.set(f"{keys.ROOT}schema", keys.SCHEMA, nx=True)
            written = str(self.redis.get(f"{keys.ROOT}schema") or 0)
            found = keys.count_of(written, -1)
            if found < 0:
                raise LedgerFault(f"{keys.ROOT}schema is no number: another program has set it")
            if found < keys.SCHEMA and upgrades:
                # What is new has defaults; workers of before refuse the ledger from now on. Whoever
                # dies before that leaves it to the next one.
                names.index(self.redis)
                self.redis.set(f"{keys.ROOT}schema", keys.SCHEMA)
            # Workers of the release before read all that it writes, and go on beside this one.
            if upgrades and not turns.is_indexed(self.redis):
                turns.index(self.redis)
            if upgrades and not counts.is_complete(self.redis):
                counts.complete(self.redis, self.do.recount)
        if found > keys.SCHEMA:
            raise LedgerError(
                f"the ledger has schema {found}, this release knows {keys.SCHEMA}:"
                " upgrade callsched on this machine"
            )

    def run(self, script: Script, *args: Any) -> Any:
        """Run one verb. Raises LedgerUnreachable."""
        with reaching():
            return script(keys=[keys.ROOT], args=args)

    def run_each(self, script: Script, every: Sequence[Sequence[Any]]) -> list[Any]:
        """Run one verb with each of these arguments, in one journey.

        What fails for one fails for no other: its answer is then the LedgerTrouble. Raises
        LedgerUnreachable when Redis can't be reached at all.
        """
        if len(every) == 1:
            try:
                return [self.run(script, *every[0])]
            except LedgerFault as error:
                return [error]
        with reaching(), self.redis.pipeline(transaction=False) as pipe:
            for args in every:
                pipe.evalsha(script.sha, 1, keys.ROOT, *args)
            found = pipe.execute(raise_on_error=False)
        return [
            self._run_again(script, args) if isinstance(answer, Exception) else answer
            for args, answer in zip(every, found, strict=True)
        ]

    def _run_again(self, script: Script, args: Sequence[Any]) -> Any:
        try:
            return self.run(script, *args)  # the server may have lost its scripts
        except LedgerTrouble as error:
            return error
