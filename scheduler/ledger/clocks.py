"""The clock of Redis, which decides: did it jump, and what is due because of it?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scheduler.ledger import accounts, keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching

#: So long a jump is shown.
_SHOWN_SECONDS = 86400.0

_KEY = f"{keys.ROOT}clock"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the clock showed, and how many jumps of it were known then."""

    at: float  #: epoch seconds
    jumps: int


def read(ledger: Ledger) -> Reading:
    """Read it, in one step with the jumps that are known. Raises LedgerTrouble."""
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.time()
        pipe.hget(_KEY, "jumps")
        answer, jumps = pipe.execute()
    return Reading(ledger.time_of(answer), keys.count_of(jumps or "0"))


def jumped(ledger: Ledger, before: Reading, seconds: float, now: float | None = None) -> bool:
    """Move what stands in the ledger by a jump, and tell whether nobody had done so.

    `before` is the last reading before the jump, by so many `seconds`, less than 0 when the clock
    was set back. Raises LedgerTrouble.
    """
    every = accounts.names(ledger)
    clock = ledger.clock(now)
    return bool(ledger.run(ledger.do.clock_jumped, before.jumps, seconds, clock, *every))


def last_jump(client: Any, now: float | None = None) -> str:
    """Say what the clock did last, if that is a day ago at most; "" for nothing.

    Raises LedgerTrouble.
    """
    with reaching():
        at, by = client.hmget(_KEY, "at", "by")
        seconds, microseconds = client.time()
    now = seconds + microseconds / 1e6 if now is None else now
    try:
        jumped_at, jump = float(at), float(by)
    except (TypeError, ValueError):
        return ""
    if not abs(now - jumped_at) < _SHOWN_SECONDS:
        return ""
    when = f"{datetime.fromtimestamp(jumped_at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"the clock of Redis {in_words(jump)}; it showed {when} then"


def in_words(seconds: float) -> str:
    """Say how it jumped, and what becomes of live calls."""
    if seconds < 0:
        return f"was set back by {-seconds:,.0f} s: calls are ended as it had gone on"
    return f"jumped forward by {seconds:,.0f} s: what was due within that time is due at once"
