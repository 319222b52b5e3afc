"""How campaigns and the accounts that they dial from stand, in one reading."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.ledger.controls import Controlled, controls_of
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import (
    AccountView,
    CampaignView,
    account_view,
    campaign_ids,
    campaign_view,
)
from scheduler.ledger.scheduling import ScheduleView, schedule_views
from scheduler.ledger.workers import workers
from scheduler.live.picture import stops_only


@dataclass(frozen=True, slots=True)
class Standing:
    """Every campaign, or one of them."""

    campaigns: list[CampaignView]  #: the newest first
    accounts: list[AccountView]  #: of these campaigns, by name
    controls: list[Controlled]  #: what operators did to the only campaign, the newest first
    schedules: list[ScheduleView]  #: none when one campaign was asked for
    restricted: list[str]  #: which workers dial nobody, and why


def standing(ledger: Ledger, campaign_id: str | None = None) -> Standing:
    """Read how one campaign stands, without an id all. Raises LedgerError when it is not there."""
    ids = [campaign_id] if campaign_id else campaign_ids(ledger)
    campaigns = [campaign_view(ledger, each) for each in ids]
    accounts = [account_view(ledger, name) for name in sorted({view.account for view in campaigns})]
    return Standing(
        campaigns,
        accounts,
        controls_of(ledger, campaigns[0].campaign_id) if len(campaigns) == 1 else [],
        [] if campaign_id else schedule_views(ledger),
        [line for account in accounts for line in stops_only(workers(ledger, account.account))],
    )
