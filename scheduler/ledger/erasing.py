"""Erases what was said: transcripts and insights are personal data."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.ledger import keys
from scheduler.ledger.ledger import Store
from scheduler.ledger.reading import contact_pages
from scheduler.ledger.redis.client import reaching


def erase(store: Store, campaign_id: str, row: int, now: float | None = None) -> list[str]:
    """Erase what was said in a call, live lines too; returns the conversations at the API.

    That it was called, and how it ended, stays on record: else it could be called again.
    """
    conversations: list[str] = store.run(store.do.erase, campaign_id, row, store.clock(now))
    said = keys.campaign(campaign_id, "said")
    with reaching():
        ours = [entry for entry, fields in store.redis.xrange(said) if fields["r"] == str(row)]
        if ours:
            store.redis.xdel(said, *ours)
    return conversations


def called_rows(store: Store, campaign_id: str) -> Iterator[int]:
    """Yield the rows of a campaign that have had an attempt, whatever became of it."""
    for page in contact_pages(store, campaign_id):
        rows = [row for row, _ in page]
        with reaching(), store.redis.pipeline(transaction=False) as pipe:
            for row in rows:
                pipe.hget(keys.call(campaign_id, row), "attempt")
            numbers = pipe.execute()
        yield from (row for row, number in zip(rows, numbers, strict=True) if int(number or 0))


def erase_lines(store: Store, campaign_id: str) -> None:
    """Erase the live lines of a campaign as a whole, so that its calls need not be looked for."""
    with reaching():
        store.redis.unlink(keys.campaign(campaign_id, "said"))


def collect_no_more(store: Store, campaign_id: str) -> None:
    """Have nothing more collected of what is said in a campaign."""
    with reaching():
        store.redis.hset(keys.campaign(campaign_id, "meta"), "collects", 0)
