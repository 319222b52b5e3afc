"""Estimates how long a campaign still takes, for somebody who waits for it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from scheduler.hours.openings import opening
from scheduler.ledger.views import CampaignView
from scheduler.models import CallState, Contact

#: The shortest time over which a pace means anything.
_MIN_SECONDS = 2.0

#: The hours of a campaign that takes longer are not followed further.
_MOST_OPENINGS = 100


@dataclass(slots=True)
class Progress:
    """Measures the pace of a campaign. Instants are of the monotonic clock."""

    began_at: float = field(default_factory=time.monotonic)
    _ended_before: int | None = None
    _noted_at: float | None = None
    _idle_seconds: float = 0.0  #: spent waiting for calls to fall due; not part of the pace

    def note(self, campaign: CampaignView) -> None:
        """Note the campaign's counts at this instant."""
        if self._ended_before is None:
            self._ended_before = campaign.calls[CallState.ENDED]
        now = time.monotonic()
        if self._noted_at is not None and not campaign.open and _wait_seconds(campaign) > 0:
            self._idle_seconds += now - self._noted_at
        self._noted_at = now

    def seconds_left(
        self, campaign: CampaignView, limit: int, sample: Contact | None = None
    ) -> float:
        """Estimate from the pace so far; before there is one, from the longest that calls may take.

        Added to it is the time until the next call falls due, and the time in which calling is not
        allowed where `sample` is, a contact that waits.
        """
        busy, now = self._busy_seconds(campaign, limit), time.time()
        begins_at = now + _wait_seconds(campaign)
        if sample is None or not campaign.calls[CallState.PENDING]:
            return begins_at + busy - now
        return _end_in_hours(campaign, sample, begins_at, busy) - now

    def _busy_seconds(self, campaign: CampaignView, limit: int) -> float:
        """Return the seconds that the remaining calls take if calling is always allowed."""
        left = campaign.total - campaign.calls[CallState.ENDED]
        ended = campaign.calls[CallState.ENDED] - (self._ended_before or 0)
        passed = time.monotonic() - self.began_at - self._idle_seconds
        if ended > 0 and passed > _MIN_SECONDS:
            return left * passed / ended
        at_once = min(limit, campaign.policy.max_concurrency or limit)
        return left * campaign.policy.max_duration_seconds / at_once


def _end_in_hours(campaign: CampaignView, sample: Contact, at: float, busy: float) -> float:
    """Return when `busy` seconds of work are done, which only goes on in calling hours."""
    for _ in range(_MOST_OPENINGS):
        span = opening(campaign.policy, sample, at)
        if span.at == math.inf:
            break
        if span.at + busy <= span.until:
            return span.at + busy
        busy -= span.until - span.at
        at = span.until
    return at + busy


def _wait_seconds(campaign: CampaignView) -> float:
    """Return the seconds until the next call falls due."""
    return max(0.0, (campaign.next_due_at or 0.0) - time.time())
