"""How campaigns and the accounts that they dial from stand, in one reading."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.errors import LedgerError, LedgerFault
from scheduler.ledger import clocks, controls, schedules, views, workers
from scheduler.ledger.controls import Controlled
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.schedules import ScheduleView
from scheduler.ledger.views import AccountView, CampaignView
from scheduler.live.picture import stops_only
from scheduler.models import CampaignState


@dataclass(frozen=True, slots=True)
class Standing:
    """Every campaign, or one of them."""

    campaigns: list[CampaignView]  #: the newest first
    accounts: list[AccountView]  #: of these campaigns, by name
    controls: list[Controlled]  #: what operators did to the only campaign, the newest first
    schedules: list[ScheduleView]  #: none when one campaign was asked for
    restricted: list[str]  #: campaigns that can't be read, and which workers dial nobody, and why
    clock_jump: str  #: what the clock of Redis did in the last day; "" for nothing
    others: int = 0  #: campaigns that are not among them, for there are too many


def standing(
    ledger: Ledger,
    campaign_id: str | None = None,
    account: str | None = None,
    most: int | None = None,
) -> Standing:
    """Read how one campaign stands, without an id all: of one account, without a name of all.

    Of `most` campaigns at most, where that is given: those that are not finished go before the
    others, and newer ones before older ones. Raises LedgerError when it is not there.
    """
    if campaign_id:
        ids, others, names = [campaign_id], 0, set[str]()
    else:
        ids, others, names = _listed(ledger, account, most)
    campaigns, unreadable = [], []
    for each in ids:
        try:
            view = views.campaign(ledger, each)
        except LedgerFault as fault:
            if campaign_id:
                raise
            unreadable.append(str(fault))
            continue
        if account in (None, view.account):
            campaigns.append(view)
    if account is not None and not campaigns:
        whose = f"campaign {campaign_id} dials" if campaign_id else "no campaign dials"
        raise LedgerError(f"{whose} {'not ' if campaign_id else ''}from account {account}")
    names |= {view.account for view in campaigns}
    accounts = [views.account(ledger, name) for name in sorted(names)]
    return Standing(
        campaigns,
        accounts,
        controls.of_campaign(ledger, campaigns[0].campaign_id) if len(campaigns) == 1 else [],
        [
            view
            for view in ([] if campaign_id else schedules.views(ledger))
            if account in (None, view.account)
        ],
        unreadable
        + [line for name in sorted(names) for line in stops_only(workers.all_of(ledger, name))],
        clocks.last_jump(ledger.redis, ledger.time()),
        others,
    )


def _listed(
    ledger: Ledger, account: str | None, most: int | None
) -> tuple[list[str], int, set[str]]:
    """Return the campaigns to list, how many others there are, and the accounts of all of them."""
    if most is None:
        return views.campaign_ids(ledger), 0, set()
    found = [each for each in views.headings(ledger) if account in (None, each.account)]
    # What can't be read at all is named, among the newest: it has no heading.
    headed = {each.campaign_id for each in found}
    every = () if account else views.campaign_ids(ledger)
    unreadable = [campaign_id for campaign_id in every if campaign_id not in headed]
    found.sort(key=lambda each: each.state == CampaignState.FINISHED)
    ids = [each.campaign_id for each in found]
    kept = unreadable[:most] + ids
    return kept[:most], max(0, len(kept) - most), {each.account for each in found}
