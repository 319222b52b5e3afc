"""Which campaigns claims look at: those of which something is due, or falls due next."""

from __future__ import annotations

from typing import Any

from scheduler.ledger import keys

#: Campaigns that are read in one round trip.
_PAGE = 500


def index(redis: Any) -> None:
    """Have each campaign that is not over looked at once; harmless when it is done again.

    `redis` is a client of the ledger. What workers of the older release make due meanwhile is found
    by ticks, which go round all campaigns.
    """
    campaigns = redis.zrange(f"{keys.ROOT}campaigns", 0, -1)
    for at in range(0, len(campaigns), _PAGE):
        some = campaigns[at : at + _PAGE]
        with redis.pipeline(transaction=False) as pipe:
            for campaign_id in some:
                pipe.hmget(keys.campaign(campaign_id, "meta"), "account", "state")
            for campaign_id, (account, state) in zip(some, pipe.execute(), strict=True):
                if account is not None and state != "finished":
                    pipe.zadd(keys.account(account, "next"), {campaign_id: 0}, lt=True)
            pipe.execute()


def of_which_something_is_due(redis: Any, account: str, now: float) -> list[str]:
    """Return the campaigns of an account that claims would look at now; some have nothing due."""
    classes = redis.zrange(keys.account(account, "classes"), 0, -1)
    with redis.pipeline(transaction=False) as pipe:
        pipe.zrangebyscore(keys.account(account, "next"), "-inf", now)
        pipe.zrange(keys.account(account, "paced"), 0, -1)
        for priority in classes:
            pipe.zrange(keys.account(account, f"ready:{priority}"), 0, -1)
        return list(dict.fromkeys(campaign for found in pipe.execute() for campaign in found))
