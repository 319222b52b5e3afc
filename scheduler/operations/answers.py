"""Does a campaign have the steps whose answers an operator asks for?"""

from __future__ import annotations

from collections.abc import Iterable

from scheduler.errors import LedgerError
from scheduler.fields.conditions import Condition, HeardSo, unknown_name
from scheduler.ledger.views import CampaignView


def expect_asked(campaign: CampaignView, conditions: Iterable[Condition | HeardSo]) -> None:
    """Raise LedgerError, with the known names, for a step that the campaign does not have."""
    if wrong := unknown_name(conditions, campaign.policy):
        raise LedgerError(f"campaign {campaign.campaign_id}: {wrong}")
