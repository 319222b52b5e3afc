"""What is at stake in campaigns before an order is given: calls that wait, and live ones."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import CallState, CampaignState
from scheduler.operations.orders import chosen


@dataclass(frozen=True, slots=True)
class Stakes:
    """The campaigns that are not finished, in numbers."""

    campaigns: int = 0
    waiting: int = 0  #: calls that are still to be made
    live: int = 0  #: those whose phone may ring as well
    worst_seconds: float = 0.0  #: of the calls that wait, one after the other

    @property
    def minutes(self) -> int:
        """How many minutes the calls that wait last at worst."""
        return math.ceil(self.worst_seconds / 60)


def at_stake(views: Iterable[CampaignView]) -> Stakes:
    """Return what is at stake in these campaigns; nothing in those that are finished."""
    unfinished = [view for view in views if view.state is not CampaignState.FINISHED]
    waiting = [view.calls[CallState.PENDING] + view.calls[CallState.CLAIMED] for view in unfinished]
    lengths = [view.policy.max_duration_seconds for view in unfinished]
    worst = sum(count * length for count, length in zip(waiting, lengths, strict=True))
    live = sum(view.open - view.calls[CallState.CLAIMED] for view in unfinished)
    return Stakes(len(unfinished), sum(waiting), live, worst)


def stakes_of(ledger: Ledger) -> Stakes:
    """Return what is at stake in a whole ledger."""
    return at_stake(chosen(ledger, None))
