"""What claims look at, held against a walk over every campaign."""

from __future__ import annotations

from typing import Any

from scheduler.ledger import keys
from scheduler.models import OPEN_STATES
from tests.integration.ledger import ACCOUNT, Books


def overlooked(books: Books, account: str = ACCOUNT) -> list[str]:
    """Return the campaigns that may dial now or later, and that no claim would look at then."""
    redis = books.ledger.redis
    with redis.pipeline(transaction=False) as pipe:
        for part in ("classes", "campaigns"):
            pipe.zrange(keys.account(account, part), 0, -1)
        for part in ("next", "paced"):
            pipe.zrange(keys.account(account, part), 0, -1, withscores=True)
        classes, wheel, *times = pipe.execute()
    looked_at, paced = map(dict, times)
    in_turn = {
        campaign
        for priority in classes
        for campaign in redis.zrange(keys.account(account, f"ready:{priority}"), 0, -1)
    }
    return [
        campaign
        for campaign in wheel
        if (at := _dials_at(redis, campaign, books.now)) is not None
        and campaign not in in_turn
        and looked_at.get(campaign, at + 1) > at
        and paced.get(campaign, at + 1) > at
    ]


def _dials_at(redis: Any, campaign: str, now: float) -> float | None:
    """Return from when on a campaign may dial; None: not before something changes."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.hgetall(keys.campaign(campaign, "meta"))
        pipe.hgetall(keys.campaign(campaign, "counts"))
        pipe.zrange(keys.campaign(campaign, "due"), 0, 0, withscores=True)
        meta, counts, head = pipe.execute()
    is_open = sum(int(counts.get(state, 0)) for state in OPEN_STATES)
    started = int(meta.get("dials", 0)) + int(counts.get("claimed", 0))
    is_full = is_open >= int(meta.get("max_concurrency") or 1e9)
    if meta["state"] != "active" or not head or is_full or started >= int(meta.get("canary", 1e9)):
        return None
    return max(now, float(head[0][1]), float(meta.get("paced_until", 0)))
