"""How many calls of a campaign reached a person: counted from its results."""

from __future__ import annotations

from collections import Counter

from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.reached import Reached, reached_in

#: It reads results and transcripts, so for a larger campaign only a report tells this.
MOST_CONTACTS = 5_000


def reach(ledger: Ledger, campaign: CampaignView) -> Counter[Reached] | None:
    """Return the finished calls by group; None if the campaign is too large for a look."""
    if campaign.total > MOST_CONTACTS or campaign.retired_at is not None:
        return None
    groups = map(reached_in, views.results(ledger, campaign.campaign_id))
    return Counter(group for group in groups if group is not None)
