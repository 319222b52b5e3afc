"""Keeps the numbers of campaigns and calls of an account, so that nobody has to walk them.

Scripts note which campaigns have changed, and who asks counts only these first. The first worker
that opens a ledger of the previous release counts every campaign once. Workers of that release
don't note what they change, so `mend` goes round all campaigns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scheduler.ledger import keys
from scheduler.ledger.redis.verbs import Verb

#: How many campaigns to count in one step, which keeps Redis busy for a millisecond.
_AT_ONCE = 50

#: Steps at most for one question; more campaigns have changed only if no worker goes round.
_MOST_STEPS = 50

_MARK = f"{keys.ROOT}counted"


def is_complete(redis: Any) -> bool:
    """Whether every campaign has been counted once."""
    return bool(redis.exists(_MARK))


def complete(redis: Any, recount: Verb) -> None:
    """Count every campaign; harmless if it runs again, or several times at once."""
    for some in pages(redis, _AT_ONCE):
        recount(keys=[keys.ROOT], args=[0, *some])
    redis.set(_MARK, 1)


def settle(recount: Verb) -> None:
    """Count the campaigns that have changed."""
    for _ in range(_MOST_STEPS):
        if not recount(keys=[keys.ROOT], args=[_AT_ONCE]):
            return


def mend(redis: Any, recount: Verb, first: int) -> int:
    """Count some campaigns from number `first` on, whether they have changed or not.

    Returns the number to go on with; 0 after the last one.
    """
    some = redis.zrange(f"{keys.ROOT}campaigns", first, first + _AT_ONCE - 1)
    recount(keys=[keys.ROOT], args=[_AT_ONCE, *some])
    return first + len(some) if len(some) == _AT_ONCE else 0


def pages(redis: Any, size: int) -> Iterator[list[str]]:
    """Yield the ids of all campaigns, the oldest first, so many at a time."""
    first = 0
    while some := redis.zrange(f"{keys.ROOT}campaigns", first, first + size - 1):
        yield some
        first += len(some)
