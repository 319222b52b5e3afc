"""Makes the index of campaigns by name in ledgers of earlier releases, which had none."""

from __future__ import annotations

import math
from typing import Any

from scheduler.ledger import keys

_PAGE = 500


def index(redis: Any) -> None:
    """Add the missing campaigns to the index; harmless if it runs again.

    `redis` is a client of the ledger. Entries that exist stay as they are: a campaign that was
    created or finished meanwhile has the newer value.
    """
    campaigns = redis.zrange(f"{keys.ROOT}campaigns", 0, -1)
    for at in range(0, len(campaigns), _PAGE):
        some = campaigns[at : at + _PAGE]
        with redis.pipeline(transaction=False) as pipe:
            for campaign_id in some:
                pipe.hmget(
                    keys.campaign(campaign_id, "meta"), "account", "name", "state", "finished_at"
                )
            for campaign_id, found in zip(some, pipe.execute(), strict=True):
                account, name, state, finished_at = found
                if account is not None:
                    over_at = float(finished_at) if state == "finished" else math.inf
                    pipe.zadd(
                        keys.account(account, f"named:{name}"), {campaign_id: over_at}, nx=True
                    )
            pipe.execute()
