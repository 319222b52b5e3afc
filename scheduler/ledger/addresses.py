"""Finds the calls to a number or SIP address in all campaigns, by index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scheduler.ledger import keys, pages, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.ledger.views import CampaignView
from scheduler.models import Attempt
from scheduler.records import BY_PARTY, decode, digest

#: What the index has instead of rows that are too many to list.
_MANY = "*"


def rows_to(
    ledger: Ledger, campaigns: Sequence[CampaignView], address: str
) -> Iterator[tuple[CampaignView, list[int]]]:
    """Yield the campaigns that call an address, with its rows, whatever their key presses.

    One round trip asks all campaigns. It reads the contacts of a campaign one by one only if an
    earlier release has loaded some of them, or if too many have the address.
    """
    party = BY_PARTY + digest(address)
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for view in campaigns:
            pipe.hmget(keys.campaign(view.campaign_id, "known"), party, f"a{address}")
            pipe.hmget(keys.campaign(view.campaign_id, "meta"), "total", "columned")
        answers = pipe.execute()
    for view, known, (total, indexed) in zip(campaigns, answers[::2], answers[1::2], strict=True):
        found = " ".join(filter(None, known))
        if _MANY in found or total != indexed:
            rows = list(views.rows_to(ledger, view.campaign_id, address))
        else:
            rows = _confirmed(ledger, view, sorted(set(map(int, found.split()))), address)
        if rows:
            yield view, rows


def _confirmed(ledger: Ledger, view: CampaignView, rows: list[int], address: str) -> list[int]:
    """Return the rows that really have the address: short digests of two may be the same."""
    found = pages.contacts_of(ledger, view.campaign_id, rows) if rows else []
    return [row for row, record in found if _address(record) == address]


def _address(record: str) -> str:
    try:
        return decode(record)[0].address
    except ValueError:  # it is none of ours
        return ""


@dataclass(frozen=True, slots=True)
class PossibleRing:
    """An attempt that may have rung somebody, and when."""

    attempt: Attempt
    at: float


def possible_rings(ledger: Ledger, parties: Iterable[str]) -> list[PossibleRing]:
    """Return the attempts that may have rung these parties, the earliest first.

    Those of erased campaigns are among them. The ledger keeps 31 days, as caps need them.
    """
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for party in parties:
            pipe.zrange(keys.called(party), 0, -1, withscores=True)
        found = pipe.execute()
    every = [
        PossibleRing(Attempt.parse(attempt), at)
        for some in found
        for attempt, at in some
        if Attempt.is_written(attempt)
    ]
    return sorted(every, key=lambda each: each.at)
