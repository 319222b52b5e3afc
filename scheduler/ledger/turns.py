"""The indexes that tell claims which campaigns have calls due, and which fall due next."""

from __future__ import annotations

from typing import Any

from scheduler.ledger import keys

#: How many campaigns to read in one round trip.
_PAGE = 500


#: The version of what `index` makes; version 1 had no index of paused campaigns.
_MADE = 2


def is_indexed(redis: Any) -> bool:
    """Whether all campaigns are in the indexes that claims and views use."""
    return keys.count_of(redis.get(f"{keys.ROOT}turns") or "") >= _MADE


def index(redis: Any) -> None:
    """Index each campaign that is not finished; harmless if it runs again.

    `redis` is a client of the ledger. If workers of the older release make calls due meanwhile,
    ticks find them, because they go round all campaigns.
    """
    campaigns = redis.zrange(f"{keys.ROOT}campaigns", 0, -1, withscores=True)
    for at in range(0, len(campaigns), _PAGE):
        some = campaigns[at : at + _PAGE]
        with redis.pipeline(transaction=False) as pipe:
            for campaign_id, _ in some:
                pipe.hmget(keys.campaign(campaign_id, "meta"), "account", "state")
            for (campaign_id, since), (account, state) in zip(some, pipe.execute(), strict=True):
                if account is not None:
                    pipe.sadd(f"{keys.ROOT}accounts", account)
                if account is not None and state != "finished":
                    pipe.zadd(keys.account(account, "next"), {campaign_id: 0}, lt=True)
                if account is not None and state == "paused":
                    pipe.zadd(keys.account(account, "paused"), {campaign_id: since}, nx=True)
            pipe.execute()
    redis.set(f"{keys.ROOT}turns", _MADE)


def of_which_something_is_due(
    redis: Any, account: str, now: float, most: int | None = None
) -> list[str]:
    """Return the campaigns of an account that claims would look at now; some have nothing due.

    It takes at most `most` from each index.
    """
    last = -1 if most is None else most - 1
    some = {} if most is None else {"start": 0, "num": most}
    classes = redis.zrange(keys.account(account, "classes"), 0, -1, desc=True)
    with redis.pipeline(transaction=False) as pipe:
        for priority in classes:
            pipe.zrange(keys.account(account, f"ready:{priority}"), 0, last)
        pipe.zrange(keys.account(account, "paced"), 0, last)
        pipe.zrangebyscore(keys.account(account, "next"), "-inf", now, **some)
        return list(dict.fromkeys(campaign for found in pipe.execute() for campaign in found))
