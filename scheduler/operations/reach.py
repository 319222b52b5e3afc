"""How many calls of a campaign reached a person: counted from its results."""

from __future__ import annotations

from collections import Counter

from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.reached import Reached, reached_in

#: This reads results and transcripts, so for a larger campaign only a report counts them.
MOST_CONTACTS = 5_000


def reach(ledger: Ledger, campaign: CampaignView) -> Counter[Reached] | None:
    """Return how many ended calls each group has; None for a large or erased campaign."""
    if campaign.total > MOST_CONTACTS or campaign.retired_at is not None:
        return None
    groups = map(reached_in, views.results(ledger, campaign.campaign_id))
    return Counter(group for group in groups if group is not None)
