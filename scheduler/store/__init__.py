"""What Redis holds: the only place that imports redis."""

from scheduler.store.ledger import Claim, Leases, LimitView, StopOrder, Store
from scheduler.store.reading import (
    AccountView,
    CampaignView,
    account_view,
    awaited,
    campaign_ids,
    campaign_view,
    live_calls,
    results,
)

__all__ = [
    "AccountView",
    "CampaignView",
    "Claim",
    "Leases",
    "LimitView",
    "StopOrder",
    "Store",
    "account_view",
    "awaited",
    "campaign_ids",
    "campaign_view",
    "live_calls",
    "results",
]
