"""What can be counted in a ledger as a whole; no decision is made from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import CallState, CampaignState

#: Campaigns that are read in one round trip.
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Census:
    """The campaigns of an account, counted."""

    campaigns: dict[CampaignState, int]  #: every state, also those that none is in
    calls: dict[CallState, int]  #: of those campaigns that are not finished
    failed_schedules: int  #: whose last launch failed
    is_newer: bool  #: the ledger is of a newer release than this one, which can't dial by it


def take(ledger: Ledger, account: str) -> Census:
    """Count the campaigns of an account, and the calls of those that are not finished."""
    states = dict(_campaigns(ledger, account))
    unfinished = [one for one, state in states.items() if state is not CampaignState.FINISHED]
    campaigns, calls = Counter(states.values()), _calls(ledger, unfinished)
    failed, schema = _schedules_and_schema(ledger, account)
    return Census(
        campaigns={state: campaigns[state] for state in CampaignState},
        calls={state: calls[state] for state in CallState},
        failed_schedules=failed,
        is_newer=schema > keys.SCHEMA,
    )


def _campaigns(ledger: Ledger, account: str) -> Iterator[tuple[str, CampaignState]]:
    with reaching():
        every = ledger.redis.zrange(f"{keys.ROOT}campaigns", 0, -1)
    for page in _pages(every):
        with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
            for campaign_id in page:
                pipe.hmget(keys.campaign(campaign_id, "meta"), "account", "state")
            found = pipe.execute(raise_on_error=False)
        for campaign_id, known in zip(page, found, strict=True):
            owner, state = known if isinstance(known, list) else ("", "")
            if owner == account and state in list(CampaignState):
                yield campaign_id, CampaignState(state)


def _calls(ledger: Ledger, campaign_ids: list[str]) -> Counter[str]:
    total: Counter[str] = Counter()
    for page in _pages(campaign_ids):
        with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
            for campaign_id in page:
                pipe.hgetall(keys.campaign(campaign_id, "counts"))
            for counts in pipe.execute():
                total.update({state: int(count) for state, count in counts.items()})
    return total


def _schedules_and_schema(ledger: Ledger, account: str) -> tuple[int, int]:
    with reaching():
        names = ledger.redis.zrange(f"{keys.ROOT}schedules", 0, -1)
        with ledger.redis.pipeline(transaction=False) as pipe:
            pipe.get(f"{keys.ROOT}schema")
            for name in names:
                pipe.hmget(keys.schedule(name), "account", "error")
            schema, *schedules = pipe.execute()
    return sum(owner == account and bool(error) for owner, error in schedules), keys.count_of(
        schema or ""
    )


def _pages(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _PAGE):
        yield ids[start : start + _PAGE]
