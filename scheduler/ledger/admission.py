"""Lets one campaign of a kind run at a time, for cron jobs that must not overlap."""

from __future__ import annotations

import time

from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import CampaignState

#: A load that has added no row for so long has died: its chunks come within moments.
BROKEN_OFF_SECONDS = 60.0


def admit(ledger: Ledger, kind: str, campaign_id: str, now: float | None = None) -> str | None:
    """Let a campaign begin unless another one of its kind is under way; then return that one.

    If two ask at the same moment, one is let in. Nobody has to sign off: a campaign that is
    finished, or whose load has died, is no longer under way.
    """
    args = (kind, campaign_id, BROKEN_OFF_SECONDS, ledger.clock(now))
    other: str | None = ledger.run(ledger.do.admit, *args)
    return other


def is_under_way(view: CampaignView) -> bool:
    """Whether a campaign is not finished; one whose load has died is not under way."""
    if view.state is CampaignState.LOADING:
        return time.time() - (view.loaded_at or view.created_at) < BROKEN_OFF_SECONDS
    return view.state is not CampaignState.FINISHED
