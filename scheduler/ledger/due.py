"""Counts the calls that are due on an account.

That number changes as time passes, so it can't be kept. It looks only at campaigns that have
something due, fifty in a step of Redis; campaigns that wait cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from scheduler.ledger import turns
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching

#: How many campaigns to look at in one step, in which Redis serves nobody else.
_AT_ONCE = 50

#: A count that took several steps is kept for this many times as long as it took.
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
    """Counts for a caller that asks every second, for at most a fiftieth of the time."""

    def __init__(self) -> None:
        #: account -> when to count again, and the last count
        self._known: dict[str, tuple[float, DueCalls]] = {}

    def count(self, ledger: Ledger, account: str) -> DueCalls:
        """Return what is due, as of now or of the last count. Raises LedgerTrouble."""
        began = monotonic()
        until, known = self._known.get(account, (0.0, None))
        if known is None or began >= until:
            known = count(ledger, account)
            over = monotonic()
            took = over - began if known.steps > 1 else 0.0
            self._known[account] = over + _TIMES * took, known
        return known
