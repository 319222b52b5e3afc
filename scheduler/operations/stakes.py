"""Counts waiting and live calls, which an order would affect."""

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
    """The numbers of unfinished campaigns."""

    campaigns: int = 0
    waiting: int = 0  #: calls that are still to be made
    live: int = 0  #: live calls, and those whose phone may ring
    worst_seconds: float = 0.0  #: the longest that waiting calls can last, one after the other

    @property
    def minutes(self) -> int:
        """How many minutes the waiting calls last at most, one after the other."""
        return math.ceil(self.worst_seconds / 60)


def at_stake(views: Iterable[CampaignView]) -> Stakes:
    """Return the numbers of these campaigns; finished ones do not count."""
    unfinished = [view for view in views if view.state is not CampaignState.FINISHED]
    waiting = [view.calls[CallState.PENDING] + view.calls[CallState.CLAIMED] for view in unfinished]
    lengths = [view.policy.max_duration_seconds for view in unfinished]
    worst = sum(count * length for count, length in zip(waiting, lengths, strict=True))
    live = sum(view.open - view.calls[CallState.CLAIMED] for view in unfinished)
    return Stakes(len(unfinished), sum(waiting), live, worst)


def stakes_of(ledger: Ledger) -> Stakes:
    """Return the numbers of all campaigns of a ledger."""
    return at_stake(chosen(ledger, None))
