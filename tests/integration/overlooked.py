"""What claims look at, held against a walk over every campaign."""

from __future__ import annotations

from typing import Any

from scheduler.ledger import keys
from scheduler.models import OPEN_STATES
from tests.integration.ledger import ACCOUNT, Books


def overlooked(books: Books, account: str = ACCOUNT) -> list[str]:
    """Return the campaigns that may dial now or later, and that no claim would look at then."""
    redis = books.ledger.redis
    classes = redis.zrange(keys.account(account, "classes"), 0, -1)
    in_turn = {
        campaign
        for priority in classes
        for campaign in redis.zrange(keys.account(account, f"ready:{priority}"), 0, -1)
    }
    looked_at = dict(redis.zrange(keys.account(account, "next"), 0, -1, withscores=True))
    paced = dict(redis.zrange(keys.account(account, "paced"), 0, -1, withscores=True))
    wheel = redis.zrange(keys.account(account, "campaigns"), 0, -1)
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
    meta = redis.hgetall(keys.campaign(campaign, "meta"))
    counts = redis.hgetall(keys.campaign(campaign, "counts"))
    head = redis.zrange(keys.campaign(campaign, "due"), 0, 0, withscores=True)
    is_open = sum(int(counts.get(state, 0)) for state in OPEN_STATES)
    started = int(meta.get("dials", 0)) + int(counts.get("claimed", 0))
    is_full = is_open >= int(meta.get("max_concurrency") or 1e9)
    if meta["state"] != "active" or not head or is_full or started >= int(meta.get("canary", 1e9)):
        return None
    return max(now, float(head[0][1]), float(meta.get("paced_until", 0)))
