"""What a screen shows besides the views: live calls one by one, and what waits in a campaign.

No decision is made from it. Each function is one round trip, whatever it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt, CallState, Contact
from scheduler.records import decode


@dataclass(frozen=True, slots=True)
class LiveCall:
    """Whom a live attempt reaches, and where its call stands."""

    attempt: Attempt
    state: CallState
    contact: Contact


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of a campaign waits for its dial."""

    due: int  #: calls that could be dialled now
    last_due_at: float | None  #: of the pending call that comes last


def calls(ledger: Ledger, attempts: Sequence[Attempt]) -> dict[Attempt, LiveCall]:
    """Read these calls; one whose contact is gone is left out."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for attempt in attempts:
            entry = f"{attempt.row}-0"
            pipe.xrange(keys.campaign(attempt.campaign_id, "contacts"), entry, entry)
            pipe.hget(keys.call(attempt.campaign_id, attempt.row), "state")
        answers = pipe.execute()
    found = {}
    for attempt, contacts, state in zip(attempts, answers[::2], answers[1::2], strict=True):
        if contacts:
            contact, _ = decode(contacts[0][1]["c"])
            found[attempt] = LiveCall(attempt, CallState(state or CallState.PENDING), contact)
    return found


def waiting(ledger: Ledger, campaign_ids: Sequence[str], now: float) -> dict[str, Waiting]:
    """Read what waits in these campaigns."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for campaign_id in campaign_ids:
            due = keys.campaign(campaign_id, "due")
            pipe.zcount(due, "-inf", now)
            pipe.zrange(due, -1, -1, withscores=True)
        answers = pipe.execute()
    return {
        campaign_id: Waiting(count, last[0][1] if last else None)
        for campaign_id, count, last in zip(campaign_ids, answers[::2], answers[1::2], strict=True)
    }
