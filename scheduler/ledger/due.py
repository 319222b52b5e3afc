"""How many calls are due on an account, which changes with the clock alone.

It counts only campaigns that have something due, fifty in a step of Redis. So campaigns that wait
cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from scheduler.ledger import turns
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching

#: How many campaigns to look at in one step, in which Redis serves nobody else.
_AT_ONCE = 50

#: A count that took more than one step is used again for so many times as long.
_TIMES = 50


@dataclass(frozen=True, slots=True)
class DueCalls:
    """What is due on an account."""

    count: int
    since: float  #: when the first of them fell due; now if none is due
    steps: int  #: how many steps it took to count them


def count(ledger: Ledger, account: str, now: float | None = None) -> DueCalls:
    """Count the calls that could be dialled now if there were a slot. Raises LedgerTrouble."""
    at = ledger.time(now)
    due, since = 0, at
    with reaching():
        some = turns.of_which_something_is_due(ledger.redis, account, at)
    steps = range(0, len(some), _AT_ONCE)
    for first in steps:
        campaigns = some[first : first + _AT_ONCE]
        of_them, oldest = ledger.run(ledger.do.count_due, ledger.clock(now), *campaigns)
        due += of_them
        since = min(since, float(oldest or at))
    return DueCalls(due, since, len(steps))


class Recurring:
    """The same for a caller who asks every second: it counts for a fiftieth of the time at most."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, DueCalls]] = {}  #: by account, with when to count anew

    def count(self, ledger: Ledger, account: str) -> DueCalls:
        """Return what is due, or was due at the last count. Raises LedgerTrouble."""
        began = monotonic()
        until, known = self._known.get(account, (0.0, None))
        if known is None or began >= until:
            known = count(ledger, account)
            over = monotonic()
            took = over - began if known.steps > 1 else 0.0
            self._known[account] = over + _TIMES * took, known
        return known
