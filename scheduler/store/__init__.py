"""What Redis holds: the only place that imports redis."""

from scheduler.store.collecting import (
    Collect,
    Said,
    collected,
    keep_collected,
    postpone_collect,
    take_collect,
)
from scheduler.store.erasing import collect_no_more, erase
from scheduler.store.ledger import Claim, Leases, LimitView, StopOrder, Store
from scheduler.store.listening import Ear, Heard, bar, hint, is_barred, let_go, listen, note, said
from scheduler.store.reading import (
    AccountView,
    CampaignView,
    account_view,
    awaited,
    campaign_ids,
    campaign_view,
    find_row,
    live_calls,
    live_connection,
    result,
    results,
    rows_to,
)
from scheduler.store.tokens import RedisTokenShelf

__all__ = [
    "AccountView",
    "CampaignView",
    "Claim",
    "Collect",
    "Ear",
    "Heard",
    "Leases",
    "LimitView",
    "RedisTokenShelf",
    "Said",
    "StopOrder",
    "Store",
    "account_view",
    "awaited",
    "bar",
    "campaign_ids",
    "campaign_view",
    "collect_no_more",
    "collected",
    "erase",
    "find_row",
    "hint",
    "is_barred",
    "keep_collected",
    "let_go",
    "listen",
    "live_calls",
    "live_connection",
    "note",
    "postpone_collect",
    "result",
    "results",
    "rows_to",
    "said",
    "take_collect",
]
