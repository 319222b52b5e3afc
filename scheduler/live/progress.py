"""How far a campaign has come since somebody began to wait for it, and how long it still takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from scheduler.ledger.views import CampaignView
from scheduler.models import CallState

#: A pace that was seen for less says nothing.
_MIN_SECONDS = 2.0


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

    def seconds_left(self, campaign: CampaignView, limit: int) -> float:
        """Guess from the pace so far; before there is one, from the longest that calls may take.

        Until the next call falls due nothing is done, so that wait comes on top.
        """
        left = campaign.total - campaign.calls[CallState.ENDED]
        ended = campaign.calls[CallState.ENDED] - (self._ended_before or 0)
        passed = time.monotonic() - self.began_at - self._idle_seconds
        if ended > 0 and passed > _MIN_SECONDS:
            return _wait_seconds(campaign) + left * passed / ended
        at_once = min(limit, campaign.policy.max_concurrency or limit)
        return _wait_seconds(campaign) + left * campaign.policy.max_duration_seconds / at_once


def _wait_seconds(campaign: CampaignView) -> float:
    """Return how long it is until the next call falls due."""
    return max(0.0, (campaign.next_due_at or 0.0) - time.time())
