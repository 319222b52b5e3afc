"""The rows that were refused when a campaign was loaded.

The ledger keeps them as calls, skipped with a reason, so they are erased with the campaign's
contacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scheduler.ledger import keys, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Contact, Disposition, Reason
from scheduler.records import decode

#: The reasons for which a row is refused. Rows that are skipped because of the do-not-call list or
#: an earlier campaign are not among them, because there is no mistake in the row.
REASONS = frozenset(
    {
        Reason.INVALID_NUMBER,
        Reason.INVALID_ROW,
        Reason.EMERGENCY_NUMBER,
        Reason.SHORT_NUMBER,
        Reason.PREMIUM_NUMBER,
        Reason.UNSUPPORTED_COUNTRY,
    }
)


@dataclass(frozen=True, slots=True)
class Reject:
    """A refused row, with its first fault."""

    row: int
    line: int
    contact: Contact
    reason: str
    column: str
    message: str


def counted(dispositions: dict[str, int]) -> dict[str, int]:
    """Return how many rows were refused for each reason, from a campaign's dispositions."""
    named = {f"{Disposition.SKIPPED}:{reason}": reason for reason in REASONS}
    found = {named[label]: count for label, count in dispositions.items() if label in named}
    return {str(reason): found[reason] for reason in sorted(found)}


def of_campaign(ledger: Ledger, campaign_id: str, most: int) -> Iterator[Reject]:
    """Yield the refused rows in the order of the file, at most `most` of them."""
    found = 0
    for page in views.contact_pages(ledger, campaign_id):
        with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
            for row, _ in page:
                pipe.hmget(keys.call(campaign_id, row), "disposition", "reason", "error")
            ends = pipe.execute()
        for (row, record), (disposition, reason, error) in zip(page, ends, strict=True):
            if disposition != Disposition.SKIPPED or reason not in REASONS:
                continue
            contact, line = decode(record)
            column, _, message = (error or "").partition(": ")
            yield Reject(row, line, contact, reason, column, message)
            found += 1
            if found >= most:
                return
