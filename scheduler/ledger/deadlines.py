"""When live connections must be over, as the ledger has it; workers keep a copy in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.late import LateCause
from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt


@dataclass(frozen=True, slots=True)
class Deadline:
    """When the next stop of a connection is due: at its deadline, or after one that failed."""

    at: float  #: epoch seconds, by the clock of Redis
    seconds: float  #: how long after the reading that is; less than 0 if it has passed

    @property
    def read_at(self) -> float:
        """When it was read, by the same clock."""
        return self.at - self.seconds


def live(
    ledger: Ledger, account: str, attempts: Sequence[Attempt], now: float | None = None
) -> dict[Attempt, Deadline | None]:
    """Return the deadline of each attempt's connection; None if it is over, or was given up.

    Leaves out attempts of whose connection the ledger has no record. This only reads, so it works
    while Redis refuses writes. Raises LedgerTrouble.
    """
    if not attempts:
        return {}
    members = [str(attempt) for attempt in attempts]
    answer, live, stops = ledger.read(
        ("TIME",),
        ("ZMSCORE", keys.account(account, "live"), *members),
        ("ZMSCORE", keys.account(account, "stops"), *members),
    )
    instant = ledger.time_of(answer, now)
    found: dict[Attempt, Deadline | None] = {}
    for attempt, deadline, stop_at in zip(attempts, live, stops, strict=True):
        at = deadline if stop_at is None else stop_at
        if at is not None:
            found[attempt] = Deadline(float(at), float(at) - instant)
    return found | dict.fromkeys(_known(ledger, [one for one in attempts if one not in found]))


def _known(ledger: Ledger, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return the attempts that have, or had, a connection on record."""
    if not attempts:
        return []
    every = (("HEXISTS", keys.attempt(str(attempt)), "connection_id") for attempt in attempts)
    return [one for one, is_known in zip(attempts, ledger.read(*every), strict=True) if is_known]


def stop_reason(ledger: Ledger, attempt: Attempt) -> str:
    """Return why a connection is being stopped: `deadline`, `aborted`, …; "" if it is not.

    Raises LedgerTrouble.
    """
    with reaching():
        return str(ledger.redis.hget(keys.attempt(str(attempt)), "stop_why") or "")


def note_stop(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    late_seconds: float | None = None,
    *,
    cause: LateCause | None = None,
    said: str = "",
) -> None:
    """Record that a stop was sent and that its effect is not known. Raises LedgerTrouble.

    `late_seconds` is how late the first one left; `cause` is what the last one makes of a late end,
    if it was not confirmed, and `said` the API's answer to it.
    """
    late = "" if late_seconds is None else late_seconds
    ledger.run(ledger.do.note_stop, account, str(attempt), late, cause or "", said)
