"""How far a campaign has come since somebody began to wait for it, and how long it still takes."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from scheduler.hours.openings import opening
from scheduler.ledger.views import CampaignView
from scheduler.models import CallState, Contact

#: A pace that was seen for less says nothing.
_MIN_SECONDS = 2.0

#: Of a campaign that takes longer the end is a guess in any case.
_MOST_OPENINGS = 100


@dataclass(slots=True)
class Progress:
    """Remembers what a view alone can't tell. Instants are of the monotonic clock."""

    began_at: float = field(default_factory=time.monotonic)
    _ended_before: int | None = None
    _noted_at: float | None = None
    _idle_seconds: float = 0.0  #: of waiting for calls to fall due: no measure of the pace

    def note(self, campaign: CampaignView) -> None:
        """Take down how it stands now."""
        if self._ended_before is None:
            self._ended_before = campaign.calls[CallState.ENDED]
        now = time.monotonic()
        if self._noted_at is not None and not campaign.open and _wait_seconds(campaign) > 0:
            self._idle_seconds += now - self._noted_at
        self._noted_at = now

    def seconds_left(
        self, campaign: CampaignView, limit: int, sample: Contact | None = None
    ) -> float:
        """Guess from the pace so far; before there is one, from the longest that calls may take.

        Nothing is done until the next call falls due, nor while it is closed where `sample` is,
        one of those who wait: these come on top.
        """
        busy, now = self._busy_seconds(campaign, limit), time.time()
        begins_at = now + _wait_seconds(campaign)
        if sample is None or not campaign.calls[CallState.PENDING]:
            return begins_at + busy - now
        return _end_in_hours(campaign, sample, begins_at, busy) - now

    def _busy_seconds(self, campaign: CampaignView, limit: int) -> float:
        """Return how long the calls that are left take, were it open all the time."""
        left = campaign.total - campaign.calls[CallState.ENDED]
        ended = campaign.calls[CallState.ENDED] - (self._ended_before or 0)
        passed = time.monotonic() - self.began_at - self._idle_seconds
        if ended > 0 and passed > _MIN_SECONDS:
            return left * passed / ended
        at_once = min(limit, campaign.policy.max_concurrency or limit)
        return left * campaign.policy.max_duration_seconds / at_once


def _end_in_hours(campaign: CampaignView, sample: Contact, at: float, busy: float) -> float:
    """Return when so many seconds of work are done that are only done while it is open."""
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
    """Return how long it is until the next call falls due."""
    return max(0.0, (campaign.next_due_at or 0.0) - time.time())
