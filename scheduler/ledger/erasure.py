"""Erases what was said in calls: transcripts and insights are personal data."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.ledger import keys, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching


def erase(ledger: Ledger, campaign_id: str, row: int, now: float | None = None) -> list[str]:
    """Erase what was said in a call, live lines too; return its conversations' ids at the API.

    The record that it was called, and how it ended, stays: else it could be called again.
    """
    conversations: list[str] = ledger.run(ledger.do.erase, campaign_id, row, ledger.clock(now))
    lines = keys.campaign(campaign_id, "said")
    with reaching():
        ours = [entry for entry, fields in ledger.redis.xrange(lines) if fields["r"] == str(row)]
        if ours:
            ledger.redis.xdel(lines, *ours)
    return conversations


def called_rows(ledger: Ledger, campaign_id: str) -> Iterator[int]:
    """Yield the rows of a campaign that have had an attempt, and those with unreadable records."""
    for page in views.contact_pages(ledger, campaign_id):
        rows = [row for row, _ in page]
        with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
            for row in rows:
                pipe.hget(keys.call(campaign_id, row), "attempt")
            numbers = pipe.execute()
        yield from (
            row for row, number in zip(rows, numbers, strict=True) if number not in (None, "0")
        )


def erase_lines(ledger: Ledger, campaign_id: str) -> None:
    """Erase the live lines of a campaign at once, without a walk through its calls."""
    with reaching():
        ledger.redis.unlink(keys.campaign(campaign_id, "said"))


def collect_no_more(ledger: Ledger, campaign_id: str) -> None:
    """From now on collect no transcripts and insights of a campaign."""
    with reaching():
        ledger.redis.hset(keys.campaign(campaign_id, "meta"), "collects", 0)
