"""The effects of an order on a campaign, in numbers, to show before it is given."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.ledger import campaigns, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import CallState
from scheduler.operations.controls import live_of
from scheduler.operations.orders import seen_of


@dataclass(frozen=True, slots=True)
class OrderPreview:
    """The numbers of a campaign that an order changes."""

    view: CampaignView
    seen: str  #: names this state of the campaign, for an order that is based on it
    due: int  #: how many of the waiting calls could be dialled now
    last_deadline: float | None  #: of its live calls

    @property
    def waiting(self) -> int:
        """How many calls wait for their dial: a cancel ends these."""
        return self.view.calls[CallState.PENDING] + self.view.calls[CallState.CLAIMED]

    @property
    def starting(self) -> int:
        """How many starts are under way: a phone may ring."""
        return self.view.calls[CallState.DIALING]

    @property
    def live(self) -> int:
        """How many calls are live."""
        return live_of(self.view)

    @property
    def ended(self) -> int:
        """How many calls have ended."""
        return self.view.calls[CallState.ENDED]

    @property
    def worst_seconds(self) -> float:
        """How many seconds the waiting calls last at most, one after the other."""
        return self.waiting * self.view.policy.max_duration_seconds


def preview_of(ledger: Ledger, view: CampaignView) -> OrderPreview:
    """Read the numbers of a campaign. Raises LedgerTrouble."""
    live = views.live_calls(ledger, view.account, view.campaign_id)
    waits = campaigns.waiting(ledger, [view.campaign_id], ledger.time())[view.campaign_id]
    last = max((deadline for _, deadline in live), default=None)
    return OrderPreview(view, seen_of(view), waits.due, last)
