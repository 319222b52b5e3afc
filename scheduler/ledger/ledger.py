"""The ledger: its connection, its clock and leases, and how it runs a script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from scheduler.errors import LedgerError, LedgerFault, LedgerTrouble
from scheduler.ledger import counts, keys, names, turns
from scheduler.ledger.redis.client import connect, connect_once, expect_redis, reaching
from scheduler.ledger.redis.durability import expect_durable
from scheduler.ledger.redis.verbs import Runner, Verb
from scheduler.ledger.scripts import Scripts
from scheduler.models import (
    Durability,
)


@dataclass(frozen=True, slots=True)
class Leases:
    """How long steps may take before another worker deals with them; all in seconds."""

    claim: float = 10.0  #: from claim to begin
    dial: float = 25.0  #: from begin to the answer on record; more than the 15 s of a start
    stop_patience: float = 600.0  #: how long a call keeps its slot while its stop is not confirmed
    stop_give_up: float = 24 * 3600.0  #: how long a stop that is not confirmed is repeated
    stop_late: float = 30.0  #: a stop that is later counts; too many of them fence `begin`
    denied_interval: float = 5.0  #: between the two "no such connection" that confirm an end


@dataclass(frozen=True, slots=True)
class Control:
    """An operator who gives an order. It goes on record in the step that carries it out."""

    who: str  #: user@host
    note: str = ""
    #: Of this execution: an order that is sent again is carried out and recorded once.
    token: str = field(default_factory=lambda: uuid4().hex)
    #: The `moves` of the campaign that they saw: if it has changed since, the order does nothing.
    #: "" if the order is meant however the campaign stands.
    seen: str = ""

    @property
    def written(self) -> tuple[str, str, str]:
        """What a script takes."""
        return self.who, self.note, self.token


#: Nobody gives an order, so nothing is recorded.
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
        self._runner = Runner(self.redis)
        self.do = Scripts(self._runner)
        self.do_once = Scripts(Runner(self.once))

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
        return self.time_of(*self.read(("TIME",)))

    def time_of(self, answer: Sequence[Any], now: float | None = None) -> float:
        """Return the same from the answer to TIME among others."""
        seconds, microseconds = map(int, answer)
        return float(self.clock(now) or seconds + microseconds / 1e6)

    def open(self, *, upgrades: bool = True) -> None:
        """Check the ledger's schema. Raises LedgerError if it is newer than this release.

        With `upgrades` it raises an older schema, and from then on older workers dial no more;
        commands that only look, or give orders, leave it. Raises ConfigError if the server can't be
        as durable as the setting asks for.
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
                # New fields have defaults; older workers refuse the ledger from now on. If this
                # process dies before that, the next one does it.
                names.index(self.redis)
                self.redis.set(f"{keys.ROOT}schema", keys.SCHEMA)
            # Workers of the previous release read all that this one writes, and go on beside it.
            if upgrades and not turns.is_indexed(self.redis):
                turns.index(self.redis)
            if upgrades and not counts.is_complete(self.redis):
                counts.complete(self.redis, self.do.recount)
        if found > keys.SCHEMA:
            raise LedgerError(
                f"the ledger has schema {found}, this release knows {keys.SCHEMA}:"
                " upgrade callsched on this machine"
            )

    def run(self, script: Verb, *args: Any) -> Any:
        """Run one verb. Raises LedgerUnreachable."""
        with reaching():
            return script(keys=[keys.ROOT], args=args)

    def read(self, *commands: Sequence[Any]) -> list[Any]:
        """Run commands that read, in one round trip. Raises LedgerTrouble.

        The answers are as Redis gives them: a number may be a text. A worker reads so with each
        tick, because a pipeline of redis-py takes it twice as long.
        """
        with reaching():
            return self._runner.run_all(*commands)

    def run_each(self, script: Verb, every: Sequence[Sequence[Any]]) -> list[Any]:
        """Run one verb with each of these arguments, in one round trip.

        If one run fails, its answer is the LedgerTrouble, and the others go on. Raises
        LedgerUnreachable if Redis can't be reached at all.
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

    def _run_again(self, script: Verb, args: Sequence[Any]) -> Any:
        try:
            return self.run(script, *args)  # the server may have lost its scripts
        except LedgerTrouble as error:
            return error
