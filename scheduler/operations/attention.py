"""Campaigns, accounts and schedules that stand still until a person acts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scheduler.ledger import schedules as in_ledger
from scheduler.ledger import views
from scheduler.ledger.attention import CampaignInNeed
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.schedules import ScheduleView
from scheduler.ledger.views import AccountView
from scheduler.operations import firings, unknown_calls
from scheduler.operations.unknown_calls import Which

#: How many campaigns to list for their refused rows: the newest ones.
_MOST_REFUSED = 20


@dataclass(frozen=True, slots=True)
class InNeed:
    """Everything that needs a person, besides unknown calls."""

    campaigns: list[CampaignInNeed]  #: all that may need somebody, the newest first
    accounts: list[AccountView]  #: accounts that don't dial as they should
    schedules: list[tuple[ScheduleView, list[str]]]  #: each with what is wrong with it

    @property
    def stopped(self) -> list[CampaignInNeed]:
        """Campaigns that stopped themselves, and wait to be resumed or cancelled."""
        return [each for each in self.campaigns if each.stopped_itself]

    @property
    def refused(self) -> list[CampaignInNeed]:
        """The newest campaigns that have refused rows."""
        return [each for each in self.campaigns if each.refused][:_MOST_REFUSED]


def in_need(ledger: Ledger, which: Which, known_accounts: Iterable[str] = ()) -> InNeed:
    """Read what needs a person. It checks the known accounts, and those of campaigns in need."""
    campaigns = unknown_calls.campaigns(ledger, which)
    names = {*known_accounts, *(each.account for each in campaigns)}
    chosen = sorted(name for name in names if which.may_see(name) and which.account in ("", name))
    accounts = [views.account(ledger, name) for name in chosen]
    return InNeed(
        campaigns,
        [each for each in accounts if each.blocks or each.caller_blocks or each.outage],
        _failing(ledger, which),
    )


def _failing(ledger: Ledger, which: Which) -> list[tuple[ScheduleView, list[str]]]:
    found = [
        (each, firings.wrong_with(each))
        for each in in_ledger.views(ledger)
        if which.may_see(each.account) and which.account in ("", each.account)
    ]
    return [(view, wrong) for view, wrong in found if wrong]
