"""The transcript of one call, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scheduler.errors import LedgerError
from scheduler.fields.contact_label import label_of
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import CallState, Insight


class StillLive(LedgerError):
    """The call is not over: its live lines show what is said."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A call whose conversation was read."""

    record: dict[str, Any]  #: its result, whose `transcript` is empty if nothing was recorded
    label: str  #: the contact's name for a person
    missing: str  #: why something besides the transcript could not be read; "" if all was


def transcript_of(ledger: Ledger, campaign_id: str, contact: str) -> Transcript:
    """Return what was said in the call to a contact.

    Raises StillLive, or another LedgerError that says why there is no transcript.
    """
    row = views.find_row(ledger, campaign_id, contact)
    record, campaign = views.result(ledger, campaign_id, row), views.campaign(ledger, campaign_id)
    label = label_of(record, row)
    if why := _why_none(record, campaign):
        kind = LedgerError if _is_over(record) else StillLive
        raise kind(f"no transcript of the call to {label}: {why}")
    missing = record.get("insights_error", "")
    if not record["transcript"] and "insights_error" in record:
        raise LedgerError(f"the call to {label} could not be read: {missing}")
    return Transcript(record, label, missing)


def _is_over(record: dict[str, Any]) -> bool:
    return "insights_erased" in record or record["state"] == CallState.ENDED


def _why_none(record: dict[str, Any], campaign: CampaignView) -> str:
    """Return why a record has no `transcript`, not even an empty one; "" if it has one."""
    if "insights_erased" in record:
        return "it was erased"
    if "transcript" in record:
        return ""
    if not _is_over(record):
        return f"the call is {record['state']}"
    is_transcribed = campaign.policy.transcribe and record["answered_at"] is not None
    if not record["conversation_id"] and not is_transcribed:
        ending = ", ".join(filter(None, (record["disposition"], record["reason"])))
        return f"there was no conversation ({ending.replace('_', ' ')})"
    if Insight.TRANSCRIPT not in campaign.policy.insights and not is_transcribed:
        return "the campaign collects none, as `insights` in its file says"
    if campaign.collecting:
        return "it is still being read, which takes a worker and a minute or two"
    return "nothing is collected any more"
