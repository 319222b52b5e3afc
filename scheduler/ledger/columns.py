"""The columns of a campaign's file that are variables of its contacts."""

from __future__ import annotations

from scheduler.ledger import keys, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.records import decode


def known(ledger: Ledger, campaign_id: str) -> list[str] | None:
    """Return the columns of all rows in the order of the file, if they are on record.

    None if some rows were loaded without a record of their columns, as earlier releases did.
    """
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.hmget(keys.campaign(campaign_id, "meta"), "total", "columned")
        pipe.zrange(keys.campaign(campaign_id, "columns"), 0, -1)
        (total, columned), columns = pipe.execute()
    return columns if columned is not None and columned == total else None


def every(ledger: Ledger, campaign_id: str) -> list[str]:
    """Return the columns of all rows; if they are not on record, read every contact for them."""
    columns = known(ledger, campaign_id)
    if columns is not None:
        return columns
    found: dict[str, None] = {}
    for page in views.contact_pages(ledger, campaign_id):
        for _, record in page:
            found |= dict.fromkeys(_variables(record))
    return list(found)


def _variables(record: str) -> dict[str, str]:
    try:
        return decode(record)[0].variables
    except ValueError:  # it is none of ours
        return {}
