"""Which calls there are to a number or SIP address, in whatever campaign: by index, not by walk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scheduler.ledger import keys, pages, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.ledger.views import CampaignView
from scheduler.models import Attempt
from scheduler.records import BY_PARTY, decode, digest

#: In the place of rows that are too many to be listed.
_MANY = "*"


def rows_to(
    ledger: Ledger, campaigns: Sequence[CampaignView], address: str
) -> Iterator[tuple[CampaignView, list[int]]]:
    """Yield those campaigns that call an address, with the rows, whichever keys are pressed there.

    All of them are asked in one round trip. The contacts of a campaign are read one by one only
    where a release before has loaded some of them, or where too many have the address.
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
    """Return those of these rows that reach the address: a digest has few bytes."""
    found = pages.contacts_of(ledger, view.campaign_id, rows) if rows else []
    return [row for row, record in found if _address(record) == address]


def _address(record: str) -> str:
    try:
        return decode(record)[0].address
    except ValueError:  # it is none of ours
        return ""


@dataclass(frozen=True, slots=True)
class Rung:
    """An attempt that may have rung somebody, and when."""

    attempt: Attempt
    at: float


def rung(ledger: Ledger, parties: Iterable[str]) -> list[Rung]:
    """Return the attempts that may have rung these parties, those of campaigns that are gone too.

    The ledger knows those of the last 31 days, as its caps need them; the earliest come first.
    """
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for party in parties:
            pipe.zrange(keys.called(party), 0, -1, withscores=True)
        found = pipe.execute()
    every = [
        Rung(Attempt.parse(attempt), at)
        for some in found
        for attempt, at in some
        if Attempt.is_written(attempt)
    ]
    return sorted(every, key=lambda each: each.at)
