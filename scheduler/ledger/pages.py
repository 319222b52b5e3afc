"""Pages of long lists: of all campaigns, and of the contacts of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.ledger.views import CampaignView, names_of
from scheduler.models import CallState, reason_of


@dataclass(frozen=True, slots=True)
class Listed:
    """A campaign in the list of all campaigns."""

    campaign_id: str
    created_at: float
    account: str
    state: str
    name: str

    @property
    def place(self) -> str:
        """Its cursor, which stays valid while campaigns are added."""
        return f"{self.created_at!r}:{self.campaign_id}"


def campaigns(ledger: Ledger, after: str | None, most: int) -> list[Listed]:
    """Return the campaigns after a place, the newest first; None: from the newest on.

    Raises ValueError for anything that is no place.
    """
    known, index = f"{keys.ROOT}campaigns", 0
    below = "+inf"
    with reaching():
        if after is not None:
            created_at, _, campaign_id = after.partition(":")
            if not math.isfinite(float(created_at)):
                raise ValueError("no campaign was made then")
            below = f"({float(created_at)!r}"
            rank, score = _rank(ledger, campaign_id)
            # If that campaign is gone, or was made again, go on with the next older one.
            if rank is not None and score == float(created_at):
                below, index = "", rank + 1
        if below:
            found = ledger.redis.zrevrangebyscore(known, below, "-inf", 0, most, withscores=True)
        else:
            found = ledger.redis.zrevrange(known, index, index + most - 1, withscores=True)
        with ledger.redis.pipeline(transaction=False) as pipe:
            for campaign_id, _ in found:
                pipe.hmget(keys.campaign(campaign_id, "meta"), "account", "state", "name")
            metas = pipe.execute(raise_on_error=False)
    return [
        Listed(campaign_id, created_at, *(each or "" for each in meta))
        for (campaign_id, created_at), meta in zip(found, metas, strict=True)
        if isinstance(meta, list)
    ]


def _rank(ledger: Ledger, campaign_id: str) -> tuple[int | None, float | None]:
    known = f"{keys.ROOT}campaigns"
    with ledger.redis.pipeline(transaction=True) as pipe:
        pipe.zrevrank(known, campaign_id)
        pipe.zscore(known, campaign_id)
        rank, score = pipe.execute()
    return rank, score


def contacts(ledger: Ledger, campaign_id: str, after: int, most: int) -> list[tuple[int, str]]:
    """Return the rows after this one with their contacts' records, in the file's order."""
    with reaching():
        found = ledger.redis.xrange(
            keys.campaign(campaign_id, "contacts"), f"({after}-0" if after else "-", "+", most
        )
    return [(int(entry.partition("-")[0]), fields.get("c", "")) for entry, fields in found]


def contacts_of(ledger: Ledger, campaign_id: str, rows: Sequence[int]) -> list[tuple[int, str]]:
    """Return these rows with their contacts' records; leave out those that are gone."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for row in rows:
            pipe.xrange(keys.campaign(campaign_id, "contacts"), f"{row}-0", f"{row}-0")
        found = pipe.execute()
    return [(row, each[0][1].get("c", "")) for row, each in zip(rows, found, strict=True) if each]


@dataclass(frozen=True, slots=True)
class Stand:
    """A call's state, and how it ended; "" while it has not."""

    state: str
    disposition: str
    reason: str


def stands(ledger: Ledger, campaign_id: str, rows: Sequence[int]) -> list[Stand]:
    """Return the state of the calls of these rows, and how they ended."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for row in rows:
            pipe.hmget(keys.call(campaign_id, row), "state", "disposition", "reason")
        found = pipe.execute(raise_on_error=False)
    return [_stand(each if isinstance(each, list) else [None] * 3) for each in found]


def _stand(found: Sequence[str | None]) -> Stand:
    state, disposition, reason = found
    return Stand(
        state or CallState.PENDING.value, disposition or "", reason_of(disposition, reason) or ""
    )


def rows_of(
    ledger: Ledger, campaigns: Sequence[CampaignView], who: str
) -> list[tuple[CampaignView, int]]:
    """Find somebody in these campaigns by id, number or address; return each campaign with the row.

    One round trip reads the indexes of all campaigns.
    """
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for view in campaigns:
            pipe.hmget(keys.campaign(view.campaign_id, "known"), names_of(view, who))
        answers = pipe.execute(raise_on_error=False)
    found = []
    for view, rows in zip(campaigns, answers, strict=True):
        row = next(filter(None, rows), None) if isinstance(rows, list) else None
        if row is not None and view.retired_at is None:
            found.append((view, int(row)))
    return found
