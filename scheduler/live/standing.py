"""The state of campaigns and of the accounts that they dial from, in one reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.errors import LedgerError, LedgerFault
from scheduler.ledger import accounts, clocks, controls, foremost, schedules, views, workers
from scheduler.ledger.controls import Controlled
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.schedules import ScheduleView
from scheduler.ledger.views import AccountView, CampaignView
from scheduler.live.picture import in_order, stops_only
from scheduler.models import CampaignState


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of every campaign, or of one."""

    campaigns: list[CampaignView]  #: the newest first
    accounts: list[AccountView]  #: of these campaigns, by name
    controls: list[Controlled]  #: of one campaign: what operators did to it, the newest first
    schedules: list[ScheduleView]  #: empty for one campaign
    restricted: list[str]  #: campaigns that can't be read, and which workers dial nobody, and why
    clock_jump: str  #: a jump of the clock of Redis in the last day, in words; "": none
    others: int = 0  #: campaigns that are left out because there are too many


def standing(
    ledger: Ledger,
    campaign_id: str | None = None,
    account: str | None = None,
    most: int | None = None,
) -> Standing:
    """Read the state of one campaign, or of all without an id; of one account, or of all.

    At most `most` campaigns, if that is given: active ones and those that need somebody first, then
    those that wait for a time, then finished ones; in each group the newest first. Raises
    LedgerError when the campaign does not exist.
    """
    if campaign_id:
        ids, others, names = [campaign_id], 0, set[str]()
        campaigns, unreadable = [views.campaign(ledger, campaign_id)], list[str]()
    else:
        ids, others, names = _listed(ledger, account, most)
        campaigns, unreadable = _read(ledger, ids)
    campaigns = [view for view in campaigns if account in (None, view.account)]
    if others:
        campaigns = in_order(campaigns, ledger.time())
    if account is not None and not campaigns:
        dials = f"campaign {campaign_id} dials" if campaign_id else "no campaign dials"
        raise LedgerError(f"{dials} {'not ' if campaign_id else ''}from account {account}")
    names |= {view.account for view in campaigns}
    return Standing(
        campaigns,
        [views.account(ledger, name) for name in sorted(names)],
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


def _read(ledger: Ledger, ids: Sequence[str]) -> tuple[list[CampaignView], list[str]]:
    """Return the campaigns that can be read, and what is wrong with the others."""
    found = views.campaigns(ledger, ids)
    unreadable = []
    for each in sorted(set(ids) - {view.campaign_id for view in found}):
        try:
            found.append(views.campaign(ledger, each))
        except LedgerFault as fault:
            unreadable.append(str(fault))
    return found, unreadable


def _listed(
    ledger: Ledger, account: str | None, most: int | None
) -> tuple[list[str], int, set[str]]:
    """Return the campaigns to list, how many others there are, and the accounts of all of them."""
    if most is None:
        return views.campaign_ids(ledger), 0, set()
    names = accounts.names(ledger)
    if account is None and len(views.campaign_ids(ledger, most + 1)) > most:
        ids = foremost.foremost(ledger, names, most)
        return ids, foremost.others(ledger, None, len(ids), 0), set(names)
    return _walked(ledger, account, most)


def _walked(ledger: Ledger, account: str | None, most: int) -> tuple[list[str], int, set[str]]:
    """Return the same from a look at every campaign."""
    found = [each for each in views.headings(ledger) if account in (None, each.account)]
    # What can't be read at all is named, among the newest: it has no heading.
    headed = {each.campaign_id for each in found}
    every = () if account else views.campaign_ids(ledger)
    unreadable = [campaign_id for campaign_id in every if campaign_id not in headed]
    found.sort(key=lambda each: each.state == CampaignState.FINISHED)
    ids = [each.campaign_id for each in found]
    kept = unreadable[:most] + ids
    return kept[:most], max(0, len(kept) - most), {each.account for each in found}
