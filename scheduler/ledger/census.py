"""Counts over a whole ledger; no decision is made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from scheduler.errors import LedgerTrouble
from scheduler.ledger import counts, keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import CallState, CampaignState

#: How many campaigns to read in one round trip.
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Census:
    """The campaigns of an account, counted."""

    campaigns: dict[CampaignState, int]  #: every state, also those in which there is none
    calls: dict[CallState, int]  #: of campaigns that are not finished
    failed_schedules: int  #: schedules whose last launch failed
    is_newer: bool  #: whether a newer release made the ledger, so that this one can't dial


def take(ledger: Ledger, account: str) -> Census:
    """Count the campaigns of an account, and the calls of those that are not finished.

    The cost does not grow with their number, once a worker of this release has opened the ledger.
    """
    with reaching():
        is_counted = counts.is_complete(ledger.redis)
    campaigns, calls = counted(ledger, account) if is_counted else walked(ledger, account)
    failed, schema = _schedules_and_schema(ledger, account)
    return Census(campaigns, calls, failed, is_newer=schema > keys.SCHEMA)


Counted = tuple[dict[CampaignState, int], dict[CallState, int]]


def counted(ledger: Ledger, account: str) -> Counted:
    """Return how many campaigns and calls of an account are in each state, from the kept counts.

    While Redis takes no writes, these are the counts that were kept last.
    """
    with suppress(LedgerTrouble), reaching():
        counts.settle(ledger.do.recount)
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        pipe.hgetall(keys.account(account, "census"))
        (found,) = pipe.execute(raise_on_error=False)
    return _by_state(found if isinstance(found, dict) else {})


def walked(ledger: Ledger, account: str) -> Counted:
    """Return the same counts from a walk through every campaign."""
    total: Counter[str] = Counter()
    for some in _campaigns(ledger, account):
        total.update(f"campaigns:{state}" for state in some.values())
        with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
            for campaign_id, state in some.items():
                if state != CampaignState.FINISHED:
                    pipe.hgetall(keys.campaign(campaign_id, "counts"))
            for calls in pipe.execute():
                total.update({f"calls:{state}": int(count) for state, count in calls.items()})
    return _by_state({name: str(count) for name, count in total.items()})


def _by_state(found: Mapping[str, str]) -> Counted:
    return (
        {state: keys.count_of(found.get(f"campaigns:{state}", "")) for state in CampaignState},
        {state: keys.count_of(found.get(f"calls:{state}", "")) for state in CallState},
    )


def _campaigns(ledger: Ledger, account: str) -> Iterator[dict[str, str]]:
    """Yield the state of each campaign of an account, some at a time."""
    with reaching():
        for page in counts.pages(ledger.redis, _PAGE):
            with ledger.redis.pipeline(transaction=False) as pipe:
                for campaign_id in page:
                    pipe.hmget(keys.campaign(campaign_id, "meta"), "account", "state")
                found = pipe.execute(raise_on_error=False)
            known = zip(
                page, (each if isinstance(each, list) else ("", "") for each in found), strict=True
            )
            yield {
                campaign_id: state
                for campaign_id, (owner, state) in known
                if owner == account and state in list(CampaignState)
            }


def mend(ledger: Ledger, first: int) -> int:
    """Count some campaigns again, beginning with number `first`; return the number to go on with.

    Workers of the previous release don't count what they change.
    """
    with reaching():
        return counts.mend(ledger.redis, ledger.do.recount, first)


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
