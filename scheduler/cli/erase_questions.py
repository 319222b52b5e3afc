"""What `callsched erase` asks before it erases."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.cli import erase_view
from scheduler.cli.questions import confirm
from scheduler.fields.counts import counted
from scheduler.ledger.views import CampaignView
from scheduler.operations.erase import Call

_NOTHING = "nothing was erased"


def ask_for_calls(found: Sequence[Call], number: str, *, yes: bool) -> None:
    """Ask before what was said in these calls to a number is erased; not with `yes`."""
    if found and not yes:
        whose = f"{counted(len(found), 'call')} to {erase_view.masked(number)}"
        confirm(f"Erase what was said in {whose}, for good?", _NOTHING)


def ask_for_campaign(campaign: CampaignView, *, yes: bool) -> None:
    """Ask before what was said in every call of a campaign is erased; not with `yes`."""
    if not yes:
        which = f"every call of campaign {campaign.campaign_id}"
        confirm(f"Erase what was said in {which}, for good?", _NOTHING)
