"""Erases what was said: transcripts and insights are personal data."""

from __future__ import annotations

from scheduler.store import keys
from scheduler.store.client import reaching
from scheduler.store.ledger import Store


def erase(store: Store, campaign_id: str, row: int) -> list[str]:
    """Erase what was said in a call, live lines too; returns the conversations at the API.

    That it was called, and how it ended, stays on record: else it could be called again.
    """
    conversations: list[str] = store.run(store.do.erase, campaign_id, row)
    said = keys.campaign(campaign_id, "said")
    with reaching():
        ours = [entry for entry, fields in store.redis.xrange(said) if fields["r"] == str(row)]
        if ours:
            store.redis.xdel(said, *ours)
    return conversations


def collect_no_more(store: Store, campaign_id: str) -> None:
    """Have nothing more collected of what is said in a campaign."""
    with reaching():
        store.redis.hset(keys.campaign(campaign_id, "meta"), "collects", 0)
