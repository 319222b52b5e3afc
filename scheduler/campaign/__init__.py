"""What a campaign file says, and what is wrong with it."""

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.loader import load

__all__ = ["CheckedCampaign", "load"]
