"""Has the clock of Redis jumped? It decides what is due, so deadlines must move with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from scheduler.ledger import accounts, keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching

#: How long `doctor` and `status` show a jump.
_SHOWN_SECONDS = 86400.0

_KEY = f"{keys.ROOT}clock"


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of the clock."""

    at: float  #: epoch seconds
    jumps: int  #: how many jumps of it the ledger knew of then


def read(ledger: Ledger) -> Reading:
    """Read the clock, and in the same step the number of known jumps. Raises LedgerTrouble."""
    *_, (answer, jumps) = ledger.read(("MULTI",), ("TIME",), ("HGET", _KEY, "jumps"), ("EXEC",))
    return Reading(ledger.time_of(answer), keys.count_of(jumps or "0"))


class Right(StrEnum):
    """Which clock is right, by a third one, after the clock of Redis has jumped forward."""

    STEADY = "steady"  #: the worker's: the clock of Redis is wrong
    REDIS = "redis"  #: the clock of Redis: the worker's machine was paused
    UNKNOWN = ""  #: there was no third clock


def jumped(
    ledger: Ledger,
    before: Reading,
    seconds: float,
    since: float,
    right: Right = Right.UNKNOWN,
    now: float | None = None,
) -> float | None:
    """Move the ledger's deadlines by a jump; None if another worker has dealt with it.

    `before` is the last reading before the jump, `since` how many seconds ago it was. `seconds` is
    the jump; less than 0: the clock was set back, and is wrong in any case. Returns the seconds by
    which deadlines were moved. Raises LedgerTrouble.
    """
    every = accounts.names(ledger)
    jump = (before.jumps, seconds, since, right, ledger.clock(now))
    moved = ledger.run(ledger.do.clock_jumped, *jump, *every)
    return float(moved) if moved else None


def last_jump(client: Any, now: float | None = None) -> str:
    """Describe the last jump of the clock, if it was at most a day ago; "" if there was none.

    Raises LedgerTrouble.
    """
    with reaching():
        at, by, by_which, right = client.hmget(_KEY, "at", "by", "moved", "right")
        seconds, microseconds = client.time()
    now = seconds + microseconds / 1e6 if now is None else now
    try:
        jumped_at, jump, moved = float(at), float(by), float(by_which)
    except (TypeError, ValueError):
        return ""
    if not abs(now - jumped_at) < _SHOWN_SECONDS:
        return ""
    when = f"{datetime.fromtimestamp(jumped_at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"the clock of Redis {in_words(jump, moved, right or '')}; it showed {when} then"


#: Why we know which clock is right.
_BY_WHOM: Mapping[str, str] = {
    Right.STEADY: ", for the clock of a provider agrees with that of the workers",
    Right.REDIS: ", for the clock of a provider agrees with it: a worker's machine was paused",
}


def in_words(seconds: float, moved: float | None, right: str) -> str:
    """Describe a jump and its effect on calls.

    `moved` is by how many seconds deadlines were moved; None if another worker dealt with it.
    """
    how = "was set back" if seconds < 0 else "jumped forward"
    text = f"{how} by {abs(seconds):,.0f} s"
    if moved is None:
        return f"{text}, as another worker has said"
    why = _BY_WHOM.get(right, "") if seconds > 0 else ""
    if abs(moved - seconds) < 1.0:
        return f"{text}: deadlines are moved with it, and calls end on time{why}"
    return f"{text}: what was due within {seconds - moved:,.0f} s of it is due at once{why}"
