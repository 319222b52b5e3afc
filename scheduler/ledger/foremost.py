"""Which campaigns matter most, if there are too many to show all of them?

The cost does not grow with the number of campaigns, because this reads indexes only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from scheduler.ledger import keys, turns
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt

#: How many of the newest campaigns come before those that wait for a time: somebody has just made
#: them.
_NEWEST = 50


def foremost(ledger: Ledger, accounts: Sequence[str], most: int) -> list[str]:
    """Return some campaigns, those of these accounts that matter most first.

    First come campaigns that have calls under way, then those that have calls due, wait for
    somebody, or are among the few newest; then those in which something falls due next, and all
    others that are not finished; the rest are the newest, on any account. Raises LedgerTrouble.
    """
    return list(islice(dict.fromkeys(_in_turn(ledger, accounts, most)), most))


def with_calls_to_make(ledger: Ledger, accounts: Sequence[str]) -> list[str]:
    """Return the campaigns that have calls due, or under way, or that wait for somebody.

    All others that are not finished wait for a time. Raises LedgerTrouble.
    """
    with reaching():
        if not turns.is_indexed(ledger.redis):
            return list(ledger.redis.zrevrange(f"{keys.ROOT}campaigns", 0, -1))
        now = ledger.time()
        found = [
            turns.of_which_something_is_due(ledger.redis, account, now) for account in accounts
        ]
        paused = (ledger.redis.zrange(keys.account(each, "paused"), 0, -1) for each in accounts)
        under_way = (_under_way(ledger, account) for account in accounts)
        return list(dict.fromkeys(chain(*found, *paused, *under_way)))


def _in_turn(ledger: Ledger, accounts: Sequence[str], most: int) -> Iterator[str]:
    now = ledger.time()
    with reaching():
        for account in accounts:
            yield from _under_way(ledger, account)
        for account in accounts:
            yield from turns.of_which_something_is_due(ledger.redis, account, now, most)
        yield from _of_each(ledger, accounts, "paused", most, newest_first=True)
        newest = ledger.redis.zrevrange(f"{keys.ROOT}campaigns", 0, most - 1)
        yield from newest[:_NEWEST]
        yield from _of_each(ledger, accounts, "next", most)
        yield from _of_each(ledger, accounts, "campaigns", most)
        yield from newest


def _under_way(ledger: Ledger, account: str) -> Iterator[str]:
    """Yield the campaigns that have calls under way, once for each call."""
    with ledger.redis.pipeline(transaction=False) as pipe:
        for part in ("live", "slots"):
            pipe.zrange(keys.account(account, part), 0, -1)
        for attempts in pipe.execute():
            for attempt in attempts:
                if Attempt.is_written(attempt):
                    yield Attempt.parse(attempt).campaign_id


def _of_each(
    ledger: Ledger, accounts: Sequence[str], part: str, most: int, *, newest_first: bool = False
) -> Iterator[str]:
    """Yield the first `most` campaigns of a sorted set of each account."""
    with ledger.redis.pipeline(transaction=False) as pipe:
        for account in accounts:
            pipe.zrange(keys.account(account, part), 0, most - 1, desc=newest_first)
        for found in pipe.execute():
            yield from found


def others(ledger: Ledger, account: str | None, listed: int, unfinished: int) -> int:
    """Return how many campaigns there are besides those that are listed.

    For one account it counts only those that are not finished.
    """
    with reaching():
        if account is None:
            return max(0, int(ledger.redis.zcard(f"{keys.ROOT}campaigns")) - listed)
        return max(0, int(ledger.redis.zcard(keys.account(account, "campaigns"))) - unfinished)
