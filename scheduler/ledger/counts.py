"""How many campaigns and calls an account has: counted as they change, so that nobody walks them.

The scripts say which campaigns have changed, and whoever asks has these counted first: as many as
calls have changed since, however many campaigns wait. A ledger of the release before is counted
once, by the first worker that opens it; what its workers change beside newer ones is found by
going round.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from redis.commands.core import Script

from scheduler.ledger import keys

#: Campaigns that are counted in one step, in which nobody else is served: a millisecond.
_AT_ONCE = 50

#: Steps at most for one who asks; more have changed only while no worker goes round.
_MOST_STEPS = 50

_MARK = f"{keys.ROOT}counted"


def is_complete(redis: Any) -> bool:
    """Whether each campaign has been counted once."""
    return bool(redis.exists(_MARK))


def complete(redis: Any, recount: Script) -> None:
    """Count every campaign; harmless when it is done again, or by several at once."""
    for some in pages(redis, _AT_ONCE):
        recount(keys=[keys.ROOT], args=[0, *some])
    redis.set(_MARK, 1)


def settle(recount: Script) -> None:
    """Count the campaigns that have changed."""
    for _ in range(_MOST_STEPS):
        if not recount(keys=[keys.ROOT], args=[_AT_ONCE]):
            return


def mend(redis: Any, recount: Script, first: int) -> int:
    """Count some campaigns whether they have changed or not, from this one of all on.

    Returns with which to go on; after the last one with the first.
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
