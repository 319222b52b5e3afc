"""Retires old campaigns: erases their contacts and calls, and keeps the campaigns and counts."""

from __future__ import annotations

import math

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import CampaignState

#: How many calls to erase in one step, which keeps Redis busy for some milliseconds.
_AT_ONCE = 500


def retire(
    ledger: Ledger, campaign_id: str, *, before: float = math.inf, now: float | None = None
) -> int | None:
    """Erase some calls of a campaign that was finished before an instant; return how many are left.

    Call it until it returns 0; after an interruption it goes on where it was. None if the campaign
    must stay: it is not finished, or not for so long, or something of it is under way (a stop that
    is repeated, the slot of an unknown call, a conversation to read, a message to a webhook).
    """
    args = (campaign_id, min(before, 1e15), _AT_ONCE, ledger.clock(now))
    left = int(ledger.run(ledger.do.retire, *args))
    return None if left < 0 else left


def campaigns_finished_before(ledger: Ledger, before: float) -> list[str]:
    """Return the campaigns that were finished before an instant and still keep their calls."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        created = ledger.redis.zrangebyscore(f"{keys.ROOT}campaigns", "-inf", before)
        for campaign_id in created:
            pipe.hmget(
                keys.campaign(campaign_id, "meta"), "state", "finished_at", "retired", "total"
            )
        found = pipe.execute()
    return [
        campaign_id
        for campaign_id, (state, finished_at, retired, total) in zip(created, found, strict=True)
        if state == CampaignState.FINISHED and float(finished_at) < before and retired != total
    ]
